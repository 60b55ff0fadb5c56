import { IsoError } from '../iso-error.ts';

/** What digit 31 or 62 of F48 says: 0 in a request, 1 balanced, 2 not balanced, 3 error (domain 2.4). */
export type TotalsReply = 0 | 1 | 2 | 3;

/** Totals of one block. Sums in fen. Debit = sales and completions, credit = voids, refunds, completion voids. */
export interface BlockTotals {
  readonly debitSum: number;
  readonly debitCount: number;
  readonly creditSum: number;
  readonly creditCount: number;
  readonly reply: TotalsReply;
}

/** F48 of 0500 and 0510: cards of the domestic scheme (F63.1 CUP), then all others. */
export interface SettlementTotals {
  readonly domestic: BlockTotals;
  readonly foreign: BlockTotals;
}

/** One transaction of an upload list. `amount` in fen. Holds a card number: tokenise on receipt. */
export interface UploadItem {
  readonly scheme: 'domestic' | 'foreign';
  readonly stan: string;
  readonly pan: string;
  readonly amount: number;
}

const TOTALS_DIGITS = 62;
const ITEM_DIGITS = 40;
/** Greatest number of transactions in one upload message. */
export const MAX_UPLOAD_ITEMS = 8;

/** An empty block: zeros are balanced with zeros. */
export const NO_TOTALS: BlockTotals = { debitSum: 0, debitCount: 0, creditSum: 0, creditCount: 0, reply: 0 };

/** Reads the 62 digits of F48 in 0500 and 0510; throws IsoError. */
export function parseTotals(value: string): SettlementTotals {
  digits(value, TOTALS_DIGITS);
  return { domestic: parseBlock(value.slice(0, 31)), foreign: parseBlock(value.slice(31)) };
}

function parseBlock(block: string): BlockTotals {
  const reply = Number(block[30]);
  if (reply > 3) throw new IsoError('F48', 'an unknown reply code', '0, 1, 2 or 3');
  return {
    debitSum: Number(block.slice(0, 12)),
    debitCount: Number(block.slice(12, 15)),
    creditSum: Number(block.slice(15, 27)),
    creditCount: Number(block.slice(27, 30)),
    reply: reply as TotalsReply,
  };
}

/** Writes the 62 digits; throws IsoError when a sum or count does not fit. */
export function formatTotals(totals: SettlementTotals): string {
  return formatBlock(totals.domestic) + formatBlock(totals.foreign);
}

function formatBlock(block: BlockTotals): string {
  return (
    number(block.debitSum, 12) +
    number(block.debitCount, 3) +
    number(block.creditSum, 12) +
    number(block.creditCount, 3) +
    number(block.reply, 1)
  );
}

/** Reads F48 of an upload list: count, then items of 40 digits; throws IsoError. */
export function parseUploadItems(value: string): UploadItem[] {
  const count = Number(value.slice(0, 2));
  if (!/^\d{2}/.test(value) || count < 1 || count > MAX_UPLOAD_ITEMS) {
    throw new IsoError('F48', 'a wrong count', `a count of 01 to 0${MAX_UPLOAD_ITEMS}`);
  }
  digits(value, 2 + count * ITEM_DIGITS);
  return Array.from({ length: count }, (_, index) => parseItem(value, 2 + index * ITEM_DIGITS, index + 1));
}

function parseItem(value: string, at: number, position: number): UploadItem {
  const scheme = value.slice(at, at + 2);
  if (scheme !== '00' && scheme !== '01') {
    throw new IsoError(`F48.${position}`, 'an unknown scheme', '00 domestic or 01 foreign');
  }
  const pan = value.slice(at + 8, at + 28).replace(/^0+/, '');
  if (pan.length < 12 || pan.length > 19) throw new IsoError(`F48.${position}`, 'no card number', '12 to 19 digits');
  return {
    scheme: scheme === '00' ? 'domestic' : 'foreign',
    stan: value.slice(at + 2, at + 8),
    pan,
    amount: Number(value.slice(at + 28, at + 40)),
  };
}

/** Writes F48 of an upload list of 1 to 8 transactions; throws IsoError. */
export function formatUploadItems(items: readonly UploadItem[]): string {
  if (items.length < 1 || items.length > MAX_UPLOAD_ITEMS) {
    throw new IsoError('F48', `${items.length} items`, `1 to ${MAX_UPLOAD_ITEMS} items`);
  }
  return number(items.length, 2) + items.map(formatItem).join('');
}

function formatItem(item: UploadItem, index: number): string {
  const path = `F48.${index + 1}`;
  if (!/^\d{6}$/.test(item.stan)) throw new IsoError(path, 'a STAN that is not six digits', 'six digits');
  if (!/^\d{12,19}$/.test(item.pan)) throw new IsoError(path, 'no card number', '12 to 19 digits');
  return (item.scheme === 'domestic' ? '00' : '01') + item.stan + item.pan.padStart(20, '0') + number(item.amount, 12);
}

/** Reads F48 of the end message: how many transactions were uploaded in all. */
export function parseUploadEnd(value: string): number {
  digits(value, 4);
  return Number(value);
}

/** Writes F48 of the end message. */
export function formatUploadEnd(count: number): string {
  return number(count, 4);
}

function digits(value: string, size: number): void {
  if (value.length !== size) throw new IsoError('F48', `length ${value.length}`, `length ${size}`);
  if (!/^\d+$/.test(value)) throw new IsoError('F48', 'characters that the format does not allow', 'digits');
}

function number(value: number, size: number): string {
  const text = String(value);
  if (!Number.isSafeInteger(value) || value < 0 || text.length > size) {
    throw new IsoError('F48', 'a number that does not fit', `an integer of at most ${size} digits`);
  }
  return text.padStart(size, '0');
}
