import { minus, negate, plus, ZERO, type Fen } from '@tillstream/money';
import type { BookClosed, EntryPosted } from '../book/events.ts';
import { onAccount } from '../book/journals.ts';
import type { StatementFigures, StatementPrepared } from './events.ts';

const EMPTY: StatementFigures = {
  salesCount: 0,
  sales: ZERO,
  undoneCount: 0,
  undone: ZERO,
  refundsCount: 0,
  refunds: ZERO,
  fee: ZERO,
  net: ZERO,
  channelCost: ZERO,
  payable: ZERO,
};

/** What a payment entry moves for the merchant, without the hold that it may release in the same entry; sale positive, fen. */
interface Moved {
  readonly net: Fen;
  readonly fee: Fen;
  readonly gross: Fen;
  readonly cost: Fen;
}

function movedBy({ lines }: EntryPosted['data']): Moved {
  const net = negate(plus(onAccount(lines, '2001'), onAccount(lines, '2003')));
  const fee = negate(onAccount(lines, '4001'));
  return { net, fee, gross: plus(net, fee), cost: plus(onAccount(lines, '5001'), onAccount(lines, '5002')) };
}

/**
 * The figures of a closed book from its own entries (fen): sales, what was undone, refunds, fee, channel cost, net
 * = sales − undone − refunds − fee, and what the book closed with in 2001.
 * @param entries the book's entries in their order
 */
export function statementOf(closed: BookClosed['data'], entries: Iterable<EntryPosted['data']>): StatementPrepared {
  let figures = EMPTY;
  const undone = new Set<string>();
  for (const entry of entries) figures = counted(figures, entry, undone);
  const payable = negate(closed.carried.balances['2001'] ?? ZERO);
  const { merchantId, date } = closed;
  return { type: 'StatementPrepared', version: 1, data: { merchantId, date, figures: { ...figures, payable } } };
}

function counted(figures: StatementFigures, entry: EntryPosted['data'], undone: Set<string>): StatementFigures {
  if (entry.journal !== 'J1' && entry.journal !== 'J2' && entry.journal !== 'J3') return figures;
  const moved = movedBy(entry);
  const sums = {
    ...figures,
    fee: plus(figures.fee, moved.fee),
    net: plus(figures.net, moved.net),
    channelCost: plus(figures.channelCost, moved.cost),
  };
  if (entry.journal === 'J3') {
    return { ...sums, refundsCount: sums.refundsCount + 1, refunds: minus(sums.refunds, moved.gross) };
  }
  if (entry.journal === 'J2') {
    undone.add(entry.paymentId ?? '');
    return { ...sums, undoneCount: sums.undoneCount + 1, undone: minus(sums.undone, moved.gross) };
  }
  // J1 anew after a void of this book was itself undone: the sale is counted already, the void no more.
  if (undone.delete(entry.paymentId ?? '')) {
    return { ...sums, undoneCount: sums.undoneCount - 1, undone: minus(sums.undone, moved.gross) };
  }
  return { ...sums, salesCount: sums.salesCount + 1, sales: plus(sums.sales, moved.gross) };
}
