import { minus, negate, plus, sum, type Fen } from '@tillstream/money';
import type {
  CaseMove,
  CaseRef,
  CaseResolution,
  ClearingDifferenceCleared,
  ClearingDifferenceFound,
  ClearingCaseResolved,
  ResolvedAmounts,
} from '../clearing/events.ts';
import type { BusinessDate } from '../fact.ts';
import { holdLines, lineOf, releaseLines, said, topUpLines, type Dimensions } from './journals.ts';
import type { Journal, Line } from './events.ts';

/** One entry that a case makes, before it has its book. */
export interface CaseEntry {
  readonly journal: Journal;
  readonly lines: readonly Line[];
}

/** What a case has in suspense, fen: positive in 2191, negative in 1191. */
export const suspenseOf = ({ receivable, issuerCost, networkCost }: Omit<CaseMove, 'hold'>): Fen =>
  sum([receivable, issuerCost, networkCost]);

/** Dr 1101 and costs / Cr 2191, or the other way with 1191. */
function suspenseLines(move: CaseMove, where: Dimensions, turn: (amount: Fen) => Fen): readonly Line[] {
  const suspense = suspenseOf(move);
  return said([
    lineOf('1101', turn(move.receivable), where),
    lineOf('5001', turn(move.issuerCost), where),
    lineOf('5002', turn(move.networkCost), where),
    lineOf(suspense > 0 ? '2191' : '1191', turn(negate(suspense))),
  ]);
}

const same = (amount: Fen): Fen => amount;

/**
 * A difference is found: what the file says more stands in suspense-long (J10), what it says less in suspense-short with the
 * merchant's part held (J11). Own money takes the place of what left 1101 for 1191, so that nobody else's does (domain 4.6).
 */
export function foundEntries({ move, channel, clearingDate }: ClearingDifferenceFound['data']): readonly CaseEntry[] {
  const suspense = suspenseOf(move);
  const held = move.hold === 0 ? [] : holdLines(move.hold);
  const lines = [...suspenseLines(move, { channel, clearingDate }, same), ...held];
  if (suspense >= 0) return entries(['J10', lines]);
  return entries(['J11', lines], ['J11-top-up', topUpLines(negate(suspense))]);
}

/**
 * A difference is over: the mirror of what it moved, in 1101 of the date whose file ended it. The top-up leaves the reserve
 * with the merchant's next payout, like a recovered debt: before the channel has paid the item, the reserve may need it.
 */
export function clearedEntries({ move, channel, foundIn }: ClearingDifferenceCleared['data']): readonly CaseEntry[] {
  const released = move.hold === 0 ? [] : releaseLines(move.hold);
  const where = { channel, clearingDate: foundIn.clearingDate };
  return entries([
    suspenseOf(move) >= 0 ? 'J10-cleared' : 'J11-cleared',
    [...suspenseLines(move, where, negate), ...released],
  ]);
}

/**
 * Two people ended a case: its suspense goes to the merchant, against the merchant, or to 5005 (J13). A return to the payer
 * moves nothing yet: the suspense is cleared when the channel takes the money back (`ReturnAccepted`).
 */
export function resolvedEntries(data: ClearingCaseResolved['data']): readonly CaseEntry[] {
  const { amounts, resolution, channel, clearingDate } = data;
  const where = { channel, clearingDate };
  const lines = said([
    lineOf(amounts.suspense > 0 ? '2191' : '1191', amounts.suspense),
    lineOf('2003', amounts.release),
    lineOf('4001', negate(amounts.fee)),
    lineOf('5001', amounts.issuerCost, where),
    lineOf('5002', amounts.networkCost, where),
    ...targetLines(resolution, amounts),
  ]);
  return entries([resolvedJournal(resolution, amounts), lines]);
}

const resolvedJournal = (resolution: CaseResolution, { suspense }: ResolvedAmounts): Journal =>
  resolution === 'write-off' ? 'J13' : suspense > 0 ? 'J10-supplement' : 'J11-confirmed';

function targetLines(resolution: CaseResolution, amounts: ResolvedAmounts): readonly Line[] {
  const { suspense, release, fee, issuerCost, networkCost } = amounts;
  const costs = plus(issuerCost, networkCost);
  if (resolution === 'write-off') {
    return [lineOf('2001', negate(release)), lineOf('5005', negate(plus(minus(suspense, fee), costs)))];
  }
  return [lineOf('2001', negate(plus(plus(minus(suspense, fee), costs), release)))];
}

const entries = (...all: readonly [Journal, readonly Line[]][]): readonly CaseEntry[] =>
  all.flatMap(([journal, lines]) => (lines.length === 0 ? [] : [{ journal, lines }]));

/** The dates that decide when what a case gives or takes in 2001 is due: the payment's, else the case's own. */
export const caseDates = (data: CaseRef & { readonly dates: ClearingDifferenceFound['data']['dates'] }) =>
  data.dates ?? { tradeDate: data.clearingDate, clearingDate: data.clearingDate as BusinessDate };
