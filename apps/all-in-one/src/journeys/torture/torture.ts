import { addDays } from '@tillstream/domain/calendar/date';
import { breaches } from '../audit.ts';
import { ChildGone } from '../child-node.ts';
import { until } from '../until.ts';
import type { Broken } from './model/evidence.ts';
import { Model } from './model/model.ts';
import { workInOffice } from './office.ts';
import { dayAfter, planRounds, type Round } from './torture-plan.ts';
import { TortureFailed, type TortureReport, type TortureSettings } from './torture-report.ts';
import { TortureWorld } from './world.ts';

/** The first business date of a run, a Monday. */
const FIRST_DATE = '2026-11-23';

/**
 * Kills the node again and again under load, lets it recover, and holds what it stored against the independent model after each kill;
 * at the end the day is closed and paid, and every invariant is checked. The same seed gives the same plan, terminals and faults; when
 * exactly the system runs what is the machine's. @throws TortureFailed
 */
export async function torture(settings: TortureSettings): Promise<TortureReport> {
  const { rounds, seed, trafficMs = 1_200, roundsPerDay = 20, terminals = 14 } = settings;
  const world = await TortureWorld.open({ seed, from: `${FIRST_DATE} 09:00:00`, terminals });
  const run = new TortureRun(world, settings);
  let failed = true;
  try {
    const report = await run.all(planRounds({ rounds, seed, from: FIRST_DATE, trafficMs, roundsPerDay }));
    failed = false;
    return report;
  } finally {
    await world.close({ keep: failed });
  }
}

class TortureRun {
  readonly #world: TortureWorld;
  readonly #model: Model;
  readonly #seed: string;
  readonly #say: (line: string) => void;
  readonly #recoveries: number[] = [];
  readonly #began = performance.now();
  #kills = 0;
  #atPoints = 0;
  readonly #points = new Map<string, number>();
  /** Armed in the node that runs. */
  #failAt: string | undefined;
  #databaseKills = 0;

