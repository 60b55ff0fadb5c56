import { instantOf } from '../clock/business-clock.ts';
import type { SimulatedTerminal } from '../protocol.ts';
import { budgetOf, type Budget } from './amounts.ts';
import { drawPayment, type DayState } from './payments.ts';
import { drawFrom, unitOf, type Draw } from './random.ts';
import type { DayPlan, PlannedAction, Step, TerminalPlan } from './steps.ts';

/** What a day's plan follows from, and nothing else. */
export interface PlanInput {
  readonly seed: string;
  /** `YYYY-MM-DD`. */
  readonly date: string;
  readonly terminals: readonly Pick<SimulatedTerminal, 'terminalId' | 'merchantId' | 'merchantType' | 'debitOnly'>[];
  /** Sales, inquiries, voids and refunds of the whole fleet. */
  readonly payments: number;
}

/** What sets a terminal apart on this day. */
interface Role {
  readonly settlesAtNoon: boolean;
  /** Loses a sale from its record, so that the comparison fails. */
  readonly disagrees: boolean;
  /** Nobody settles it by hand: it does so itself in the last 20 minutes. */
  readonly forgetsToSettle: boolean;
  readonly uploadsChips: boolean;
  /** Tries one amount above every limit. */
  readonly triesTooMuch: boolean;
}

const minute = 60_000;

/**
 * The fleet's business day as data: who sends what when. Follows from seed, date, terminal and step alone, so the same
 * seed gives the same cards, amounts, declines and faults on every run.
 */
export function planDay(input: PlanInput): DayPlan {
  const counts = sharesOf(input);
  return {
    date: input.date,
    terminals: input.terminals.map((terminal, index) =>
      planTerminal(input, terminal, { count: counts[index] ?? 0, role: roleOf(input, index) }),
    ),
  };
}

/** Payments per terminal: some sell more than others; the sum is what was asked for. */
function sharesOf({ seed, date, terminals, payments }: PlanInput): number[] {
  const weights = terminals.map(({ terminalId }) => 0.8 + 0.4 * unitOf(seed, date, terminalId, 'share'));
  const total = weights.reduce((sum, weight) => sum + weight, 0);
  const counts = weights.map((weight) => Math.floor((payments * weight) / total));
  let left = payments - counts.reduce((sum, count) => sum + count, 0);
  return counts.map((count) => (left-- > 0 ? count + 1 : count));
}

function roleOf({ seed, date, terminals }: PlanInput, index: number): Role {
  const count = terminals.length;
  const first = Math.floor(unitOf(seed, date, 'disagrees') * count);
  const after = (index - first + count) % count;
  const terminalId = terminals[index]?.terminalId ?? '';
  return {
    disagrees: after === 0,
    forgetsToSettle: after === 1 || after === 2,
    settlesAtNoon: after % 5 === 3,
    uploadsChips: unitOf(seed, terminalId, 'chips') < 0.1,
    triesTooMuch: after % 10 === 5,
  };
}

type PlannedTerminal = PlanInput['terminals'][number];
interface Moment {
  readonly at: number;
  readonly action: PlannedAction | 'payment';
}

function planTerminal(
  input: PlanInput,
  terminal: PlannedTerminal,
  { count, role }: { readonly count: number; readonly role: Role },
): TerminalPlan {
  const { seed, date } = input;
  const draw = drawFrom(seed, date, terminal.terminalId);
  const moments = [...fixedMoments(date, role, draw), ...paymentTimes(date, count, draw)];
  moments.sort((a, b) => a.at - b.at);
  const payments = moments.flatMap(({ action }, index) => (action === 'payment' ? [index] : []));
  const tooMuchAt = role.triesTooMuch ? payments[Math.floor(payments.length / 2)] : undefined;
  const day: DayState = {
    budget: budgetFor(input, terminal),
    salesLeft: count,
    debitOnly: terminal.debitOnly ?? false,
    openSales: 0,
    closedSales: 0,
  };
  const steps = moments.map(({ at, action }, index): Step => {
    if (action !== 'payment') {
      noteSettlement(day, action);
      return { index, at, action };
    }
    const own = drawFrom(seed, date, terminal.terminalId, index);
    const afternoon = at >= instantOf(date, '13:00:00');
    return { index, at, action: drawPayment(own, day, { afternoon, tooMuch: index === tooMuchAt }) };
  });
  return { terminalId: terminal.terminalId, steps };
}

function noteSettlement(day: DayState, action: PlannedAction): void {
  if (action.is !== 'settle') return;
  day.closedSales += day.openSales;
  day.openSales = 0;
}

function budgetFor({ terminals }: PlanInput, { merchantId, merchantType }: PlannedTerminal): Budget {
  const sharing = terminals.filter((other) => other.merchantId === merchantId).length;
  return budgetOf(merchantType ?? 'ENTERPRISE', sharing);
}

/** Everything that is no payment: opening, echo, settlements, sign-off. */
function fixedMoments(date: string, role: Role, draw: Draw): Moment[] {
  const at = (time: string, spreadMinutes: number): number =>
    instantOf(date, time) + Math.floor(draw.unit() * spreadMinutes * minute);
  const settle = (automatic: boolean): PlannedAction => ({ is: 'settle', automatic, chipUpload: role.uploadsChips });
  const moments: Moment[] = [
    { at: at('06:25:00', 4), action: { is: 'sign-in' } },
    { at: at('09:00:00', 30), action: { is: 'echo' } },
  ];
  const noon = at('12:00:00', 40);
  if (role.settlesAtNoon) moments.push({ at: noon, action: settle(false) });
  const late = at('21:50:00', 4);
  if (role.disagrees) moments.push({ at: late, action: { is: 'forget' } }, { at: late + 1, action: settle(false) });
  const evening = role.forgetsToSettle ? at('22:40:00', 18) : at('22:30:00', 20);
  moments.push({ at: evening, action: settle(role.forgetsToSettle) });
  moments.push({ at: evening + minute, action: { is: 'sign-off' } });
  return moments;
}

const opening = 6.5;
const lastSale = 22.33;

/** Times of the payments: a steady trickle with a peak at noon and a broader one in the evening. */
function paymentTimes(date: string, count: number, draw: Draw): Moment[] {
  const midnight = instantOf(date, '00:00:00');
  return Array.from({ length: count }, () => {
    const roll = draw.unit();
    const hour = roll < 0.4 ? steady(draw) : roll < 0.7 ? around(draw, 12.4, 0.8) : around(draw, 18.7, 1.3);
    return { at: midnight + Math.floor(hour * 3_600_000), action: 'payment' as const };
  });
}

const steady = (draw: Draw): number => opening + draw.unit() * (lastSale - opening);

/** Around a peak, roughly normal (a sum of three); what falls outside the day comes at a steady time instead. */
function around(draw: Draw, hour: number, spread: number): number {
  const drawn = hour + (draw.unit() + draw.unit() + draw.unit() - 1.5) * 2 * spread;
  return drawn < opening || drawn > lastSale ? steady(draw) : drawn;
}
