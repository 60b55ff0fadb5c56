import { lengthOf, seedOf } from '@tillstream/event-store/testing';
import { deadLetters } from '@tillstream/messaging';
import { kafkaForSpecs } from '@tillstream/messaging/testing';
import type { Instances } from '../cluster/cluster.ts';
import { SERVICES, type ServiceName } from '../cluster/service-process.ts';
import { breaches } from './audit.ts';
import { card } from './cards.ts';
import { ClusterUnderLoad } from './cluster-under-load.ts';
import { numbersFrom } from './interleave.ts';
import { frameOf, unpackBody } from './page-codec.ts';
import { PageClient } from './page-client.ts';
import { saleFields } from './page-messages.ts';
import { until } from './until.ts';

/** In an ordinary run two of those whose successor is the point, and one of the others; a storm brings a second of each. */
const INSTANCES: Instances = lengthOf<Instances>({
  ci: { authorization: 2, 'terminal-gateway': 2, ledger: 2 },
  full: 2,
});
/** Terminal 13 has sold before under the numbers that it counts itself. */
const STAN_OF_ITS_OWN = '900001';
const SEED = Number(seedOf('20261124'));
const minute = 60_000;
type Fault = (title: string, work: () => Promise<void>, limitMs: number) => void;
/** Faults that an ordinary run plays at the level of the drivers only (libs/messaging, `*.kafka.spec.ts`): the relay killed, zombies, poison, a restart of the broker. */
const atFullLength = lengthOf<Fault>({ ci: () => undefined, full: it });

const withBroker = (await kafkaForSpecs()) === undefined ? describe.skip : describe;

