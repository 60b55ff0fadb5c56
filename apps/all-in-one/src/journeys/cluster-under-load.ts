import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { lengthOf } from '@tillstream/event-store/testing';
import { startBroker, type Broker } from '@tillstream/messaging/broker';
import type { Cluster, Instances } from '../cluster/cluster.ts';
import type { ServiceName } from '../cluster/service-process.ts';
import { breaches, moneyBreaches } from './audit.ts';
import { card } from './cards.ts';
import { JourneyNode } from './journey-node.ts';
import { Traffic } from './traffic.ts';
import { patience, until } from './until.ts';

/** Terminals that sell through every fault; the others are for what is looked at one by one. */
const TRADING = [1, 2, 3, 4, 5];
const TERMINALS = 14;
/** Few cards, because each is looked for in everything that is written; few sales a second, because the machine does all the rest too. */
const PACE = { cards: 25, pauseMs: 60 };

/** Who holds a relay of nobody's. */
const STRANGER = 'a spec';

/** A cluster of processes with a broker and a database server of its own, all of which can be killed, and terminals that sell meanwhile. */
export class ClusterUnderLoad {
  readonly broker: Broker;
  readonly journey: JourneyNode;
  readonly #folder: string;
  #serial = 0;
  #traffic: Traffic | undefined;

  private constructor(folder: string, broker: Broker, journey: JourneyNode) {
    this.#folder = folder;
    this.broker = broker;
    this.journey = journey;
  }

  static async start(instances: Instances): Promise<ClusterUnderLoad> {
    // A dozen processes and a broker on a machine that does other things too.
    patience.ms = 90_000;
    const folder = mkdtempSync(join(tmpdir(), 'tillstream-faults-'));
    const { KAFKA_BROKERS: _given, ...environment } = process.env;
    const topics = join(folder, 'kafka');
    const broker = await startBroker({ folder: topics, environment });
    try {
      const journey = await JourneyNode.start({
        ...{ from: '2026-11-23 10:00:00', embedded: true, terminals: TERMINALS },
        // Short, so that what nobody answers is over soon; the pauses of a reversal grow to sixty times the first.
        ...{ answerTimerMs: 5_000, channelTimerMs: 2_500, channelRetryMs: 100 },
        cluster: { instances, brokers: broker.brokers, ...(broker.how === 'jvm' ? { topics } : {}) },
      });
      return new ClusterUnderLoad(folder, broker, journey);
    } catch (error) {
      await broker.stop();
      throw error;
    }
  }

  get cluster(): Cluster {
    return this.journey.cluster;
  }

  /** Terminals begin to sell. */
  traffic(): Traffic {
    this.#traffic = new Traffic(this.journey, TRADING, PACE);
    return this.#traffic;
  }

  /** Leaves nothing of a fault that was broken off to the next one: the broker is there, nobody sells. */
  async calm(): Promise<void> {
    await this.broker.start();
    await this.#traffic?.stop();
  }

  /** A sale of terminal n: F39 of its answer, why it was not sent, or `none` without an answer. `wish`: see {@link card}. */
  async sale(n: number, wish?: string): Promise<string> {
    const presented = card('credit', 500 + ((this.#serial += 1) % PACE.cards), wish === undefined ? {} : { wish });
    const outcome = await this.journey.terminal(n).sale({ amount: 700, card: presented });
    switch (outcome.is) {
      case 'answered':
        return outcome.code;
      case 'refused':
        return outcome.why;
      default:
        return 'none';
    }
  }

  /**
   * Ends the traffic; every batch balances with what its terminal was told. Gives what is wrong about the whole, in words; in an ordinary run
   * what is costly to look at is looked at once, at the end.
   */
  async problems(traffic: Traffic): Promise<string[]> {
    const { journey } = this;
    await traffic.stop();
    const unbalanced = await traffic.settle();
    await journey.decided();
    const broken = await lengthOf({ ci: moneyBreaches, full: breaches })(journey);
    const behind = (await journey.node.feed.positions())
      .filter(({ position, head, parkedKeys }) => position < head || parkedKeys > 0)
      .map(({ group, position, head, parkedKeys }) => `${group}: ${position} of ${head}, ${parkedKeys} keys parked`);
    return [...unbalanced, ...broken, ...behind];
  }

  /** Numbers of the instances of a service that serve. */
  instances(service: ServiceName): number[] {
    return this.cluster.processes(service).map(({ settings }) => Number(settings.instance.split('-').at(-1)));
  }

  /** Number of the ledger's instance that publishes the facts; undefined while none does. */
  async relayHolder(): Promise<number | undefined> {
    const { pool } = this.journey.node;
    const found = await pool.query<{ holder: string }>('select holder from state.relay where held_until > now()');
    const n = /^ledger-(\d+) /.exec(found.rows[0]?.holder ?? '')?.[1];
    return n === undefined ? undefined : Number(n);
  }

  /** Takes the relay away from whoever holds it and forgets how far it was: the next holder publishes every fact again. */
  async publishEverythingAgain(): Promise<void> {
    const { pool, platform } = this.journey.node;
    await pool.query('update state.relay set position = 0, holder = $1, held_until = now()', [STRANGER]);
    const head = await platform.store.head();
    await until('everything was published again', async () => {
      const found = await pool.query<{ holder: string | null; position: string }>(
        'select holder, position::text from state.relay',
      );
      const [row] = found.rows;
      return row?.holder !== STRANGER && BigInt(row?.position ?? 0) >= head;
    });
  }

  /** As `kill -9` of the database server; the launcher starts it again. */
  killPostgres(): void {
    const file = join(this.journey.folder.path, 'postgres', 'data', 'postmaster.pid');
    const pid = Number(readFileSync(file, 'utf8').split('\n', 1)[0]);
    if (!Number.isInteger(pid) || pid < 2) throw new Error(`no process id in ${file}`);
    process.kill(pid, 'SIGKILL');
  }

  async close(): Promise<void> {
    await this.journey.close().finally(() => this.broker.stop());
    rmSync(this.#folder, { recursive: true, force: true });
  }
}
