import { sum } from '@tillstream/money';
import type { BusinessDate } from '../fact.ts';
import { compact } from '../stream.ts';
import type { PayoutFileCut } from './events.ts';

/** A cut before its hash is known; the bytes do not contain the hash. */
export type PayoutFileContent = Omit<PayoutFileCut['data'], 'hash'>;
type PayoutLine = PayoutFileContent['payouts'][number];

/** The id by which the bank knows a payout; the same attempt always has the same one, so a repeat pays nothing twice. */
export const payoutReference = (merchantId: string, dueDate: BusinessDate, attempt: number): string =>
  `${merchantId}.${compact(dueDate)}.${attempt}`;

/** The content of cut n of a due date, sorted by reference, so that the same payouts always give the same bytes. */
export function payoutFileOf(dueDate: BusinessDate, n: number, payouts: readonly PayoutLine[]): PayoutFileContent {
  const sorted = [...payouts].sort((a, b) => (a.reference < b.reference ? -1 : a.reference > b.reference ? 1 : 0));
  return { dueDate, n, payouts: sorted, total: sum(sorted.map(({ amount }) => amount)) };
}

const HEADER = 'reference,merchant,account,amount_fen';

/**
 * The bank file's bytes, from the cut alone: UTF-8 CSV, LF at every line's end; first line `payouts,<due date>,<n>,<count>,
 * <total fen>`, then the header, then one line per payout in the cut's order.
 * @throws Error for a field that CSV would have to quote: references, merchants and handles never need it.
 */
export function payoutFileBytes(cut: PayoutFileContent): Uint8Array {
  const rows = cut.payouts.map(({ reference, merchantId, account, amount }) =>
    [plain(reference), plain(merchantId), plain(account), String(amount)].join(','),
  );
  const first = ['payouts', cut.dueDate, cut.n, cut.payouts.length, cut.total].join(',');
  return new TextEncoder().encode([first, HEADER, ...rows, ''].join('\n'));
}

function plain(field: string): string {
  if (!/^[A-Za-z0-9._:/-]+$/.test(field)) {
    throw new Error('a field of the payout file has a character other than letters, digits and . _ : / -');
  }
  return field;
}