withBroker(`a cluster under load (seed ${SEED})`, () => {
  const next = numbersFrom(SEED);
  const below = (bound: number): number => Math.floor(next() * bound);
  const oneOf = <T>(among: readonly T[]): T => among[below(among.length)] as T;
  const figures: string[] = [];
  let under: ClusterUnderLoad;

  beforeAll(async () => {
    under = await ClusterUnderLoad.start(INSTANCES);
  }, 3 * minute);
  afterEach(() => under.calm(), 2 * minute);
  afterAll(async () => {
    process.stdout.write(`figures: ${figures.join('; ')}\n`);
    await under?.close();
  }, 2 * minute);

  it(
    'goes on when any process is killed: what was accepted is decided, and its successor takes its keys over',
    async () => {
      const traffic = under.traffic();
      await traffic.more(10);
      const waited: string[] = [];
      for (let round = 0; round < lengthOf({ ci: 1, full: 34 }); round += 1) {
        const order = SERVICES.map((service) => ({ service, at: next() })).sort((a, b) => a.at - b.at);
        for (const { service } of order) {
          const n = oneOf(under.instances(service));
          traffic.takeSlowestMs();
          await under.cluster.process(service, n).kill();
          await Promise.all([under.cluster.start(service, n), traffic.more(5 + below(10))]);
          waited.push(`${service} ${traffic.takeSlowestMs()}`);
        }
      }
      expect(await under.problems(traffic)).toEqual([]);
      figures.push(`the longest wait between two approvals around a kill -9, ms: ${waited.join(', ')}`);
    },
    lengthOf({ ci: 4 * minute, full: 60 * minute }),
  );

  it(
    'undoes what was asked when gateway and writer are killed while the network has it',
    async () => {
      const { cluster, journey } = under;
      const { counts } = journey.foreign.network;
      const asked = counts.answered;
      journey.networkGate.holdAnswers();
      const sales = [6, 7].map((n) => under.sale(n));
      await until('the network has them', () => counts.answered >= asked + sales.length);
      const killed = (['terminal-gateway', 'authorization'] as const).flatMap((service) => cluster.processes(service));
      await Promise.all(killed.map((process) => process.kill()));
      journey.networkGate.cut();
      await Promise.all(
        killed.map(({ settings: { service, instance } }) => cluster.start(service, Number(instance.split('-').at(-1)))),
      );
      expect(await Promise.all(sales)).toEqual(['none', 'none']);
      const traffic = under.traffic();
      await traffic.more(5);
      expect(await under.problems(traffic)).toEqual([]);
      const types = (await journey.facts('payment')).map(({ type }) => type);
      expect(types.filter((type) => type === 'PaymentReversed').length).toBeGreaterThanOrEqual(sales.length);
    },
    4 * minute,
  );

  atFullLength(
    'publishes on when the relay’s holder is killed: another one has it within its lease',
    async () => {
      const traffic = under.traffic();
      await traffic.more(10);
      const holder = await until('somebody publishes', () => under.relayHolder());
      await under.cluster.process('ledger', holder).kill();
      await until('another process publishes', async () => ![undefined, holder].includes(await under.relayHolder()));
      await traffic.more(10);
      await under.cluster.start('ledger', holder);
      expect(await under.problems(traffic)).toEqual([]);
    },
    4 * minute,
  );

  it(
    'without its broker answers new payments 91 and stores nothing; when it is back everything drains in order',
    async () => {
      // What is sent while a gateway does not know yet gets no answer, and its terminal has to undo it first: each asks once.
      const asking = [8, 9, 10, 11, 12, 13, 14, 6];
      for (const n of asking) expect(await under.sale(n)).toBe('00');
      const traffic = under.traffic();
      await traffic.more(10);
      await under.broker.kill();
      await traffic.stop();
      const told: string[] = [];
      const look = async (): Promise<number | false> => {
        const asked = asking.shift();
        if (asked === undefined) throw new Error(`nobody was told 91: ${told.join(' ')}`);
        told.push(await under.sale(asked));
        return told.at(-1) === '91' && asked;
      };
      const n = await until('the gateways know', look);
      // What was accepted is still being decided, so intents are counted and not facts.
      const intents = async (): Promise<number> =>
        (await under.journey.facts('payment')).filter(({ type }) => type === 'ChannelRequested').length;
      const before = await intents();
      const downAt = Date.now();
      let slowestMs = 0;
      while (Date.now() - downAt < lengthOf({ ci: 10_000, full: 2 * minute })) {
        const askedAt = Date.now();
        expect(await under.sale(n)).toBe('91');
        slowestMs = Math.max(slowestMs, Date.now() - askedAt);
        await new Promise((resolve) => setTimeout(resolve, 500));
      }
      expect(await intents()).toBe(before);
      await under.broker.start();
      await until('payments are taken again', async () => (await under.sale(n)) === '00');
      const again = under.traffic();
      await again.more(10);
      expect(await under.problems(again)).toEqual([]);
      figures.push(`91 without a broker within ${slowestMs} ms`);
    },
    lengthOf({ ci: 4 * minute, full: 10 * minute }),
  );

  atFullLength(
    'comes back by itself when the broker is killed and started again under load',
    async () => {
      const traffic = under.traffic();
      for (let round = 0; round < 5; round += 1) {
        await traffic.more(5 + below(10));
        await under.broker.kill();
        await under.broker.start();
        await traffic.more(5);
      }
      expect(await under.problems(traffic)).toEqual([]);
    },
    15 * minute,
  );

  it(
    'comes back by itself when PostgreSQL is killed in the middle of its commits',
    async () => {
      const traffic = under.traffic();
      for (let round = 0; round < lengthOf({ ci: 1, full: 10 }); round += 1) {
        await traffic.more(5 + below(10));
        under.killPostgres();
      }
      await traffic.more(10);
      expect(await under.problems(traffic)).toEqual([]);
    },
    lengthOf({ ci: 4 * minute, full: 15 * minute }),
  );

  atFullLength(
    'goes on authorising while every consumer of facts stands still, and they come back as zombies and catch up',
    async () => {
      const traffic = under.traffic();
      await traffic.more(10);
      const consumers = [...under.cluster.processes('ledger'), ...under.cluster.processes('reporting')];
      for (const process of consumers) process.freeze();
      try {
        // Longer than the broker believes in an instance that says nothing.
        const stillUntil = Date.now() + lengthOf({ ci: 8_000, full: minute });
        await traffic.more(lengthOf({ ci: 40, full: 1_000 }));
        await until('the broker has given them up', () => Date.now() > stillUntil);
        await traffic.more(1);
      } finally {
        for (const process of consumers) process.resume();
      }
      expect(await under.problems(traffic)).toEqual([]);
    },
    lengthOf({ ci: 4 * minute, full: 10 * minute }),
  );

  it(
    'survives a storm of instances that join and leave, with every fact delivered again and again',
    async () => {
      const traffic = under.traffic();
      await traffic.more(10);
      const services: readonly ServiceName[] = ['ledger', 'reporting', 'settlement', 'authorization'];
      for (let round = 0; round < lengthOf({ ci: 2, full: 24 }); round += 1) {
        const service = oneOf(services);
        const joined = await under.cluster.start(service, Math.max(...under.instances(service)) + 1);
        await under.publishEverythingAgain();
        await new Promise((resolve) => setTimeout(resolve, lengthOf({ ci: 0, full: 5_000 })));
        if (below(2) === 0) await joined.kill();
        else await joined.stop(30_000);
        await traffic.more(5);
      }
      expect(await under.problems(traffic)).toEqual([]);
    },
    lengthOf({ ci: 4 * minute, full: 30 * minute }),
  );

  atFullLength(
    'parks the key of a fact that cannot be taken in, with its cause, while all others go on; a replay takes it in once',
    async () => {
      const poisoned = under.journey.place(7).merchantId;
      const { pool } = under.journey.node;
      await pool.query(`
        create function read.refuse_poison() returns trigger language plpgsql as $$
        begin if new.merchant_id = '${poisoned}' then raise exception 'poison'; end if; return new; end $$;
        create trigger refuse_poison before insert on read.payment for each row execute function read.refuse_poison()`);
      const traffic = under.traffic();
      expect(await under.sale(7)).toBe('00');
      const letters = deadLetters(pool);
      const parked = await until('the key is parked', async () => (await letters.list('reporting')).at(0));
      expect(parked).toMatchObject({ key: poisoned, cause: expect.stringContaining('poison') });
      expect(await under.sale(7)).toBe('00');
      await traffic.more(10);
      await pool.query('drop trigger refuse_poison on read.payment; drop function read.refuse_poison()');
      expect(await letters.replay('reporting', poisoned, minute)).toEqual({ kind: 'replayed' });
      expect(await under.problems(traffic)).toEqual([]);
    },
    4 * minute,
  );

  it(
    'answers others in time while the network answers some never; what it left unanswered is undone',
    async () => {
      const traffic = under.traffic();
      await traffic.more(5);
      // 98: the answer is lost on its way (domain 6.3).
      const silent = [8, 9, 10, 11, 12].map((n) => under.sale(n, '98'));
      await traffic.more(20);
      expect(await Promise.all(silent)).toEqual(silent.map(() => '98'));
      // 91 is an answer at once, too: the machine may be slow for all.
      expect([...traffic.codes.keys()].filter((code) => code !== '00' && code !== '91')).toEqual([]);
      expect(await under.problems(traffic)).toEqual([]);
    },
    4 * minute,
  );

  it(
    'takes one payment that comes a hundred times at once over both gateways once, with one answer for all',
    async () => {
      const { journey } = under;
      const client = journey.page(13);
      await client.signIn();
      const sale = saleFields(client, { pan: card('credit', 900).pan, amount: 4_200, stan: STAN_OF_ITS_OWN });
      const bytes = frameOf(client.sealed('0200', sale));
      const asked = journey.foreign.network.counts.answered;
      const gateways = under.cluster.gateways();
      expect(gateways.length).toBeGreaterThan(1);
      const { terminalId, merchantId, tmkHex } = journey.place(13);
      const racers = Array.from({ length: 100 }, (_, n) => {
        const gateway = gateways[n % gateways.length] as (typeof gateways)[number];
        return new PageClient({ ...gateway, terminalId, merchantId, tmkHex, timeoutMs: 20_000 });
      });
      const replies = await Promise.all(racers.map((racer) => racer.exchange(bytes)));
      for (const racer of racers) racer.close();
      const told = replies.flatMap((body) => (body === undefined ? [] : [unpackBody(body).fields]));
      expect(told.map(({ 37: rrn, 38: authCode, 39: code }) => [rrn, authCode, code])).toEqual(
        told.map(() => [told[0]?.[37], told[0]?.[38], '00']),
      );
      expect(told).toHaveLength(100);
      expect(journey.foreign.network.counts.answered).toBe(asked + 1);
      expect(await breaches(journey)).toEqual([]);
    },
    4 * minute,
  );
});
