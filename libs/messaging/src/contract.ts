import { randomUUID } from 'node:crypto';
import type { EventStore, StoredRecord } from '@tillstream/event-store';
import { factToAppend } from '@tillstream/event-store/testing';
import type { Pool } from 'pg';
import { CheckpointOfAnotherStore, FeedTakenOver } from './feed-error.ts';
import { groupPosition } from './group-position.ts';
import type { ReplayOutcome } from './in-process/group-transactions.ts';
import type { FactFeed, FactGroup, FeedGroup, RowGroup } from './port.ts';

/** A feed as one instance of a service opens it. */
export type ContractFeed = FactFeed & {
  replayParked(group: string, key: string): Promise<ReplayOutcome>;
  /** Cuts the instance off from what carries the facts, but not from the database; it does not know. */
  cutOff?(): void;
};

/** What a driver gives to its contract: an empty store and database, and instances over them with short pauses and 3 attempts. */
export interface FeedContractPlace {
  readonly store: EventStore;
  readonly pool: Pool;
  /** True when instances share the keys of a group; else the one that started last has them all and the older one ends. */
  readonly sharing: boolean;
  openFeed(store?: EventStore): ContractFeed;
  drop(): Promise<void>;
}

type Rows = readonly { readonly position: string; readonly key: string }[];

