import { daysBetween } from '@tillstream/domain/calendar/date';
import {
  drawFrom,
  keyOf,
  presentAndLoseAnswer,
  sendAgain,
  sendUnderOpenBatch,
  type Draw,
  type Item,
  type PresentedCard,
  type Reading,
  type ReversalHabit,
  type Terminal,
  type TerminalFault,
} from '@tillstream/simulator';
import { card } from '../cards.ts';
import type { Broken } from './model/evidence.ts';
import type { Completable } from './model/hold-view.ts';

/** Cards of one wish and range, so few that a leak of one of them can be looked for everywhere. */
const cardsOfAKind = 4;
const thinkMs = 90;
/** Pause of a terminal that finds no line. */
const noLineMs = 60;
/** A batch is settled at about so many counted transactions. */
const batchSize = 25;

type Act = (terminal: Terminal, draw: Draw) => Promise<unknown>;

/** What a terminal does next, with its weight. */
const acts: readonly (readonly [number, Act])[] = [
  [52, (terminal, draw) => sell(terminal, draw, {})],
  [3, (terminal, draw) => sell(terminal, draw, { wish: '51' })],
  [2, (terminal, draw) => sell(terminal, draw, { wish: '97' })],
  [3, (terminal, draw) => sell(terminal, draw, { wish: '98' })],
  [2, (terminal, draw) => sell(terminal, draw, { wish: '99' })],
  [2, (terminal, draw) => sell(terminal, draw, { fault: 'answer-spoilt' })],
  [3, (terminal, draw) => sell(terminal, draw, { fault: 'printer-failed' })],
  [4, (terminal, draw) => sell(terminal, draw, { fault: 'power-cut' })],
  [3, (terminal, draw) => terminal.offlineSale({ amount: draw.integer(1, 90_00), card: pickCard(draw, '20', false) })],
  [7, voidOne],
  [7, refundOne],
  [10, hold],
  [7, completeOne],
  [4, adviseOne],
  [3, freeOne],
  [5, voidCompletion],
  [3, (terminal, draw) => terminal.inquiry({ card: pickCard(draw, '20') })],
  [3, (terminal, draw) => repeatOne(terminal, draw, 0)],
  [2, (terminal, draw) => repeatOne(terminal, draw, 1)],
  [2, repeatRefund],
  [1, (terminal) => terminal.drill(presentAndLoseAnswer)],
  [1, (terminal) => terminal.signIn()],
  [5, (terminal) => (terminal.state.counted >= batchSize ? terminal.settle() : Promise.resolve())],
];
/** What is not open or gone (domain 3.15). */
const refusals: readonly string[] = ['12', '22', '25'];
/** What a completion is answered over the limit and within it: the amount is looked at before the age (domain 3.15). */
const answers: Readonly<Record<Completable, Record<'over' | 'within', readonly string[]>>> = {
  open: { over: ['13'], within: ['00'] },
  lapsed: { over: ['13'], within: ['22'] },
  over: { over: refusals, within: refusals },
};
const weights = acts.reduce((sum, [weight]) => sum + weight, 0);

const habits: readonly ReversalHabit[] = ['keeps', 'keeps', 'drops-after-tries', 'drops-at-midnight', 'takes-any-code'];

/** The character of a terminal: it follows from the seed. */
export const habitOf = (seed: string, n: number): ReversalHabit => drawFrom(seed, 'habit', n).pick(habits);

/** Terminals that trade on through every outage, each by its own sequence of choices from the seed. */
export class TortureFleet {
  readonly #terminals: readonly Terminal[];
  readonly #draws: readonly Draw[];
  #running = false;
  #loops: Promise<void>[] = [];

  constructor(terminals: readonly Terminal[], seed: string) {
    this.#terminals = terminals;
    this.#draws = terminals.map((_, index) => drawFrom(seed, 'terminal', index + 1));
  }

