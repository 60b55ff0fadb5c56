import type { TerminalReport } from '../protocol.ts';
import { pendingReversals, type Item, type TerminalState } from '../terminal/record.ts';

/** What a terminal's slips count as sales. */
const SALES: readonly Item['kind'][] = ['sale', 'completion', 'completion-advice'];

/** A terminal's day by its own record: everything that it dates to this day, and the batches that it closed. */
export function reportOf(
  state: Readonly<TerminalState>,
  { terminalId, merchantId, date }: { readonly terminalId: string; readonly merchantId: string; readonly date: string },
): TerminalReport {
  const items = [...state.items.values()].filter((item) => item.date === date);
  const approved = (...kinds: readonly Item['kind'][]): Item[] =>
    items.filter((item) => kinds.includes(item.kind) && item.status === 'approved');
  const sumOf = (some: readonly Item[]): number => some.reduce((sum, { amount }) => sum + amount, 0);
  const [sales, voids, refunds] = [approved(...SALES), approved('void', 'completion-void'), approved('refund')];
  return {
    terminalId,
    merchantId,
    sales: sales.length,
    salesSum: sumOf(sales),
    voids: voids.length,
    voidsSum: sumOf(voids),
    refunds: refunds.length,
    refundsSum: sumOf(refunds),
    declined: items.filter(({ status }) => status === 'declined').length,
    reversed: items.filter(({ status }) => status === 'reversed').length,
    pendingReversals: pendingReversals(state).length,
    batches: state.settled.filter(({ date: day }) => day === date),
  };
}
