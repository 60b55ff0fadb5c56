import type { Fen } from '@tillstream/money';
import type { Payee } from './payees.ts';

/** One payout with the account in clear. */
export interface PayoutOrder extends Payee {
  readonly reference: string;
  readonly merchantId: string;
  readonly amount: Fen;
}

const header = 'reference,merchant,account name,account number,amount';

const cell = (text: string): string => (/[",\r\n]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text);

/** The file that the bank takes: UTF-8 CSV (RFC 4180 quotes), LF, one line per payout, amounts in fen. */
export function payoutCsv(orders: readonly PayoutOrder[]): Uint8Array<ArrayBuffer> {
  const rows = orders.map(({ reference, merchantId, accountName, accountNumber, amount }) =>
    // A line break inside a name would be a row of its own to the bank.
    [reference, merchantId, accountName.replace(/[\r\n]+/g, ' '), accountNumber, String(amount)].map(cell).join(','),
  );
  return new TextEncoder().encode([header, ...rows, ''].join('\n'));
}
