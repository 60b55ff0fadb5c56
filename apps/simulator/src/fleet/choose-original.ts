import { keyOf, type Item, type TerminalState } from '../terminal/record.ts';

const untouched = (item: Item): boolean =>
  item.kind === 'sale' && item.status === 'approved' && !item.voided && item.refunded === 0;

/** The newest approved sale of the open batch that nobody touched yet; undefined when there is none. */
export function newestSale(state: Readonly<TerminalState>): string | undefined {
  let newest: string | undefined;
  for (const item of state.items.values()) if (item.batch === state.batch && untouched(item)) newest = keyOf(item);
  return newest;
}

/**
 * The sale that a planned refund is for: of the wanted kind, else of any kind, chosen by its share of the list. The list
 * follows from the record alone, so the same run chooses the same sale.
 */
export function saleToRefund(
  state: Readonly<TerminalState>,
  date: string,
  { of, choice }: { readonly of: 'closed' | 'open' | 'yesterday'; readonly choice: number },
): Item | undefined {
  const sales = [...state.items.values()].filter(untouched);
  const earlier = sales.filter((item) => item.date < date);
  const closed = sales.filter((item) => item.date === date && item.batch !== state.batch);
  const open = sales.filter((item) => item.batch === state.batch);
  const wanted = { yesterday: earlier, closed, open }[of];
  const list = [wanted, closed, open].find(({ length }) => length > 0) ?? [];
  return list[Math.floor(choice * list.length)];
}

/** The amount of a refund in fen: never the whole of a sale whose batch is open (domain 3.5). */
export function refundAmount(state: Readonly<TerminalState>, sale: Item, percent: number): number {
  const part = Math.max(1, Math.floor((sale.amount * percent) / 100));
  return sale.batch === state.batch ? Math.min(part, sale.amount - 1) : part;
}