  /** Begins or goes on. */
  start(): void {
    if (this.#running) return;
    this.#running = true;
    this.#loops = this.#terminals.map((terminal, index) => this.#trade(terminal, this.#draws[index]!));
  }

  /** Resolves when every terminal has ended what it was doing. */
  async pause(): Promise<void> {
    this.#running = false;
    await Promise.all(this.#loops);
  }

  /** Every terminal settles its open batch; gives those that could not, with the reason. */
  async settle(): Promise<string[]> {
    const outcomes = await Promise.all(this.#terminals.map((terminal) => terminal.settle().catch(signedOut)));
    return outcomes.flatMap((outcome, n) =>
      outcome.is === 'settled' ? [] : [`${this.#terminals[n]?.terminalId}: ${outcome.why}`],
    );
  }

  /** Every terminal sends what it still has to; gives how many have something left. */
  async clearUp(): Promise<number> {
    const asked = { card: card('credit', 1) };
    await Promise.all(this.#terminals.map((terminal) => terminal.inquiry(asked).catch(signedOut)));
    return this.#terminals.filter(({ state }) => state.undecided.size > 0).length;
  }

  /**
   * Every second hold of each terminal is asked for one fen too much, then for the most that is allowed; each that is answered
   * otherwise than it stands is given. @param standing how the hold of this key (`<terminal>.<batch>.<stan>`) stands
   */
  async completeHolds(standing: (key: string) => Completable): Promise<Broken[]> {
    const all = this.#terminals.map(async (terminal) => {
      const broken: Broken[] = [];
      for (const item of itemsOf(terminal, isHold).filter((_, n) => n % 2 === 0)) {
        const key = `${terminal.terminalId}.${keyOf(item)}`;
        const is = standing(key);
        const most = Math.floor((item.amount * 115) / 100);
        const asked = [
          [most + 1, answers[is].over],
          [most, answers[is].within],
        ] as const;
        for (const [amount, right] of asked) {
          const outcome = await terminal.complete(keyOf(item), amount);
          const code = outcome.is === 'answered' ? outcome.code : outcome.is;
          const detail = `${key}, ${is}: ${amount} of ${item.amount} fen was answered ${code}`;
          if (!right.includes(code)) broken.push({ rule: 'open holds are completed, others are not', detail });
        }
      }
      return broken;
    });
    return (await Promise.all(all)).flat();
  }

  async #trade(terminal: Terminal, draw: Draw): Promise<void> {
    while (this.#running) {
      const act = actOf(draw)(terminal, draw).catch(signedOut);
      const outcome = (await act) as { readonly why?: string } | undefined;
      const pause = outcome?.why === 'no-line' ? noLineMs : 1 + Math.round(2 * thinkMs * draw.unit());
      await new Promise((resolve) => setTimeout(resolve, pause));
    }
  }
}

/** A line may spoil the keys of a sign-in; the terminal stays signed out and asks for them again. */
function signedOut(error: Error): { readonly is: 'refused'; readonly why: string } {
  if (error.name !== 'KeysRefused') throw error;
  return { is: 'refused', why: error.message };
}

function actOf(draw: Draw): Act {
  let roll = draw.unit() * weights;
  for (const [weight, act] of acts) {
    roll -= weight;
    if (roll < 0) return act;
  }
  return acts[0]![1];
}

function pickCard(draw: Draw, wish: string, pin = true): PresentedCard {
  const range = draw.pick(['credit', 'credit', 'debit', 'visa'] as const);
  return card(range, draw.integer(1, cardsOfAKind), { wish, pin });
}

function sell(
  terminal: Terminal,
  draw: Draw,
  { wish = '20', fault }: { readonly wish?: string; readonly fault?: TerminalFault },
): Promise<unknown> {
  const amount = draw.chance(0.1) ? draw.integer(5_000_00, 40_000_00) : draw.integer(1, 300_00);
  const reading = draw.pick(['05', '05', '02', '07'] as const satisfies readonly Reading[]);
  return terminal.sale({ amount, card: pickCard(draw, wish), reading, fault });
}

const itemsOf = (terminal: Terminal, wanted: (item: Item) => boolean): Item[] =>
  [...terminal.state.items.values()].filter(wanted);

async function voidOne(terminal: Terminal, draw: Draw): Promise<unknown> {
  const { batch } = terminal.state;
  const sales = itemsOf(
    terminal,
    (item) => item.kind === 'sale' && isLiveSale(item) && item.batch === batch && item.refunded === 0,
  );
  return sales.length > 0 ? terminal.voidSale(keyOf(draw.pick(sales)), faultOf(draw)) : undefined;
}

async function refundOne(terminal: Terminal, draw: Draw): Promise<unknown> {
  const sales = itemsOf(terminal, (item) => isLiveSale(item) && item.refunded < item.amount);
  if (sales.length === 0) return undefined;
  const sale = draw.pick(sales);
  const left = sale.amount - sale.refunded;
  return terminal.refund(keyOf(sale), draw.chance(0.3) ? left : draw.integer(1, left));
}

const isLiveSale = ({ kind, status, voided }: Item): boolean =>
  (kind === 'sale' || isCompletion(kind)) && status === 'approved' && !voided;

const isCompletion = (kind: Item['kind']): boolean => kind === 'completion' || kind === 'completion-advice';
const isHold = ({ kind, status }: Item): boolean => kind === 'pre-auth' && status === 'approved';

/** What goes wrong at the terminal in a quarter of the cases. */
const faultOf = (draw: Draw): TerminalFault | undefined =>
  draw.chance(0.25) ? draw.pick(['answer-spoilt', 'printer-failed', 'power-cut'] as const) : undefined;

function hold(terminal: Terminal, draw: Draw): Promise<unknown> {
  const wish = draw.pick(['20', '20', '20', '20', '20', '51', '97', '98', '99'] as const);
  return terminal.preAuth({ amount: draw.integer(100, 2_000_00), card: pickCard(draw, wish), fault: faultOf(draw) });
}

/** Of eight tries one asks for a fen too much, one for what may be over already. */
function pickHold(terminal: Terminal, draw: Draw): { readonly key: string; readonly amount: number } | undefined {
  const tooLate = draw.chance(0.125);
  const holds = itemsOf(terminal, (item) => isHold(item) && (tooLate || (!item.voided && !item.completed)));
  if (holds.length === 0) return undefined;
  const one = draw.pick(holds);
  const most = Math.floor((one.amount * 115) / 100);
  return { key: keyOf(one), amount: draw.chance(0.125) ? most + 1 : draw.integer(1, most) };
}

async function completeOne(terminal: Terminal, draw: Draw): Promise<unknown> {
  const one = pickHold(terminal, draw);
  return one && terminal.complete(one.key, one.amount, 'request', faultOf(draw));
}

async function adviseOne(terminal: Terminal, draw: Draw): Promise<unknown> {
  const one = pickHold(terminal, draw);
  return one && terminal.complete(one.key, one.amount, 'advice');
}

async function freeOne(terminal: Terminal, draw: Draw): Promise<unknown> {
  const one = pickHold(terminal, draw);
  return one && terminal.voidPreAuth(one.key, faultOf(draw));
}

async function voidCompletion(terminal: Terminal, draw: Draw): Promise<unknown> {
  const { batch } = terminal.state;
  const completions = itemsOf(
    terminal,
    (item) => isLiveSale(item) && isCompletion(item.kind) && item.batch === batch && item.refunded === 0,
  );
  return completions.length > 0 ? terminal.voidCompletion(keyOf(draw.pick(completions)), faultOf(draw)) : undefined;
}

async function repeatOne(terminal: Terminal, draw: Draw, more: number): Promise<unknown> {
  const items = itemsOf(
    terminal,
    ({ kind, status }) => kind !== 'inquiry' && (status === 'approved' || status === 'reversed'),
  );
  if (items.length === 0) return undefined;
  const { amount, ...item } = draw.pick(items.slice(-12));
  return terminal.drill((core) => sendAgain(core, keyOf(item), amount + more));
}

/** A refund of a closed batch comes once more under the number of the open one, within the 48 hours in which it is the same advice (domain 2.7). */
async function repeatRefund(terminal: Terminal, draw: Draw): Promise<unknown> {
  const { batch } = terminal.state;
  const refunds = itemsOf(
    terminal,
    (item) => item.kind === 'refund' && item.batch !== batch && item.status === 'approved',
  );
  return terminal.drill(async (core) => {
    const today = core.localTime().date;
    const recent = refunds.filter(({ date }) => daysBetween(date, today) <= 1);
    return recent.length > 0 ? sendUnderOpenBatch(core, keyOf(draw.pick(recent))) : undefined;
  });
}
