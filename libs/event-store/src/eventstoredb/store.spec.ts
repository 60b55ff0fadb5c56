import { randomUUID } from 'node:crypto';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { jest } from '@jest/globals';
import { NO_STREAM, StoreUnavailable, type StoredRecord } from '../port.ts';
import { DamagedRecord } from '../record.ts';
import { EventStoreStandIn, factToAppend, openOnStandIn, type StandInStore } from '../testing/index.ts';
import { EventStoreDbEventStore } from './store.ts';

// Generous, for a machine that is busy with other things; no spec here measures time.
jest.setTimeout(60_000);

const stream = (): string => `payment-${randomUUID()}`;
const pause = (ms: number) => new Promise((resolve) => setTimeout(resolve, ms));
async function until(condition: () => boolean): Promise<void> {
  while (!condition()) await pause(5);
}
const dataOf = (facts: readonly StoredRecord[]): unknown[] => facts.map((fact) => fact.data);

let fresh: StandInStore;
beforeEach(async () => {
  fresh = await openOnStandIn({ pollMs: 20, appendTimeoutMs: 50_000 });
});
afterEach(() => fresh.close());

/** A second driver on the same stand-in, as another process has. */
const openSecond = (options = {}) =>
  EventStoreDbEventStore.open({ url: fresh.standIn.url, now: Date.now, pollMs: 20, ...options });
const append = (name: string, expected: number, data: unknown, fields = {}) =>
  fresh.store.writer('authorization').append(name, expected, [factToAppend(data, fields)]);

describe('EventStoreDB driver (on the stand-in): an append', () => {
  test.each([
    ['before', 'cut-before', 2],
    ['after', 'cut-after', 1],
  ] as const)(
    'whose connection is cut %s it is stored has an unknown outcome: the stream is read back by ids before anything is sent again',
    async (_, fault, sent) => {
      const name = stream();
      const before = fresh.standIn.appends;
      fresh.standIn.faults.push(fault);
      const facts = [factToAppend('a'), factToAppend('b')];
      const answer = await fresh.store.writer('authorization').append(name, NO_STREAM, facts);
      expect(answer).toMatchObject({ ok: true, revision: 1, position: await fresh.store.head() });
      expect(dataOf(await fresh.store.readStream(name))).toEqual(['a', 'b']);
      expect(fresh.standIn.appends - before).toBe(sent);
    },
  );

  test('whose answer never comes rejects with StoreUnavailable, and sent again gets the first answer', async () => {
    const hasty = await openSecond({ appendTimeoutMs: 300 });
    const name = stream();
    const facts = [factToAppend('a')];
    fresh.standIn.faults.push('no-answer');
    await expect(hasty.writer('authorization').append(name, NO_STREAM, facts)).rejects.toThrow(StoreUnavailable);
    const again = await fresh.store.writer('authorization').append(name, NO_STREAM, facts);
    expect(again).toMatchObject({ ok: true, revision: 0 });
    expect(await fresh.store.readStream(name)).toHaveLength(1);
    await hasty.close();
  });

  test('that lost a race while its connection was cut is a conflict, not stored and not repeated', async () => {
    const name = stream();
    const second = await openSecond();
    fresh.standIn.faults.push('cut-before');
    const lost = append(name, NO_STREAM, 'lost');
    const won = second.writer('authorization').append(name, NO_STREAM, [factToAppend('won')]);
    const answers = await Promise.all([lost, won]);
    const stored = dataOf(await fresh.store.readStream(name));
    expect(stored).toEqual([answers[0].ok ? 'lost' : 'won']);
    expect(answers.map(({ ok }) => ok).sort()).toEqual([false, true]);
    await second.close();
  });

  test('under another key than the stream’s is refused before it is sent, also by a driver that never saw the stream', async () => {
    const name = stream();
    await append(name, NO_STREAM, 'a');
    const second = await openSecond();
    const sent = fresh.standIn.appends;
    await expect(second.writer('authorization').append(name, 0, [factToAppend('b', { key: 'M2' })])).rejects.toThrow(
      'its first fact has the key M1, not M2',
    );
    expect(fresh.standIn.appends).toBe(sent);
    await second.close();
  });

  test('of several facts says the position of the last one', async () => {
    const facts = [factToAppend('a'), factToAppend('b'), factToAppend('c')];
    const name = stream();
    const answer = await fresh.store.writer('authorization').append(name, NO_STREAM, facts);
    expect(answer.ok && answer.position).toBe((await fresh.store.readStream(name))[2]?.position);
  });

  test('beyond the server’s own limit is refused, and the refusal names the setting', async () => {
    const large = Array.from({ length: 30 }, () => factToAppend('x'.repeat(60_000)));
    await expect(fresh.store.writer('authorization').append(stream(), NO_STREAM, large)).rejects.toThrow(
      'raise its setting MaxAppendSize',
    );
  });

  test('waits its turn: no more are on their way at once than set, and a full queue turns away', async () => {
    const narrow = await openSecond({ maxInFlight: 4, maxQueuedAppends: 10, appendTimeoutMs: 1_000 });
    const before = fresh.standIn.appends;
    fresh.standIn.faults.push(...Array.from({ length: 8 }, () => 'no-answer' as const));
    const answers = Array.from({ length: 12 }, () =>
      narrow
        .writer('authorization')
        .append(stream(), NO_STREAM, [factToAppend()])
        .catch((error: Error) => error),
    );
    const turnedAway = await Promise.all(answers.slice(10));
    for (const error of turnedAway) expect((error as Error).message).toContain('queue is full');
    await until(() => fresh.standIn.appends - before === 4);
    await pause(100);
    expect(fresh.standIn.appends - before).toBe(4);
    for (const answer of await Promise.all(answers)) expect(answer).toBeInstanceOf(StoreUnavailable);
    fresh.standIn.faults.length = 0;
    await narrow.close();
  });
});

