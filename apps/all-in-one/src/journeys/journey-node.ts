import { mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { nextWorkingDay } from '@tillstream/domain/calendar/working-days';
import type { Noun } from '@tillstream/domain/stream';
import type { StoredRecord } from '@tillstream/event-store';
import { Journal, Terminal, type TerminalSettings } from '@tillstream/simulator';
import { registerDemo } from '../demo/registration.ts';
import { DEMO_ACQUIRER, demoTerminals, type DemoTerminal } from '../demo/roster.ts';
import type { NodeFolder } from '../host/data-folder.ts';
import type { Cluster } from '../cluster/cluster.ts';
import { allFacts } from './all-facts.ts';
import type { ChildSettings } from './child-node.ts';
import { ForeignHosts } from './foreign-hosts.ts';
import { Gate } from './gate.ts';
import { PageClient } from './page-client.ts';
import { databaseOnServer, embeddedDatabase, type JourneyDatabase } from './journey-database.ts';
import { hostOnCluster, hostOnNode, type HostedNode, type HostedServices, type JourneyHost } from './journey-host.ts';
import type { JourneyOptions } from './journey-options.ts';
import { instantOf } from './shanghai.ts';
import { until } from './until.ts';

/**
 * The real node on a database of its own, the foreign hosts and the terminals beside it in this process, everything over real
 * sockets; the business clock stands still wherever the journey puts it.
 */
export class JourneyNode {
  readonly #options: JourneyOptions;
  #database: JourneyDatabase | undefined;
  readonly #folder: string;
  readonly #world: string;
  readonly #leaveFolder: (() => void) | undefined;
  readonly foreign: ForeignHosts;
  /** Between the terminals and the node. */
  readonly terminalGate = new Gate();
  /** Between the node and the card network. */
  readonly networkGate = new Gate();
  readonly roster: readonly DemoTerminal[];
  readonly terminals = new Map<number, Terminal>();
  readonly clients = new Map<number, PageClient>();
  #gatePort = 0;
  #networkPort = 0;
  #host: JourneyHost | undefined;
  #businessNow: number;

  private constructor(options: JourneyOptions) {
    this.#options = process.env['TILLSTREAM_JOURNEY_ON'] === 'cluster' ? { cluster: {}, ...options } : options;
    this.#folder = mkdtempSync(join(tmpdir(), 'tillstream-journey-'));
    // The foreign world has a disk of its own, whatever a journey does to the node's.
    this.#world = options.onFolder ? mkdtempSync(join(tmpdir(), 'tillstream-world-')) : this.#folder;
    this.#leaveFolder = options.onFolder?.(this.#folder);
    this.#businessNow = instantOf(options.from);
    this.roster = demoTerminals(options.terminals ?? 7);
    this.foreign = new ForeignHosts(join(this.#world, 'simulator'), () => this.now(), options);
  }

  /** Starts everything and registers the demo's channel, merchants and terminals. */
  static async start(options: JourneyOptions): Promise<JourneyNode> {
    const journey = new JourneyNode(options);
    try {
      journey.#database = options.embedded
        ? await embeddedDatabase(journey.#folder, journey.now())
        : await databaseOnServer(journey.now());
      const networkPort = await journey.foreign.listen();
      journey.networkGate.leadTo({ host: '127.0.0.1', port: networkPort });
      [journey.#gatePort, journey.#networkPort] = await Promise.all([
        journey.terminalGate.listen(),
        journey.networkGate.listen(),
      ]);
      await journey.open();
      await registerDemo(journey.services.api, journey.roster);
      await journey.services.ready();
      return journey;
    } catch (error) {
      await journey.close().catch(() => undefined);
      throw error;
    }
  }

  get node(): HostedNode {
    return this.#running.node;
  }

  get services(): HostedServices {
    return this.#running.services;
  }

  /** The processes of a journey on the cluster. */
  get cluster(): Cluster {
    const { cluster } = this.#running;
    if (cluster === undefined) throw new Error('this journey runs on the single node');
    return cluster;
  }

  get #running(): JourneyHost {
    if (this.#host === undefined) throw new Error('the node is down');
    return this.#host;
  }

  /** Folder of the topics of a journey that has a broker of its own. */
  get topics(): string | undefined {
    return this.#options.cluster?.topics;
  }

  get folder(): NodeFolder {
    const path = this.#folder;
    return { path, logFile: join(path, 'log', 'node.log'), simulatorFolder: join(this.#world, 'simulator') };
  }

  /** Where terminals find the gate to the node, on loopback. */
  get gatePort(): number {
    return this.#gatePort;
  }

  /** The node's settings, as variables of its environment. */
  get environment(): Readonly<Record<string, string>> {
    const { answerTimerMs = 20_000, channelTimerMs = 15_000, channelRetryMs = 1_000 } = this.#options;
    const url = this.#database?.url;
    return {
      TILLSTREAM_ANSWER_TIMER: `${answerTimerMs}ms`,
      TILLSTREAM_CHANNEL_TIMER: `${channelTimerMs}ms`,
      TILLSTREAM_CHANNEL_RETRY: `${channelRetryMs}ms`,
      ...(url === undefined ? {} : { DATABASE_URL: url }),
      ...this.#options.environment,
    };
  }

  /** What a node in a child process needs to take this one's place. */
  get childSettings(): ChildSettings {
    return { folder: this.#folder, environment: this.environment, world: this.foreign.world(this.#networkPort) };
  }

  /** The business instant, also while the node is down; ms since the epoch. */
  now(): number {
    return this.#businessNow;
  }

  /** The foreign world's clock alone goes to an instant, ms since the epoch; a node in a child process is told by its own way. */
  follow(at: number): void {
    this.#businessNow = at;
  }

  /** Opens the node on the journey's database: at the start, and after {@link stop}. */
  async open(): Promise<void> {
    for (const name of ['log', 'keys']) mkdirSync(join(this.#folder, name), { recursive: true });
    mkdirSync(this.folder.simulatorFolder, { recursive: true });
    const world = this.foreign.world(this.#networkPort);
    const settings = { environment: this.environment, folder: this.folder, world };
    const { cluster } = this.#options;
    this.#host = await (cluster ? hostOnCluster(settings, cluster) : hostOnNode(settings));
    this.terminalGate.leadTo(this.services.terminalAddress);
  }

  /** Stops the node in order; the foreign world stays. */
  async stop(): Promise<void> {
    const host = this.#host;
    this.#host = undefined;
    const report = await host?.node.platform.lifecycle.stop('the journey says so');
    if (report !== undefined && report.failed.length > 0) throw new Error(`stop: ${JSON.stringify(report.failed)}`);
  }

  /** Another database in the place of this one, for the next {@link open}; the node is down. The journey drops both. */
  async moveTo(database: JourneyDatabase): Promise<void> {
    if (this.#host !== undefined) throw new Error('the node runs; stop it first');
    await this.#database?.drop();
    this.#database = database;
  }

  /** Stops and opens the node, and waits until payments are taken again. */
  async restart(): Promise<void> {
    await this.stop();
    await this.open();
    await this.services.ready();
  }

  /** Puts the business clock to a Shanghai time, where it stands still. */
  async at(local: string): Promise<void> {
    const at = new Date(instantOf(local));
    await this.node.clock.set({ at, rate: 1, holdAt: at });
    this.#businessNow = at.getTime();
  }

  /**
   * Passes the cut-off of a date and waits for its books; the network closes the date and the bank has its net on the next
   * working day's books.
   */
  async endDay(date: string): Promise<number> {
    await this.settled();
    const after = instantOf(`${date} 23:00:01`);
    if (this.now() < after) await this.at(`${date} 23:00:01`);
    await until(`the books of ${date} are closed`, () => this.services.work.dayEnded(date));
    await this.settled();
    const due = nextWorkingDay(date);
    if (!due.ok) throw new Error(`no working day after ${date}`);
    return this.foreign.endClearing(date, due.date);
  }

  /** The early morning of a date: the bank's credits are there, and what is due is paid. */
  async morning(date: string): Promise<void> {
    await this.at(`${date} 04:00:00`);
    await until(`the payouts due on ${date} are answered`, () => this.services.work.paidOut(date));
    await this.settled();
  }

  /** Waits until nothing follows from anything any more. */
  async settled(): Promise<void> {
    let done = false;
    let failure: unknown;
    void this.services.work.settled().then(
      () => (done = true),
      (error: unknown) => {
        failure = error;
        done = true;
      },
    );
    let seen: unknown;
    const look = async (): Promise<boolean> => {
      const groups = await this.node.feed.positions();
      const behind = groups.filter(({ position, head }) => position < head);
      seen = behind.map(
        ({ group, position, head, parkedKeys }) => `${group} ${position} of ${head}, parked ${parkedKeys}`,
      );
      return done;
    };
    await until('no fact group lags and settlement is idle', look, () => seen);
    if (failure !== undefined) throw failure as Error;
  }

  /** Waits until no operation is undecided. */
  async decided(): Promise<void> {
    let seen: unknown;
    const look = async (): Promise<boolean> => {
      if ((await this.services.work.inDoubt()) === 0) return true;
      seen = (await this.services.api.get<{ items: unknown }>('/in-doubt')).items;
      return false;
    };
    await until('nothing is in doubt', look, () => seen);
  }

  /** The demo's terminal number n (from 1), unpacked at its first use; `stan`: the last STAN that it has used before. */
  terminal(n: number, options: Partial<TerminalSettings> & { readonly stan?: string } = {}): Terminal {
    const known = this.terminals.get(n);
    if (known !== undefined) return known;
    const { stan, ...settings } = options;
    const { terminalId, merchantId, merchantName, model, tmkHex } = this.place(n);
    const journalPath = join(this.#world, 'simulator', `${terminalId}.ndjson`);
    if (stan !== undefined) {
      const journal = new Journal(journalPath);
      journal.append({ t: 'stan', stan });
      journal.close();
    }
    const terminal = new Terminal({
      terminal: { terminalId, merchantId, merchantName, acquirer: DEMO_ACQUIRER, model, tmkHex },
      gateway: { host: '127.0.0.1', port: this.#gatePort },
      answerTimerMs: this.#options.answerTimerMs ?? 20_000,
      journalPath,
      now: () => this.now(),
      ...settings,
    });
    this.terminals.set(n, terminal);
    return terminal;
  }

  /** The page's client with the numbers and the key of terminal n. */
  page(n: number): PageClient {
    const known = this.clients.get(n);
    if (known !== undefined) return known;
    const { terminalId, merchantId, tmkHex } = this.place(n);
    const timeoutMs = this.#options.answerTimerMs ?? 20_000;
    const near = { host: '127.0.0.1', port: this.#gatePort };
    const client = new PageClient({ ...near, terminalId, merchantId, tmkHex, timeoutMs });
    this.clients.set(n, client);
    return client;
  }

  /** The roster's entry of terminal n. */
  place(n: number): DemoTerminal {
    const place = this.roster[n - 1];
    if (place === undefined) throw new Error(`the roster has no terminal ${n}`);
    return place;
  }

  /** Every fact of these nouns (all when none is given), in order. */
  facts(...nouns: readonly Noun[]): Promise<StoredRecord[]> {
    return allFacts(this.node.platform.store, nouns);
  }

  /** Ends everything; the folder is removed unless it is kept for a person to look into. */
  async close({ keep = false }: { readonly keep?: boolean } = {}): Promise<void> {
    for (const terminal of this.terminals.values()) await terminal.close();
    for (const client of this.clients.values()) client.close();
    await this.stop().finally(async () => {
      await Promise.all([this.terminalGate.close(), this.networkGate.close(), this.foreign.close()]);
      await this.#database?.drop();
      this.#leaveFolder?.();
      if (keep) return;
      for (const folder of [this.#folder, this.#world]) rmSync(folder, { recursive: true, force: true });
    });
  }
}
