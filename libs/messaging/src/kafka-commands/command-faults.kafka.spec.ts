import { spawn } from 'node:child_process';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { freshDatabase, type FreshDatabase } from '@tillstream/event-store/testing';
import { startBroker, type Broker } from '../broker/index.ts';
import { migrateMessaging } from '../in-process/state-tables.ts';
import { ensureTopics } from '../kafka/ensure-topics.ts';
import { partitionOf } from '../kafka/partition-of.ts';
import { openKafka, type KafkaSettings } from '../kafka/settings.ts';
import { KeyTenure } from '../ownership/key-tenure.ts';
import type { CommandOutcome } from '../port.ts';
import { kafkaForSpecs } from '../testing/index.ts';
import { KafkaCommandClient } from './kafka-command-client.ts';
import { KafkaCommandServer, type KafkaCommandServerOptions } from './kafka-command-server.ts';

const kafka = await kafkaForSpecs();
const SALE = 'authorization.sale';
const inMs = (ms: number): number => Date.now() + ms;
const pause = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms));

async function until(isTrue: () => boolean | Promise<boolean>, timeoutMs = 60_000): Promise<void> {
  for (const deadline = inMs(timeoutMs); !(await isTrue()); await pause(20))
    if (Date.now() > deadline) throw new Error('it did not become true in time');
}