describe('EventStoreDB driver (on the stand-in): connections cut under load', () => {
  test('lose and double nothing: every append learns its outcome, and a subscriber gets each fact once and in order', async () => {
    const got: StoredRecord[] = [];
    let upTo = 0n;
    const subscription = fresh.store.subscribe(0n, ['payment'], async (facts, position) => {
      got.push(...facts);
      upTo = position;
    });
    let cutting = true;
    let cuts = 0;
    const cutter = (async () => {
      while (cutting || cuts < 4) {
        await pause(250);
        fresh.standIn.cut();
        cuts += 1;
      }
    })();
    const chains = await Promise.all(
      Array.from({ length: 12 }, async () => {
        const name = stream();
        for (let revision = -1; revision < 19; revision += 1)
          expect(await append(name, revision, revision + 1)).toMatchObject({ ok: true, revision: revision + 1 });
        return name;
      }),
    );
    cutting = false;
    await cutter;
    expect(cuts).toBeGreaterThan(3);
    // The last cut may still be on its way to a read, which is not repeated.
    const head = await fresh.store.head().catch(() => fresh.store.head());
    await until(() => upTo >= head);
    await subscription.stop();
    const all = await fresh.store.readAll(0n, { limit: 5_000 });
    expect(got.map(({ position }) => position)).toEqual(all.map(({ position }) => position));
    expect(all).toHaveLength(240);
    for (const name of chains)
      expect(dataOf(await fresh.store.readStream(name))).toEqual(Array.from({ length: 20 }, (_, n) => n));
  });

  test('a server that is away for a while: appends wait for it, a subscription goes on, reads say StoreUnavailable', async () => {
    const got: StoredRecord[] = [];
    const subscription = fresh.store.subscribe(0n, ['payment'], async (facts) => void got.push(...facts));
    await append(stream(), NO_STREAM, 'before');
    await until(() => got.length === 1);
    await fresh.standIn.down();
    await expect(fresh.store.readAll(0n)).rejects.toThrow(StoreUnavailable);
    await expect(fresh.store.existing([stream()])).rejects.toThrow(StoreUnavailable);
    const waiting = append(stream(), NO_STREAM, 'meanwhile');
    await pause(2_000);
    await fresh.standIn.up();
    expect(await waiting).toMatchObject({ ok: true });
    await until(() => got.length === 2);
    await subscription.stop();
    expect(dataOf(got)).toEqual(['before', 'meanwhile']);
  });
});

