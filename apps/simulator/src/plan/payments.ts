import type { CardWish } from '../cards/test-cards.ts';
import type { TerminalFault } from '../terminal/outcome.ts';
import { aboveEveryLimit, drawAmount, type Budget } from './amounts.ts';
import { drawPresented, drawRange } from './cards.ts';
import type { Draw } from './random.ts';
import type { PlannedAction } from './steps.ts';

/** What the plan of a terminal remembers from step to step. */
export interface DayState {
  readonly budget: Budget;
  /** Payments still to be planned, this one included. */
  salesLeft: number;
  readonly debitOnly: boolean;
  /** Sales that will be approved and can be voided: in the open batch and in batches closed today. */
  openSales: number;
  closedSales: number;
}

interface Circumstances {
  readonly afternoon: boolean;
  readonly tooMuch: boolean;
}

/** Shares of all payments. */
const share = { inquiry: 0.01, void: 0.015, refund: 0.01 } as const;
/** A batch begins with a few sales before anything is undone. */
const salesBeforeUndoing = 5;

/** What the next payment of a terminal is. */
export function drawPayment(draw: Draw, day: DayState, { afternoon, tooMuch }: Circumstances): PlannedAction {
  const roll = draw.unit();
  const salesLeft = day.salesLeft;
  day.salesLeft -= 1;
  if (tooMuch) return tooMuchSale(draw, day);
  if (roll < share.inquiry) return inquiry(draw, day);
  if (roll < share.inquiry + share.void && day.openSales >= salesBeforeUndoing) return voidOf(draw, day);
  const canRefund = afternoon && (day.openSales >= salesBeforeUndoing || day.closedSales > 0);
  if (roll > 1 - share.refund && canRefund) return refund(draw, day);
  return sale(draw, day, salesLeft);
}

function tooMuchSale(draw: Draw, day: DayState): PlannedAction {
  const card = drawPresented(draw, drawRange(draw, day.debitOnly), { is: 'approve' }, aboveEveryLimit);
  return { is: 'sale', amount: aboveEveryLimit, card, fault: null, expected: '61' };
}

function inquiry(draw: Draw, day: DayState): PlannedAction {
  const card = drawPresented(draw, drawRange(draw, day.debitOnly), { is: 'approve' }, 0);
  return { is: 'inquiry', card, expected: '00' };
}

function voidOf(draw: Draw, day: DayState): PlannedAction {
  const fault = draw.chance(0.03) ? 'answer-lost' : null;
  if (fault === null) day.openSales -= 1;
  return { is: 'void', fault };
}

/** A sale of a closed batch may be refunded whole, one of the open batch only in part (domain 3.5, sameDayRefund). */
function refund(draw: Draw, day: DayState): PlannedAction {
  const earlier = draw.chance(0.5);
  const whole = draw.chance(0.3);
  const choice = draw.unit();
  const percent = draw.integer(10, 90);
  if (earlier) return { is: 'refund', of: 'yesterday', choice, percent };
  if (day.closedSales > 0) return { is: 'refund', of: 'closed', choice, percent: whole ? 100 : percent };
  day.openSales -= 1;
  return { is: 'refund', of: 'open', choice, percent };
}

function sale(draw: Draw, day: DayState, salesLeft: number): PlannedAction {
  const range = drawRange(draw, day.debitOnly);
  const wish = drawWish(draw);
  const fault = wish === undefined ? drawFault(draw) : null;
  const amount = drawAmount(draw, range.cardClass, day.budget, salesLeft);
  const card = drawPresented(draw, range, wish ?? { is: 'approve' }, amount);
  const expected = fault === null ? expectedOf(wish) : null;
  if (expected === '00') day.openSales += 1;
  return { is: 'sale', amount, card, fault, expected };
}

const declines: readonly (CardWish | 'wrong-pin')[] = [
  { is: 'decline', code: '51' },
  { is: 'decline', code: '51' },
  { is: 'decline', code: '54' },
  'wrong-pin',
  { is: 'decline', code: '61' },
];

/** What the issuer or its line does out of the ordinary: about 4 % declines, 0.35 % lost or late answers. */
function drawWish(draw: Draw): CardWish | 'wrong-pin' | undefined {
  const roll = draw.unit();
  if (roll < 0.04) return draw.pick(declines);
  if (roll < 0.0415) return { is: 'lose-answer' };
  if (roll < 0.0425) return { is: 'lose-request' };
  if (roll < 0.0435) return { is: 'late-answer' };
  return undefined;
}

/** What goes wrong at the terminal itself: 0.25 %. */
function drawFault(draw: Draw): TerminalFault | null {
  const roll = draw.unit();
  if (roll < 0.0015) return 'answer-lost';
  if (roll < 0.002) return 'answer-spoilt';
  return roll < 0.0025 ? 'printer-failed' : null;
}

function expectedOf(wish: CardWish | 'wrong-pin' | undefined): string | null {
  if (wish === undefined) return '00';
  if (wish === 'wrong-pin') return '55';
  if (wish.is === 'decline') return wish.code;
  return wish.is === 'approve' ? '00' : null;
}
