import type { View } from './snapshot.ts';

/** An account's balance in fen; debit positive. */
export interface AccountBalance {
  readonly account: string;
  readonly balance: number;
}
export interface MerchantBalance extends AccountBalance {
  readonly merchantId: string;
}
/** Sums of the debit and the credit balances, fen; the difference is zero or the books are wrong. */
export interface TrialBalance {
  readonly debit: number;
  readonly credit: number;
  readonly difference: number;
}

/**
 * Lines that count at a position: whole books that were closed by then, from their sums, and of books that were open the entries
 * up to it. So a past moment costs the entries of one day, however long the history.
 */
const AT_POSITION = `
  select f.merchant_id, f.account, f.amount from book_flow f join book b using (merchant_id, book_date)
  where b.closed_position <= $1
  union all
  select l.merchant_id, l.account, l.amount from book b join entry_line l using (merchant_id, book_date)
  where b.opened_position <= $1 and (b.closed_position is null or b.closed_position > $1) and l.position <= $1`;

/** At the view's own position the sums of open books are right as well, when they hold nothing beyond it. */
const NOW = 'select merchant_id, account, amount from book_flow';

const linesAt = (view: View, position: string): { sql: string; parameters: string[] } =>
  view.even && position === view.mark.position
    ? { sql: NOW, parameters: [] }
    : { sql: AT_POSITION, parameters: [position] };

/** Balance per account over everybody at a position that the view has reached, and their sums. */
export async function trialBalance(
  view: View,
  position: string,
): Promise<TrialBalance & { readonly accounts: readonly AccountBalance[] }> {
  const { sql, parameters } = linesAt(view, position);
  const rows = await view.query<{ account: string; balance: string }>(
    `select account, sum(amount) as balance from (${sql}) l group by account having sum(amount) <> 0 order by account`,
    parameters,
  );
  const accounts = rows.map(({ account, balance }) => ({ account, balance: Number(balance) }));
  const debit = accounts.reduce((sum, { balance }) => sum + Math.max(balance, 0), 0);
  const credit = accounts.reduce((sum, { balance }) => sum + Math.max(-balance, 0), 0);
  return { debit, credit, difference: debit - credit, accounts };
}

/** Balance per merchant and account at a position; of one merchant, or of all with `house` among them. */
export async function merchantBalances(
  view: View,
  position: string,
  merchantId: string | undefined,
): Promise<MerchantBalance[]> {
  const { sql, parameters } = linesAt(view, position);
  const only = merchantId === undefined ? '' : `where merchant_id = $${parameters.length + 1}`;
  const rows = await view.query<{ merchant_id: string; account: string; balance: string }>(
    `select merchant_id, account, sum(amount) as balance from (${sql}) l ${only}
     group by merchant_id, account having sum(amount) <> 0 order by merchant_id, account`,
    merchantId === undefined ? parameters : [...parameters, merchantId],
  );
  return rows.map((row) => ({ merchantId: row.merchant_id, account: row.account, balance: Number(row.balance) }));
}
