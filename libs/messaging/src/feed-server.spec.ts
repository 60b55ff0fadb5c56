import { randomUUID } from 'node:crypto';
import { Controller, Module } from '@nestjs/common';
import { Payload } from '@nestjs/microservices';
import { Test } from '@nestjs/testing';
import type { StoredRecord } from '@tillstream/event-store';
import { factToAppend, openFreshStore, type FreshStore } from '@tillstream/event-store/testing';
import { deadLetters } from './dead-letters.ts';
import { FactsOf, FeedServer } from './feed-server.ts';
import { InProcessFactFeed } from './in-process/fact-feed.ts';
import { migrateMessaging } from './in-process/state-tables.ts';

const taken: string[] = [];

@Controller()
class PaymentsController {
  readonly #log = taken;
  @FactsOf({ group: 'spec.payments', kind: 'facts', nouns: ['payment'] })
  async take(@Payload() facts: readonly StoredRecord[]): Promise<void> {
    for (const { key } of facts) {
      if (key === 'bad') throw new Error('no such merchant');
      this.#log.push(key);
    }
  }
}
@Module({ controllers: [PaymentsController] })
class PaymentsModule {}

describe('feed server', () => {
  let fresh: FreshStore;
  beforeAll(async () => {
    fresh = await openFreshStore();
    await migrateMessaging(fresh.database.pool);
  });
  afterAll(() => fresh.close());

  it('feeds controller methods and registered groups, and keeps a method’s own error as the cause of a parked key', async () => {
    const { store, database } = fresh;
    const feed = new InProcessFactFeed({ store, pool: database.pool, attempts: 2, firstPauseMs: 1 });
    const strategy = new FeedServer(feed);
    const registered: string[] = [];
    const onBatch = async (facts: readonly StoredRecord[]): Promise<void> =>
      void registered.push(...facts.map(({ key }) => key));
    strategy.register({ kind: 'facts', group: 'spec.registered', nouns: ['payment'], onBatch });
    const testing = await Test.createTestingModule({ imports: [PaymentsModule] }).compile();
    const app = testing.createNestMicroservice({ strategy, logger: false });
    await app.listen();
    let last = 0n;
    for (const key of ['good', 'bad', 'fine']) {
      const done = await store
        .writer('authorization')
        .append(`payment-${randomUUID()}`, -1, [factToAppend({}, { key })]);
      last = done.ok ? done.position : last;
    }
    await strategy.reached(last);
    expect(new Set(taken)).toEqual(new Set(['good', 'fine']));
    expect(registered).toEqual(['good', 'bad', 'fine']);
    expect(await deadLetters(database.pool).list()).toMatchObject([{ key: 'bad', cause: 'Error: no such merchant' }]);
    await app.close();
    await feed.close();
  });
});
