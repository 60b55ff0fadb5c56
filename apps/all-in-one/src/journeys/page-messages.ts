import { pinBlockOf, type Fields } from './page-codec.ts';
import type { PageClient } from './page-client.ts';

/** A sale as the page describes it, without F64. */
export interface PageSale {
  readonly pan: string;
  /** Fen. */
  readonly amount: number;
  readonly stan: string;
  readonly pin?: string;
  readonly batch?: string;
}

const twelve = (amount: number): string => String(amount).padStart(12, '0');

/** Fields of a sale with the stripe (sections 3, 5, 8). */
export function saleFields(client: PageClient, { pan, amount, stan, pin, batch = client.batch }: PageSale): Fields {
  const withPin: Fields =
    pin === undefined || client.keys === undefined
      ? { 22: '022' }
      : { 22: '021', 26: '06', 52: pinBlockOf(client.keys.pik, pin, pan), 53: '2600000000000000' };
  return {
    ...client.place,
    2: pan,
    3: '000000',
    4: twelve(amount),
    11: stan,
    14: '3012',
    25: '00',
    35: `${pan}=30122010000000000`,
    49: '156',
    60: `22${batch}00050`,
    63: '001',
    ...withPin,
  };
}

/** Fields of a refund advice (section 5): the original's RRN and date, MMDD. */
export function refundFields(client: PageClient, refund: PageSale, rrn: string, monthDay: string): Fields {
  const { 26: _limit, 52: _pin, 53: _control, ...fields } = saleFields(client, refund);
  const batch = refund.batch ?? client.batch;
  return { ...fields, 3: '200000', 37: rrn, 60: `25${batch}00050`, 61: `${'0'.repeat(12)}${monthDay}`, 63: '000' };
}

/** Fields of the 0400 that undoes a sale (section 10); `reason` is F39. */
export function reversalFields(sale: Fields, reason = '98'): Fields {
  const kept = [2, 3, 4, 11, 14, 22, 25, 41, 42, 49, 60].map((field) => [field, sale[field] ?? ''] as const);
  const batch = String(sale[60]).slice(2, 8);
  return { ...Object.fromEntries(kept), 39: reason, 61: `${batch}${String(sale[11])}` };
}

/** Debits and credits of domestic cards; none of foreign cards (section 11). */
export interface PageTotals {
  readonly debit: readonly [sum: number, count: number];
  readonly credit?: readonly [sum: number, count: number];
}

/** F48 of a 0500. */
export function totalsField({ debit, credit = [0, 0] }: PageTotals): string {
  const three = (count: number): string => String(count).padStart(3, '0');
  return `${twelve(debit[0])}${three(debit[1])}${twelve(credit[0])}${three(credit[1])}0${'0'.repeat(31)}`;
}

/** Fields of the 0500. */
export function settlementFields(client: PageClient, stan: string, totals: PageTotals, batch = client.batch): Fields {
  return { ...client.place, 11: stan, 48: totalsField(totals), 49: '156', 60: `00${batch}201`, 63: '001' };
}

/** Fields of the end message; 207 after totals that agree. */
export function uploadEndFields(client: PageClient, stan: string, batch = client.batch): Fields {
  return { ...client.place, 11: stan, 48: '0000', 60: `00${batch}207` };
}

/** Reply codes of F48: domestic, foreign. */
export function repliesOf(f48: string | Buffer | undefined): string {
  const digits = String(f48);
  return `${digits.charAt(30)}${digits.charAt(61)}`;
}