(kafka === undefined ? describe.skip : describe)('commands over Kafka when something fails', () => {
  let database: FreshDatabase;
  const opened: { close(): Promise<unknown> }[] = [];

  beforeAll(async () => {
    database = await freshDatabase();
    await migrateMessaging(database.pool);
  });
  afterEach(async () => {
    for (const one of opened.splice(0).reverse()) await one.close();
  });
  afterAll(() => database.drop());

  async function settled(broker?: Broker): Promise<KafkaSettings> {
    const shared = (kafka as NonNullable<typeof kafka>).settings();
    const settings = broker === undefined ? shared : { ...shared, brokers: broker.brokers };
    await ensureTopics(openKafka(settings), settings, { only: ['authorizationCommands', 'replies'] });
    return settings;
  }

  function serving(
    settings: KafkaSettings,
    handler: (bytes: Buffer) => Promise<Buffer>,
    more: Partial<KafkaCommandServerOptions> = {},
  ): KafkaCommandServer {
    const server = new KafkaCommandServer({
      ...{ kafka: openKafka(settings), prefix: settings.prefix, service: 'authorization' },
      ...more,
    });
    server.addHandler(SALE, handler);
    server.listen(() => undefined);
    opened.push(server);
    return server;
  }

  async function sending(settings: KafkaSettings): Promise<KafkaCommandClient> {
    const client = new KafkaCommandClient({
      ...{ kafka: openKafka(settings), prefix: settings.prefix, pool: database.pool, holder: 'spec' },
    });
    opened.push(client);
    await client.start();
    return client;
  }

  it('a server that is killed while it works: every command is answered by its successor, and each sender hears one answer', async () => {
    const settings = await settled();
    const child = spawn(
      process.execPath,
      [
        ...['--conditions=@tillstream/source', '--disable-warning=ExperimentalWarning'],
        fileURLToPath(new URL('./command-server.child.ts', import.meta.url)),
      ],
      {
        env: {
          ...{ PATH: process.env['PATH'], SPEC_PREFIX: settings.prefix, SPEC_BROKERS: settings.brokers.join(',') },
        },
        stdio: ['ignore', 'pipe', 'inherit'],
      },
    );
    opened.push({ close: async () => child.kill('SIGKILL') });
    await new Promise((resolve) => child.stdout.once('data', resolve));
    const client = await sending(settings);
    const outcomes: Promise<CommandOutcome>[] = [];
    let answered = 0;
    for (let n = 0; n < 200; n += 1) {
      const outcome = client.request(SALE, `m${n % 40}`, Buffer.from(`${n}`), inMs(60_000));
      void outcome.then(() => (answered += 1));
      outcomes.push(outcome);
      if (n === 100) await until(() => answered > 20);
    }
    child.kill('SIGKILL');
    serving(settings, (bytes) => Promise.resolve(Buffer.concat([bytes, Buffer.from(' by its successor')])));
    const answers = (await Promise.all(outcomes)).map((one) =>
      one.kind === 'answer' ? String(one.payload) : one.kind,
    );
    answers.forEach((answer, n) => expect(answer).toMatch(new RegExp(`^${n} by (the child|its successor)$`)));
    expect(answers.filter((answer) => answer.endsWith('successor')).length).toBeGreaterThan(0);
    expect(answers.filter((answer) => answer.endsWith('child')).length).toBeGreaterThan(0);
    expect(client.inFlight()).toBe(0);
  }, 120_000);

  it('servers that join and leave again and again: everything is answered, and no key ever goes back to an older generation', async () => {
    const settings = await settled();
    const taken: { readonly key: string; readonly generation: number }[] = [];
    const join = async (holder: string): Promise<KafkaCommandServer> => {
      const tenure = new KeyTenure({ pool: database.pool, service: settings.prefix, holder });
      await tenure.follow({ taken: () => pause(20), lost: () => undefined });
      const handler = async (bytes: Buffer): Promise<Buffer> => {
        const key = String(bytes);
        if (tenure.ready(key)) taken.push({ key, generation: tenure.generationOf(key) ?? 0 });
        await pause(10);
        return bytes;
      };
      const server = serving(settings, handler, { tenure });
      await until(() => server.isJoined);
      return server;
    };
    await join('one');
    const client = await sending(settings);
    const outcomes: Promise<CommandOutcome>[] = [];
    let isStorming = true;
    const load = (async () => {
      for (let n = 0; isStorming; n += 1) {
        const key = `m${n % 60}`;
        outcomes.push(client.request(SALE, key, Buffer.from(key), inMs(60_000)));
        await pause(10);
      }
    })();
    for (let turn = 0; turn < 4; turn += 1) {
      const more = await join(`more-${turn}`);
      await until(() => more.partitions.length === 24);
      await pause(300);
      await more.close();
    }
    isStorming = false;
    await load;
    const kinds = (await Promise.all(outcomes)).map(({ kind }) => kind);
    expect(new Set(kinds)).toEqual(new Set(['answer']));
    const last = new Map<string, number>();
    for (const { key, generation } of taken) {
      expect(generation).toBeGreaterThanOrEqual(last.get(key) ?? 0);
      last.set(key, generation);
    }
    // 48 at first, then 24 each time that one comes; what one leaves, the next one may take before it goes back.
    const raised = await database.pool.query<{ all: string }>(
      'select sum(generation)::text as all from state.writer where service = $1',
      [settings.prefix],
    );
    expect(Number(raised.rows[0]?.all)).toBeGreaterThanOrEqual(48 + 4 * 24);
  }, 180_000);

  it('what was sent before a takeover waits until its key is loaded, and says that another may have begun it', async () => {
    const settings = await settled();
    const client = await sending(settings);
    const gate = Promise.withResolvers<void>();
    const seen: (boolean | undefined)[] = [];
    const tenure = new KeyTenure({ pool: database.pool, service: settings.prefix, holder: 'one' });
    await tenure.follow({ taken: () => gate.promise, lost: () => undefined });
    const before = client.request(SALE, 'm', Buffer.from('before'), inMs(60_000));
    await pause(500);
    const server = new KafkaCommandServer({
      ...{ kafka: openKafka(settings), prefix: settings.prefix, service: 'authorization', tenure },
      neverShed: (pattern) => pattern !== SALE,
    });
    for (const pattern of [SALE, 'authorization.reversal'])
      server.addHandler(pattern, async (bytes: Buffer, context: { mayBeElsewhere?: boolean }) => {
        seen.push(context.mayBeElsewhere);
        return bytes;
      });
    server.listen(() => undefined);
    opened.push(server);
    await until(() => server.load().queued === 1);
    // What undoes goes on, and what is new is not held: its answer is the service's own.
    expect((await client.request('authorization.reversal', 'm', Buffer.from(''), inMs(60_000))).kind).toBe('answer');
    expect((await client.request(SALE, 'm', Buffer.from('after'), inMs(60_000))).kind).toBe('answer');
    expect(seen).toEqual([undefined, undefined]);
    gate.resolve();
    expect((await before).kind).toBe('answer');
    expect(seen).toEqual([undefined, undefined, true]);
    expect(tenure.ready('m')).toBe(true);
    expect(partitionOf('m')).toBeLessThan(48);
  }, 120_000);

  it('a word that binds until its deadline is read again by whoever takes its partition over, and what is answered otherwise is not', async () => {
    const settings = await settled();
    const client = await sending(settings);
    const WORD = 'authorization.turn-away';
    const heard: string[] = [];
    const serve = async (name: string): Promise<KafkaCommandServer> => {
      const server = new KafkaCommandServer({
        ...{ kafka: openKafka(settings), prefix: settings.prefix, service: 'authorization' },
        bindsUntilDeadline: (pattern) => pattern === WORD,
      });
      for (const pattern of [SALE, WORD])
        server.addHandler(pattern, async (bytes: Buffer) => {
          heard.push(`${name} ${bytes}`);
          return bytes;
        });
      server.listen(() => undefined);
      opened.push(server);
      await until(() => server.partitions.length === 48);
      return server;
    };
    const one = await serve('one');
    for (const said of ['sale', 'word'])
      await client.request(said === 'word' ? WORD : SALE, 'm', Buffer.from(said), inMs(60_000));
    await one.close();
    await serve('two');
    await client.request(SALE, 'm', Buffer.from('another sale'), inMs(60_000));
    expect(heard).toEqual(['one sale', 'one word', 'two word', 'two another sale']);
  }, 120_000);

  describe('with a broker of its own', () => {
    let folder: string;
    let broker: Broker;

    beforeAll(async () => {
      folder = await mkdtemp(join(tmpdir(), 'tillstream-commands-'));
      broker = await startBroker({ folder, heapMiB: 256 });
    }, 120_000);
    afterAll(async () => {
      await broker.stop();
      await rm(folder, { recursive: true, force: true });
    }, 60_000);

    it('that is killed: what was under way is unknown, everything after it is not taken at once and never sent, and it goes on when the broker is back', async () => {
      const settings = await settled(broker);
      const handled: string[] = [];
      let isSlow = true;
      const server = serving(settings, async (bytes) => {
        handled.push(String(bytes));
        if (isSlow) await pause(60_000);
        return bytes;
      });
      await until(() => server.partitions.length === 48);
      const client = await sending(settings);
      const underWay = client.request(SALE, 'm', Buffer.from('under way'), inMs(8_000));
      await until(() => handled.length === 1);
      await broker.kill();
      await until(() => !client.isUp);
      const began = Date.now();
      for (let n = 0; n < 100; n += 1) {
        const outcome = await client.request(SALE, `m${n}`, Buffer.from('while it was away'), inMs(60_000));
        expect(outcome).toMatchObject({ kind: 'not-taken', isTransportDown: true });
      }
      expect(Date.now() - began).toBeLessThan(5_000);
      expect(await underWay).toEqual({ kind: 'unknown' });
      isSlow = false;
      await broker.start();
      await until(() => client.isUp);
      const later = await client.request(SALE, 'm', Buffer.from('later'), inMs(60_000));
      expect(later).toEqual({ kind: 'answer', payload: Buffer.from('later') });
      expect(handled).not.toContain('while it was away');
    }, 180_000);

    it('that is away when a process starts: it starts, says not-taken, and serves when the broker comes', async () => {
      const settings = await settled(broker);
      await broker.stop();
      const server = serving(settings, (bytes) => Promise.resolve(bytes));
      const client = await sending(settings);
      expect(await client.request(SALE, 'm', Buffer.from('x'), inMs(60_000))).toMatchObject({ isTransportDown: true });
      expect(server.isJoined).toBe(false);
      await broker.start();
      await until(() => client.isUp && server.isJoined);
      expect((await client.request(SALE, 'm', Buffer.from('x'), inMs(60_000))).kind).toBe('answer');
    }, 180_000);
  });
});
