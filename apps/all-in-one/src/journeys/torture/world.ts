import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { startEmbeddedPostgres } from '@tillstream/event-store/embedded';
import { clearingDateOf, FaultProxy, type BankHost, type Terminal } from '@tillstream/simulator';
import pg from 'pg';
import { addDays } from '@tillstream/domain/calendar/date';
import { demoMerchants } from '../../demo/roster.ts';
import { ChildNode } from '../child-node.ts';
import { JourneyNode } from '../journey-node.ts';
import { instantOf } from '../shanghai.ts';
import { until } from '../until.ts';
import { habitOf, TortureFleet } from './fleet.ts';
import { SpoiltFiles } from './spoilt-files.ts';
import { Witness } from './witness.ts';

/** How the foreign world is made. */
export interface WorldSettings {
  readonly seed: string;
  /** Where the business clock begins, Shanghai. */
  readonly from: string;
  readonly terminals: number;
}

const answerTimerMs = 1_500;
const channelTimerMs = 600;

/**
 * The node in a process of its own, and everything that outlives it: terminals with their characters, the card network, the bank, and
 * lines between them that lose, delay, double and spoil what they carry.
 */
export class TortureWorld {
  readonly journey: JourneyNode;
  readonly witness = new Witness();
  readonly fleet: TortureFleet;
  readonly terminals: readonly Terminal[];
  readonly files: SpoiltFiles;
  readonly #lines: readonly FaultProxy[];
  readonly #ports: { readonly network: number; readonly bank: number };
  #child: ChildNode | undefined;
  #pool: pg.Pool | undefined;

  private constructor(
    journey: JourneyNode,
    seed: string,
    lines: readonly FaultProxy[],
    ports: { readonly terminals: number; readonly network: number; readonly bank: number },
  ) {
    this.journey = journey;
    this.#lines = lines;
    this.#ports = ports;
    this.terminals = journey.roster.map((_, index) =>
      journey.terminal(index + 1, {
        gateway: { host: '127.0.0.1', port: ports.terminals },
        answerTimerMs,
        tries: 2,
        reversals: habitOf(seed, index + 1),
        onExchange: this.witness.saw,
      }),
    );
    this.fleet = new TortureFleet(this.terminals, seed);
    const merchants = demoMerchants.map(({ merchantId }) => merchantId);
    this.files = new SpoiltFiles(journey.foreign.network.files, seed, merchants);
  }

  /** Makes the data folder, registers merchants and terminals, and leaves the node down. */
  static async open({ seed, from, terminals }: WorldSettings): Promise<TortureWorld> {
    const journey = await JourneyNode.start({
      from,
      terminals,
      seed,
      answerTimerMs,
      channelTimerMs,
      channelRetryMs: 40,
      lateAnswerMs: channelTimerMs + 150,
      embedded: true,
      bankFaults: {
        seed,
        payouts: { reject: 0.12, return: 0.12, late: 0.12, twice: 0.12, silent: 0.12 },
        line: { unavailable: 0.04, 'cut-before': 0.04, 'cut-after': 0.04, 'half-answer': 0.04, delay: 0.04 },
        silentMs: 700,
      },
    });
    const { world } = journey.childSettings;
    const bankPort = Number(new URL(world.bankUrl).port);
    await journey.stop();
    const line = (name: string, port: number, faults: object): FaultProxy =>
      new FaultProxy({ target: { host: '127.0.0.1', port }, seed: `${seed} ${name}`, ...faults });
    const lines = [
      line('terminals', journey.gatePort, {
        delay: { chance: 0.01, ms: 300 },
        cut: { chance: 0.004 },
        duplicate: { chance: 0.006 },
        flip: { chance: 0.003 },
      }),
      line('network', world.networkPort, {
        delay: { chance: 0.01, ms: 400 },
        cut: { chance: 0.002 },
        duplicate: { chance: 0.006 },
        flip: { chance: 0.003 },
      }),
      line('bank', bankPort, { delay: { chance: 0.05, ms: 200 }, cut: { chance: 0.05 } }),
    ];
    const [terminalPort = 0, networkPort = 0, bankProxy = 0] = await Promise.all(lines.map((one) => one.listen()));
    return new TortureWorld(journey, seed, lines, { terminals: terminalPort, network: networkPort, bank: bankProxy });
  }