  constructor(world: TortureWorld, { seed, onProgress = () => undefined }: TortureSettings) {
    this.#world = world;
    this.#model = new Model(world.journey.folder.simulatorFolder, world.witness, {
      paid: () => world.bank.paid(),
      files: world.files.byDate,
    });
    this.#seed = seed;
    this.#say = onProgress;
  }

  async all(plan: readonly Round[]): Promise<TortureReport> {
    await this.#start(plan[0]?.failAt);
    for (const [index, round] of plan.entries()) await this.#round(round, plan[index + 1], plan.length);
    const last = plan.at(-1);
    // After a morning the next business date is open.
    await this.#end(last?.part === 'morning' ? dayAfter(last.date) : (last?.date ?? FIRST_DATE));
    return {
      seed: this.#seed,
      kills: this.#kills,
      atPoints: this.#atPoints,
      points: Object.fromEntries([...this.#points].sort()),
      databaseKills: this.#databaseKills,
      payments: this.#model.store.payments,
      overdue: this.#model.store.overdue,
      facts: this.#model.store.position,
      recoveries: this.#recoveries.toSorted((a, b) => a - b),
      seconds: (performance.now() - this.#began) / 1_000,
    };
  }

  /** A life of the node: its part of the day, traffic, the kill, the next start, and what the model says. */
  async #round(round: Round, next: Round | undefined, of: number): Promise<void> {
    const world = this.#world;
    const began = performance.now();
    const { payments } = this.#model.store;
    world.heal(false);
    world.fleet.start();
    await this.#lived(round);
    const died = await this.#kill(round);
    const lived = Math.round(performance.now() - began);
    await this.#start(next?.failAt);
    if (round.checkAfter) await this.#check(`after round ${round.n}`);
    const recovered = ((this.#recoveries.at(-1) ?? 0) / 1_000).toFixed(1);
    const paid = round.checkAfter ? `, ${this.#model.store.payments - payments} payments` : '';
    const what = `${String(round.n).padStart(3)}/${of} ${round.date} ${round.part.padEnd(7)}`;
    this.#say(`${what} ${died} after ${lived} ms, up again in ${recovered} s${paid}`);
  }

  /** The part's own events and its traffic, until the time is over or the node has died. */
  async #lived({ part, date, trafficMs, office }: Round): Promise<void> {
    const world = this.#world;
    const { child } = world;
    const half = async (): Promise<void> => void (await Promise.race([child.gone, rest(trafficMs / 2)]));
    await half();
    if (child.ended !== undefined) return;
    await this.#unlessGone(async () => {
      await world.at(part === 'trade' ? `${date} 10:00:00` : `${date} 23:00:01`);
      if (part === 'morning') await this.#morning(date);
    });
    await half();
    if (office) await this.#unlessGone(() => workInOffice(child, () => world.bank.paid()));
  }

  /** The network has closed the date and its bank has booked the net. */
  async #morning(date: string, isLast = false): Promise<void> {
    const world = this.#world;
    await until(`the books of ${date} are closed`, () => world.child.ask<boolean>({ ask: 'day-ended', date }));
    const due = dayAfter(date);
    await world.at(`${due} 04:00:00`);
    // Over a weekend the network closes days on which hardly anybody paid.
    for (let day = date; day < due; day = addDays(day, 1)) {
      world.files.toBePaid(day, isLast);
      world.journey.foreign.endClearing(day, due);
    }
  }

  async #kill({ failAt, killDatabase }: Round): Promise<string> {
    const world = this.#world;
    this.#kills += 1;
    const { ended } = world.child;
    if (ended !== undefined) {
      if (ended.signal !== 'SIGKILL') throw new Error(`the node ended by itself: ${ended.output}`);
      this.#atPoints += 1;
      this.#diedAtPoint();
    }
    if (killDatabase) this.#databaseKills += 1;
    await world.kill({ database: killDatabase });
    const died = ended === undefined ? 'killed' : `died at ${failAt ?? 'a point'}`;
    return killDatabase ? `${died}, its database too,` : died;
  }

  /** Starts the node; one that dies at its crash point before it is up is started again without. */
  async #start(failAt: string | undefined): Promise<void> {
    try {
      this.#failAt = failAt;
      this.#recoveries.push(await this.#world.startNode(failAt));
    } catch (error) {
      if (!(error instanceof ChildGone) || failAt === undefined) throw error;
      this.#diedAtPoint();
      this.#failAt = undefined;
      this.#say(`    died at ${failAt} while it started`);
      await this.#world.kill({ database: false });
      this.#recoveries.push(await this.#world.startNode());
    }
  }

  #diedAtPoint(): void {
    const [name = ''] = this.#failAt?.split(':') ?? [];
    this.#points.set(name, (this.#points.get(name) ?? 0) + 1);
  }

  /** Lets everything come to rest and asks the model. */
  async #check(where: string): Promise<void> {
    const world = this.#world;
    await rest(150);
    await world.fleet.pause();
    world.heal(true);
    await this.#drained();
    await this.#judge(where);
  }

  /** Nothing is in doubt and nothing is left to follow; a node that dies at its crash point meanwhile is started again without. */
  async #drained(): Promise<void> {
    const world = this.#world;
    while (!(await this.#unlessGone(() => world.drained()))) {
      this.#diedAtPoint();
      this.#say(`    died at ${this.#failAt ?? 'a point'} while it recovered`);
      await world.kill({ database: false });
      await this.#start(undefined);
    }
  }

  /** Day 31 after the last hold: nothing is held any more, and nothing can be completed. */
  async #expire(from: string): Promise<void> {
    const world = this.#world;
    this.#say('what is held lapses');
    await world.at(`${addDays(from, 31)} 10:00:00`);
    const pool = await world.database();
    await until('every hold has lapsed', async () => {
      await this.#model.store.read(pool);
      return this.#model.store.holds.held.length === 0;
    });
    const late = await world.fleet.completeHolds((key) => this.#model.store.holds.standingOf(key));
    await world.drained();
    this.#fail('after day 31', late);
    await this.#judge('after day 31', { afterExpiry: true });
  }

  /** Some of the holds are completed to the last fen that is allowed; not one fen more, and only those that are open. */
  async #complete(): Promise<void> {
    const world = this.#world;
    this.#say('open holds are completed');
    // What a terminal has pending goes before a completion and may end the hold.
    await until('no terminal has anything pending', async () => (await world.fleet.clearUp()) === 0);
    await world.drained();
    await this.#model.store.read(await world.database());
    const { holds } = this.#model.store;
    this.#fail('when holds are completed', await world.fleet.completeHolds((key) => holds.standingOf(key)));
  }

  /** The margin is not waited for: what the bank has paid too much may keep it in the reserve until the books close. */
  async #paidOut(date: string): Promise<void> {
    const { store } = this.#model;
    await until(
      `what is due after ${date} has the bank's answer`,
      async () => {
        await this.#world.child.ask({ ask: 'settled' });
        await store.read(await this.#world.database());
        return store.credited.has(date) && store.payouts.open.size === 0;
      },
      () => [...store.payouts.open],
    );
  }

  #fail(where: string, broken: readonly Broken[]): void {
    if (broken.length > 0) throw new TortureFailed(where, this.#seed, this.#world.journey.folder.path, broken);
  }

  async #judge(where: string, when: { readonly atEnd?: true; readonly afterExpiry?: true } = {}): Promise<void> {
    const world = this.#world;
    world.witness.ask(world.terminals);
    const judged = async (): Promise<readonly Broken[]> => this.#model.judge(await world.database(), when);
    let broken = await judged();
    // The bank answers when it likes: while that is being booked the rules of a system at rest say nothing.
    for (let left = 20; broken.length > 0 && left > 0 && (await this.#movedOn()); left -= 1) broken = await judged();
    this.#fail(where, broken);
  }

  /** True when facts came since the model read the last time. */
  async #movedOn(): Promise<boolean> {
    const { store } = this.#model;
    const before = store.position;
    await this.#drained();
    await store.read(await this.#world.database());
    return store.position !== before;
  }

  /** Network healed, batches settled, the day closed, credited and paid; then every invariant. */
  async #end(date: string): Promise<void> {
    const world = this.#world;
    await world.fleet.pause();
    world.heal(true);
    world.bank.calm();
    await world.kill({ database: false });
    await this.#start(undefined);
    await this.#complete();
    this.#say('every terminal settles');
    let left: string[] = [];
    await until(
      'every terminal has settled',
      async () => (left = await world.fleet.settle()).length === 0,
      () => left,
    );
    await world.drained();
    this.#say(`${date} is closed and paid`);
    await world.at(`${date} 23:00:01`);
    await this.#morning(date, true);
    const due = dayAfter(date);
    await this.#paidOut(date);
    await world.drained();
    await this.#judge('at the end', { atEnd: true });
    await this.#expire(due);
    await world.stopNode();
    this.#say('the whole history is replayed and checked');
    await world.journey.open();
    await world.journey.services.ready();
    const problems = await breaches(world.journey);
    this.#fail(
      'at the end',
      problems.map((detail) => ({ rule: 'the invariants of the whole history', detail })),
    );
  }

  /** False when the node died meanwhile. */
  async #unlessGone(work: () => Promise<void>): Promise<boolean> {
    try {
      await work();
      return true;
    } catch (error) {
      if (error instanceof ChildGone) return false;
      throw error;
    }
  }
}

const rest = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms));
