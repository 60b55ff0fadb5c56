import { nextWorkingDay } from '@tillstream/domain/calendar/working-days';
import type { CrashPoint } from '@tillstream/event-store';
import { drawFrom, type Draw } from '@tillstream/simulator';

/** Part of the business day in which a round happens. */
export type Part =
  /** Business hours. */
  | 'trade'
  /** The cut-off passes in the middle of the traffic. */
  | 'cut-off'
  /** The bank has booked the network's money; payouts are made. */
  | 'morning';

/** One life of the node: its traffic and its end. */
export interface Round {
  readonly n: number;
  readonly date: string;
  readonly part: Part;
  /** Traffic before the kill, ms. */
  readonly trafficMs: number;
  /** Crash points armed for this life; undefined: killed at the end of the traffic. */
  readonly failAt: string | undefined;
  /** The database server dies with it. */
  readonly killDatabase: boolean;
  /** People of the back office look at what waits for them before the kill. */
  readonly office: boolean;
  /** The next round goes on in the middle of what this one left. */
  readonly checkAfter: boolean;
}

type Points = readonly (readonly [CrashPoint, number])[];

/** Points on the road of a payment, with how often they may be passed before the kill. */
const tradePoints: Points = [
  ['store-before-commit', 60],
  ['store-after-commit', 60],
  ['feed-before-commit', 40],
  ['feed-after-commit', 40],
  ['feed-facts-before-checkpoint', 40],
  ['payment-vault-stored', 8],
  ['payment-claimed', 5],
  ['payment-intent-stored', 40],
  ['channel-sent', 40],
  ['channel-answered', 40],
  ['payment-outcome-stored', 40],
  ['reversal-stored', 5],
  ['advice-stored', 3],
  ['resolver-before-channel', 6],
  ['resolver-after-channel', 6],
  ['gateway-before-reply', 40],
  ['ledger-appended', 40],
  ['batch-asked', 2],
  ['batch-answered', 2],
  ['doubt-answered', 1],
];
/** What the end of a date and its clearing file lead to. */
const cutOffPoints: Points = [
  ['day-ended', 8],
  ['ledger-appended', 20],
  ['feed-facts-before-checkpoint', 20],
  ['store-after-commit', 40],
  ['clearing-case-said', 2],
  ['clearing-file-reconciled', 1],
  ['doubt-answered', 2],
];
/** In the order in which a morning passes them. */
const morningPoints: Points = [
  ['clearing-case-said', 3],
  ['clearing-file-reconciled', 1],
  ['doubt-answered', 2],
  ['clearing-credited', 1],
  ['payout-due-said', 4],
  ['payout-file-cut', 1],
  ['payout-submitted', 4],
  ['payout-file-sent', 1],
  ['bank-answered', 1],
  ['bank-answer-stored', 4],
  ['margin-transferred', 1],
];

/** How a torture run is cut. */
export interface PlanSettings {
  readonly rounds: number;
  readonly seed: string;
  /** First business date. */
  readonly from: string;
  /** Mean length of a round's traffic, ms. */
  readonly trafficMs: number;
  /** Rounds of a business day; the last of them are its cut-off and its morning. */
  readonly roundsPerDay: number;
}

/** Rounds of a day that belong to the morning after it. */
const morningRounds = 3;

/** The rounds of a run: what is random in them follows from the seed alone. A kill's place in the traffic is the machine's. */
export function planRounds({ rounds, seed, from, trafficMs, roundsPerDay }: PlanSettings): Round[] {
  const plan: Round[] = [];
  let date = from;
  for (let n = 1; n <= rounds; n += 1) {
    const inDay = (n - 1) % roundsPerDay;
    if (n > 1 && inDay === 0) date = dayAfter(date);
    const draw = drawFrom(seed, 'round', n);
    const part = partOf(inDay, roundsPerDay);
    plan.push({
      n,
      date,
      part,
      trafficMs: Math.round(trafficMs * (0.4 + 1.2 * draw.unit())),
      failAt: failAtOf(draw, part, inDay - (roundsPerDay - morningRounds)),
      killDatabase: draw.chance(0.1),
      office: draw.chance(0.5),
      checkAfter: part !== 'morning' || inDay === roundsPerDay - 1 || n === rounds,
    });
  }
  return plan;
}

/** The next business date on which the network's money can be paid out. */
export function dayAfter(date: string): string {
  const next = nextWorkingDay(date);
  if (!next.ok) throw new Error(`the calendar has no year ${next.year}`);
  return next.date;
}

function partOf(inDay: number, roundsPerDay: number): Part {
  const left = roundsPerDay - inDay;
  if (left <= morningRounds) return 'morning';
  return left === morningRounds + 1 ? 'cut-off' : 'trade';
}

function failAtOf(draw: Draw, part: Part, inMorning: number): string | undefined {
  if (part === 'morning') {
    // Each life of a morning dies at a later step than the one before it.
    const third = Math.ceil(morningPoints.length / morningRounds);
    return passing(draw, draw.pick(morningPoints.slice(inMorning * third, (inMorning + 1) * third)));
  }
  if (!draw.chance(part === 'trade' ? 0.45 : 0.6)) return undefined;
  return passing(draw, draw.pick(part === 'trade' ? tradePoints : cutOffPoints));
}

const passing = (draw: Draw, [name, most]: readonly [CrashPoint, number]): string => `${name}:${draw.integer(1, most)}`;