  get bank(): BankHost {
    return this.journey.foreign.bank;
  }

  /** The node's process, while there is one. */
  get child(): ChildNode {
    if (this.#child === undefined) throw new Error('the node is down');
    return this.#child;
  }

  /** Starts the node's process and waits until it takes payments; gives how long that took, ms. Rejects with `ChildGone`. */
  async startNode(failAt?: string): Promise<number> {
    const began = performance.now();
    const { journey } = this;
    const bankUrl = `http://127.0.0.1:${this.#ports.bank}`;
    const world = { ...journey.childSettings.world, networkPort: this.#ports.network, bankUrl };
    const started = await ChildNode.start({ ...journey.childSettings, world, failAt });
    this.#child = started.child;
    journey.terminalGate.leadTo(started.ready.terminals);
    const took = performance.now() - began;
    // Its clock goes on from where it stood; a move that was asked for and not stored is asked for again.
    await started.child.ask({ ask: 'clock', at: journey.now() });
    return took;
  }

  /** `kill -9`, of the database server too when asked; resolves when both are gone. */
  async kill({ database }: { readonly database: boolean }): Promise<void> {
    const child = this.#child;
    if (database) await this.#killDatabase();
    if (child !== undefined && child.ended === undefined) await child.end('SIGKILL');
    this.#child = undefined;
  }

  /** Stops the node in order, for the checks that open its data in this process. */
  async stopNode(): Promise<void> {
    const ended = await this.#child?.end('SIGTERM');
    this.#child = undefined;
    if (ended !== undefined && ended.code !== 0)
      throw new Error(`the node stopped with ${ended.code}: ${ended.output}`);
  }

  /** Moves the business clock, Shanghai time; the foreign world follows. */
  async at(local: string): Promise<void> {
    const at = Math.max(instantOf(local), this.journey.now());
    const before = clearingDateOf(this.journey.now());
    this.journey.follow(at);
    // Before the node knows of the new time, so that it sees no file that is not spoilt yet.
    for (let date = before; date < clearingDateOf(at); date = addDays(date, 1)) this.files.over(date);
    await this.child.ask({ ask: 'clock', at });
  }

  /** Lines without faults, or with them again. */
  heal(healed: boolean): void {
    for (const line of this.#lines) line.suspend(healed);
  }

  /** Waits until nothing is in doubt and nothing follows from anything any more. Rejects with `ChildGone`. */
  async drained(): Promise<void> {
    const { child } = this;
    let inDoubt = -1;
    await until(
      'nothing is in doubt',
      async () => (inDoubt = await child.ask<number>({ ask: 'in-doubt' })) === 0,
      () => ({ inDoubt }),
    );
    await child.ask({ ask: 'settled' });
  }

  /** A pool of our own on the node's database, which must be up. */
  async database(): Promise<pg.Pool> {
    const { url } = await startEmbeddedPostgres({ folder: this.journey.folder.path });
    if (this.#pool !== undefined && this.#pool.options.connectionString === url) return this.#pool;
    await this.#pool?.end();
    this.#pool = new pg.Pool({ connectionString: url, max: 2 });
    this.#pool.on('error', () => undefined);
    return this.#pool;
  }

  async close({ keep }: { readonly keep: boolean }): Promise<void> {
    await this.fleet.pause();
    await this.#child?.end('SIGKILL');
    await this.#pool?.end();
    await Promise.all(this.#lines.map((line) => line.close()));
    await this.journey.close({ keep });
  }

  async #killDatabase(): Promise<void> {
    const file = join(this.journey.folder.path, 'postgres', 'data', 'postmaster.pid');
    const pid = Number(readFileSync(file, 'utf8').split('\n', 1)[0]);
    if (!Number.isInteger(pid) || pid < 2) throw new Error(`no process id in ${file}`);
    process.kill(pid, 'SIGKILL');
    await this.#pool?.end();
    this.#pool = undefined;
  }
}