describe('EventStoreDB driver (on the stand-in): reading', () => {
  test('system streams and streams of others are never seen, and do not move the head', async () => {
    for (let n = 0; n < 12; n += 1) await append(stream(), NO_STREAM, n);
    const head = await fresh.store.head();
    fresh.standIn.log.write('order-1', 'any', [eventOfOthers()]);
    fresh.standIn.log.write('$projections-x', 'any', [eventOfOthers()]);
    expect(fresh.standIn.log.events.filter((event) => event.stream.startsWith('$')).length).toBeGreaterThan(2);
    expect(await fresh.store.head()).toBe(head);
    expect(dataOf(await fresh.store.readAll(0n))).toEqual(Array.from({ length: 12 }, (_, n) => n));
    const second = await openSecond();
    expect(await second.head()).toBe(head);
    await second.close();
  });

  test('one less than a fact’s position is a place too: reading and following from there begin with the fact', async () => {
    for (let n = 0; n < 9; n += 1) await append(stream(), NO_STREAM, n);
    const all = await fresh.store.readAll(0n);
    for (const [n, { position }] of all.entries()) {
      expect(dataOf(await fresh.store.readAll(position - 1n, { limit: 1 }))).toEqual([n]);
      expect(dataOf(await fresh.store.readAll(position))).toEqual(dataOf(all.slice(n + 1)));
    }
    const got: StoredRecord[] = [];
    const from = (all[4] as StoredRecord).position - 1n;
    const subscription = fresh.store.subscribe(from, ['payment'], async (facts) => void got.push(...facts));
    await until(() => got.length === 5);
    await subscription.stop();
    expect(dataOf(got)).toEqual([4, 5, 6, 7, 8]);
  });

  test('a record that is not what was appended is never handed out', async () => {
    const name = stream();
    await append(name, NO_STREAM, 'a');
    const index = fresh.standIn.log.events.findIndex((event) => event.stream === name);
    const event = fresh.standIn.log.events[index];
    const data = new Uint8Array(event?.data ?? []);
    data[100] = (data[100] ?? 0) ^ 1;
    fresh.standIn.log.tamper(index, { data });
    await expect(fresh.store.readStream(name)).rejects.toThrow(DamagedRecord);
    await expect(fresh.store.readAll(0n)).rejects.toThrow('its leaf hash differs');
    await expect(fresh.store.readRecords(0n, 100)).rejects.toThrow('its leaf hash differs');
    const troubles: unknown[] = [];
    const told = await openSecond({ onTrouble: (error: unknown) => troubles.push(error) });
    const got: unknown[] = [];
    const subscription = told.subscribe(0n, ['payment'], async (facts) => void got.push(...facts));
    await until(() => troubles.length > 1);
    await subscription.stop();
    expect(troubles[0]).toBeInstanceOf(DamagedRecord);
    expect(got).toEqual([]);
    await told.close();
  });

  test('a record that stands in another stream, or under another revision or id, is never handed out', async () => {
    const name = stream();
    await append(name, NO_STREAM, 'a');
    const index = fresh.standIn.log.events.findIndex((event) => event.stream === name);
    fresh.standIn.log.tamper(index, { id: randomUUID() });
    await expect(fresh.store.readStream(name)).rejects.toThrow('another stream, revision or id');
  });
});

const eventOfOthers = () => ({
  id: randomUUID(),
  system: { type: 'Order', 'content-type': 'application/json', created: '0' },
  metadata: new Uint8Array(),
  data: new Uint8Array(Buffer.from('{}')),
});

describe('EventStoreDB driver (on the stand-in): following', () => {
  test('a subscriber of a rare noun looks through the facts of the others, and may begin again at any place that it was told', async () => {
    const ledger = fresh.store.writer('ledger');
    for (let n = 0; n < 3; n += 1) {
      await ledger.append(`book-M1.${randomUUID()}`, NO_STREAM, [factToAppend(`book ${n}`)]);
      for (let m = 0; m < 5; m += 1)
        await fresh.store.writer('authorization').append(
          stream(),
          NO_STREAM,
          Array.from({ length: 150 }, () => factToAppend()),
        );
    }
    const head = await fresh.store.head();
    const got: StoredRecord[] = [];
    // A new subscription for every batch, each from where the last one was told that it is.
    for (let at = 0n; at < head;) {
      let told: bigint | undefined;
      const subscription = fresh.store.subscribe(at, ['book'], async (facts, upTo) => {
        if (told !== undefined) throw new Error('enough');
        told = upTo;
        got.push(...facts);
      });
      await until(() => told !== undefined);
      await subscription.stop();
      at = told ?? at;
    }
    expect(dataOf(got)).toEqual(['book 0', 'book 1', 'book 2']);
  });

  test('while the server’s subscription is silent a read looks through to the head, and what it says later is handed over once', async () => {
    const facts = Array.from({ length: 300 }, (_, n) => factToAppend(n));
    await fresh.store.writer('authorization').append(stream(), NO_STREAM, facts);
    let speak = (): void => undefined;
    const silence = new Promise<void>((resolve) => (speak = resolve));
    fresh.standIn.beforeMessage = () => silence;
    // It learns of what others append by the subscription alone.
    const slow = await openSecond({ pollMs: 60_000 });
    const got: StoredRecord[] = [];
    let go = (): void => undefined;
    const held = new Promise<void>((resolve) => (go = resolve));
    const subscription = slow.subscribe(0n, ['payment'], async (batch) => {
      got.push(...batch);
      await held;
    });
    await until(() => got.length === 300);
    await append(stream(), NO_STREAM, 300);
    speak();
    // While the handler is at work the subscription says everything from the beginning, and it waits in the buffer.
    await pause(500);
    go();
    await until(() => got.length > 300);
    await pause(100);
    await subscription.stop();
    await slow.close();
    expect(dataOf(got)).toEqual(Array.from({ length: 301 }, (_, n) => n));
  });

  test('a checkpoint that names the event to be looked at next does not pass over it', async () => {
    // It knows the store while it is empty, so that no read of its own looks ahead of the subscription.
    const slow = await openSecond({ pollMs: 60_000 });
    while (fresh.standIn.log.events.length < 490) await append(stream(), NO_STREAM, 0);
    // The server's first checkpoint comes after 500 events; a book stands on either side of it.
    const books = Array.from({ length: 20 }, (_, n) => factToAppend(n));
    await fresh.store.writer('ledger').append(`book-M1.${randomUUID()}`, NO_STREAM, books);
    fresh.standIn.afterCheckpoint = async () => void (await pause(300));
    const got: StoredRecord[] = [];
    const subscription = slow.subscribe(0n, ['book'], async (facts) => void got.push(...facts));
    await until(() => got.length >= 19);
    await pause(100);
    await subscription.stop();
    expect(dataOf(got)).toEqual(Array.from({ length: 20 }, (_, n) => n));
    await slow.close();
  });

  test('what another process appends is seen by a subscription and by a wait for its stream', async () => {
    const second = await openSecond();
    const name = stream();
    const got: StoredRecord[] = [];
    const subscription = second.subscribe(0n, ['payment'], async (facts) => void got.push(...facts));
    const wait = second.waitForStream(name, NO_STREAM, Date.now() + 30_000);
    await append(name, NO_STREAM, 'from afar');
    expect(dataOf((await wait) ?? [])).toEqual(['from afar']);
    await until(() => got.length === 1);
    await subscription.stop();
    await second.close();
  });

  test('a wait for a stream survives a cut connection, and closing ends it at once', async () => {
    const second = await openSecond();
    const name = stream();
    const wait = second.waitForStream(name, NO_STREAM, Date.now() + 30_000);
    await pause(50);
    fresh.standIn.cut();
    await append(name, NO_STREAM, 'after the cut');
    expect(dataOf((await wait) ?? [])).toEqual(['after the cut']);
    const vain = second.waitForStream(stream(), NO_STREAM, Date.now() + 3_600_000);
    await pause(50);
    await second.close();
    expect(await vain).toBeUndefined();
  });
});