/** The promises of design 9 that every driver keeps; run against each of them. */
export function factFeedContract(driver: string, openPlace: () => Promise<FeedContractPlace>): void {
  describe(`fact feed: ${driver}`, () => {
    let place: FeedContractPlace;
    let open: ContractFeed[];

    beforeEach(async () => {
      place = await openPlace();
      open = [];
      await place.pool.query('create table taken (position bigint, key text)');
    });
    afterEach(async () => {
      await Promise.all(open.map((feed) => feed.close()));
      await place.drop();
    });

    const instance = (): ContractFeed => {
      const feed = place.openFeed();
      open.push(feed);
      return feed;
    };
    const append = async (key: string, count = 1): Promise<bigint> => {
      let position = 0n;
      for (let n = 0; n < count; n += 1) {
        const stream = `payment-${randomUUID()}`;
        const done = await place.store.writer('authorization').append(stream, -1, [factToAppend({}, { key })]);
        if (!done.ok) throw new Error('a fresh stream conflicts');
        position = done.position;
      }
      return position;
    };
    const rows = (group: string, before: (fact: StoredRecord) => void | Promise<void> = () => undefined): RowGroup => ({
      kind: 'rows',
      group,
      nouns: ['payment'],
      onBatch: async ({ facts, client }) => {
        for (const fact of facts) {
          await client.query('insert into taken values ($1, $2)', [fact.position.toString(), fact.key]);
          await before(fact);
        }
      },
    });
    const facts = (group: string, take: (facts: readonly StoredRecord[]) => void | Promise<void>): FactGroup => ({
      kind: 'facts',
      group,
      nouns: ['payment'],
      onBatch: async (batch) => take(batch),
    });
    const taken = async (): Promise<Rows> =>
      (await place.pool.query<Rows[number]>('select position, key from taken order by ctid')).rows;
    const positionsOf = (all: Rows, key?: string): bigint[] =>
      all.filter((row) => key === undefined || row.key === key).map(({ position }) => BigInt(position));
    const isOrdered = (positions: readonly bigint[]): boolean =>
      positions.every((position, index) => index === 0 || position > (positions[index - 1] ?? 0n));

    it('gives every fact of the nouns asked for, in order per key, from the first on', async () => {
      await append('m1', 3);
      const subscription = await instance().feed(rows('g'));
      await append('m2', 3);
      await subscription.reached(await append('m1', 3));
      const all = await taken();
      expect(all).toHaveLength(9);
      for (const key of ['m1', 'm2']) expect(isOrdered(positionsOf(all, key))).toBe(true);
    });

    it('goes on from the checkpoint after a stop, and gives nothing twice to rows', async () => {
      const first = instance();
      await (await first.feed(rows('g'))).reached(await append('m1', 4));
      await first.close();
      const last = await append('m1', 4);
      await (await instance().feed(rows('g'))).reached(last);
      expect(await taken()).toHaveLength(8);
    });

    it('counts facts of other nouns as looked through, so that whoever waits for the head is not kept waiting', async () => {
      const subscription = await instance().feed(rows('g'));
      const stream = `session-${randomUUID()}`;
      const done = await place.store.writer('terminal-gateway').append(stream, -1, [factToAppend({}, { key: stream })]);
      await subscription.reached(done.ok ? done.position : 0n);
      expect(subscription.position()).toBe(await place.store.head());
    });

    it('loses and doubles no row when the connection dies between the rows and the checkpoint', async () => {
      let killed = false;
      const last = await append('m1', 5);
      const group: RowGroup = {
        ...rows('g'),
        onBatch: async (batch) => {
          await rows('g').onBatch(batch);
          if (killed) return;
          killed = true;
          const { rows: own } = await batch.client.query<{ pid: number }>('select pg_backend_pid() as pid');
          await place.pool.query('select pg_terminate_backend($1)', [own[0]?.pid]);
        },
      };
      await (await instance().feed(group)).reached(last);
      expect(killed).toBe(true);
      expect(positionsOf(await taken())).toHaveLength(5);
    });

    it('gives facts again to a group that writes facts when the instance ends between them and the checkpoint', async () => {
      const seen: { old: bigint[]; next: bigint[] } = { old: [], next: [] };
      const last = await append('m1', 3);
      const first = instance();
      const second = instance();
      let takenOver: Promise<void> | undefined;
      const takeOver = async (): Promise<void> => {
        first.cutOff?.();
        const take = (batch: readonly StoredRecord[]): void =>
          void seen.next.push(...batch.map(({ position }) => position));
        await (await second.feed(facts('g', take))).reached(last);
      };
      const ended = Promise.withResolvers<void>();
      const old = await first.feed(
        facts('g', async (batch) => {
          seen.old.push(...batch.map(({ position }) => position));
          await (takenOver ??= takeOver());
          ended.resolve();
        }),
      );
      await ended.promise;
      if (!place.sharing) await expect(old.reached(last + 1n)).rejects.toBeInstanceOf(FeedTakenOver);
      expect(seen.old.length).toBeGreaterThan(0);
      expect(seen.next).toHaveLength(3);
      expect(isOrdered(seen.next)).toBe(true);
    });

    it('rolls a zombie back: an instance whose checkpoint was taken over writes no row any more', async () => {
      const old = instance();
      const zombie = await old.feed(rows('g'));
      await zombie.reached(await append('m1', 2));
      old.cutOff?.();
      const follower = await instance().feed(rows('g'));
      const last = await append('m1', 3);
      await follower.reached(last);
      if (!place.sharing) await expect(zombie.reached(last + 100n)).rejects.toBeInstanceOf(FeedTakenOver);
      expect(positionsOf(await taken())).toHaveLength(5);
    });

    it('parks the key of a fact that keeps failing, in the transaction of the checkpoint, and the other keys go on', async () => {
      await append('good', 2);
      const bad = await append('bad');
      await append('good', 2);
      await append('bad', 2);
      const last = await append('good', 2);
      const feed = instance();
      const failing = rows('g', (fact) => {
        if (fact.position === bad) throw new Error('no account for card 6222021234567890128');
      });
      await (await feed.feed(failing)).reached(last);
      const all = await taken();
      expect(positionsOf(all, 'good')).toHaveLength(6);
      expect(positionsOf(all, 'bad')).toEqual([]);
      expect(isOrdered(positionsOf(all, 'good'))).toBe(true);
      const parked = await place.pool.query('select key, first_position, cause, attempts from state.parked_key');
      expect(parked.rows).toEqual([
        {
          key: 'bad',
          first_position: bad.toString(),
          cause: expect.stringContaining('no account for card ***'),
          attempts: 3,
        },
      ]);
      expect((await feed.positions())[0]).toMatchObject({ group: 'g', parkedKeys: 1, position: last });
    });

    it('goes on skipping a parked key after a restart', async () => {
      let broken = true;
      const group = rows('g', ({ key }) => {
        if (broken && key === 'bad') throw new Error('broken');
      });
      const first = instance();
      await (await first.feed(group)).reached(await append('bad'));
      await first.close();
      broken = false;
      await (await instance().feed(group)).reached(await append('bad', 2));
      expect(await taken()).toEqual([]);
    });

    it.each(['rows', 'facts'] as const)(
      'replays a parked key of a %s group in order up to the checkpoint, then follows it again',
      async (kind) => {
        let broken = true;
        const seen: { position: bigint; key: string }[] = [];
        const handle = ({ position, key }: StoredRecord): void => {
          if (broken && key === 'bad') throw new Error('broken');
          seen.push({ position, key });
        };
        const group: FeedGroup =
          kind === 'rows' ? rows('g', handle) : facts('g', (batch) => void batch.forEach((fact) => handle(fact)));
        const feed = instance();
        const subscription = await feed.feed(group);
        const before = [await append('bad'), await append('bad')];
        await append('good');
        before.push(await append('bad'));
        await subscription.reached(before.at(-1) ?? 0n);
        expect(await feed.replayParked('g', 'bad')).toMatchObject({ kind: 'failed' });
        broken = false;
        expect(await feed.replayParked('g', 'bad')).toEqual({ kind: 'replayed', facts: 3 });
        expect(await feed.replayParked('g', 'bad')).toEqual({ kind: 'nothing-parked' });
        before.push(await append('bad'));
        await subscription.reached(before.at(-1) ?? 0n);
        expect(seen.filter(({ key }) => key === 'bad').map(({ position }) => position)).toEqual(before);
      },
    );

    it('waits for the batch in work when it is stopped, and takes nothing after it', async () => {
      let release = (): void => undefined;
      const held = new Promise<void>((resolve) => (release = resolve));
      let started = (): void => undefined;
      const running = new Promise<void>((resolve) => (started = resolve));
      const subscription = await instance().feed(
        rows('g', async () => {
          started();
          await held;
        }),
      );
      await append('m1');
      await running;
      let stopped = false;
      const stop = subscription.stop().then(() => (stopped = true));
      await place.pool.query('select 1');
      expect(stopped).toBe(false);
      release();
      await stop;
      expect(await taken()).toHaveLength(1);
      await append('m1');
      await place.pool.query('select 1');
      expect(await taken()).toHaveLength(1);
    });

    it('stops also while a fact keeps failing, with the checkpoint before it', async () => {
      let failed = (): void => undefined;
      const once = new Promise<void>((resolve) => (failed = resolve));
      const outage = Object.assign(new Error('the database is starting'), { code: '57P03' });
      const subscription = await instance().feed(
        facts('g', () => {
          failed();
          throw outage;
        }),
      );
      await append('m1');
      await once;
      await subscription.stop();
      expect(await groupPosition(place.pool, 'g')).toBe(0n);
      expect((await place.pool.query('select 1 from state.parked_key')).rows).toEqual([]);
    });

    it('refuses the checkpoint of another store and says which', async () => {
      await place.pool.query(
        `insert into state.checkpoint (group_name, store, position, holder, moved_at) values ('g', $1, 7, $1, now())`,
        [randomUUID()],
      );
      await expect(instance().feed(rows('g'))).rejects.toBeInstanceOf(CheckpointOfAnotherStore);
    });
  });
}
