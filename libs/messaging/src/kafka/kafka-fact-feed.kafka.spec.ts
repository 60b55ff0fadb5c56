import { jest } from '@jest/globals';
import { factFeedContract, type FeedContractPlace } from '../contract.ts';
import { kafkaForSpecs, openClusterPlace } from '../testing/index.ts';

jest.setTimeout(60_000);
const kafka = await kafkaForSpecs();

async function openPlace(): Promise<FeedContractPlace> {
  const { store, database, openFeed, drop } = await openClusterPlace(kafka as NonNullable<typeof kafka>);
  return { store, pool: database.pool, sharing: true, openFeed: () => openFeed(), drop };
}

if (kafka !== undefined) factFeedContract('Kafka', openPlace);
else it.skip('fact feed: Kafka', () => undefined);