describe('EventStoreDB driver (on the stand-in): the store', () => {
  test('has one uuid: first starts at the same time agree, and it is kept with the facts over a restart', async () => {
    const folder = mkdtempSync(join(tmpdir(), 'tillstream-stand-in-'));
    const file = join(folder, 'log');
    const standIn = await EventStoreStandIn.start({ file });
    const open = () => EventStoreDbEventStore.open({ url: standIn.url, now: Date.now });
    const stores = await Promise.all([open(), open(), open(), open()]);
    expect(new Set(stores.map(({ storeId }) => storeId)).size).toBe(1);
    const name = stream();
    await stores[0].writer('authorization').append(name, NO_STREAM, [factToAppend('kept')]);
    const head = await stores[0].head();
    await Promise.all(stores.map((store) => store.close()));
    await standIn.stop();
    const later = await EventStoreStandIn.start({ file });
    const store = await EventStoreDbEventStore.open({ url: later.url, now: Date.now });
    expect(store.storeId).toBe(stores[0].storeId);
    expect(await store.head()).toBe(head);
    expect(dataOf(await store.readStream(name))).toEqual(['kept']);
    await store.close();
    await later.stop();
    rmSync(folder, { recursive: true });
  });

  test('is not opened on a server that does not say where a stream’s events stand', async () => {
    const old = await EventStoreStandIn.start({ isOld: true });
    await expect(EventStoreDbEventStore.open({ url: old.url, now: Date.now })).rejects.toThrow('run 22.10 or newer');
    await old.stop();
  });

  test('closing finishes what was taken in, and refuses what comes after', async () => {
    const second = await openSecond();
    const taken = Array.from({ length: 50 }, () =>
      second.writer('authorization').append(stream(), NO_STREAM, [factToAppend()]),
    );
    await second.close();
    expect((await Promise.all(taken)).every((answer) => answer.ok)).toBe(true);
    await expect(second.writer('authorization').append(stream(), NO_STREAM, [factToAppend()])).rejects.toThrow(
      'closed',
    );
  });

  test('is found among several servers of its address by gossip, the first of which is dead', async () => {
    const url = `esdb://127.0.0.1:1,127.0.0.1:${fresh.standIn.port}?tls=false&maxDiscoverAttempts=3&discoveryInterval=10`;
    const store = await EventStoreDbEventStore.open({ url, now: Date.now });
    expect(store.storeId).toBe(fresh.store.storeId);
    await store.close();
  });
});
