import { freshDatabase, type FreshDatabase } from '@tillstream/event-store/testing';
import type { CommandLaneOptions } from '../commands/command-lanes.ts';
import type { CommandContext } from '../commands/command-queue.ts';
import { commandContract } from '../commands/contract.ts';
import { migrateMessaging } from '../in-process/state-tables.ts';
import { ensureTopics } from '../kafka/ensure-topics.ts';
import { openKafka, type KafkaSettings } from '../kafka/settings.ts';
import { kafkaForSpecs } from '../testing/index.ts';
import { KafkaCommandClient } from './kafka-command-client.ts';
import { KafkaCommandServer } from './kafka-command-server.ts';

const kafka = await kafkaForSpecs();

type Handler = (bytes: Buffer, context: CommandContext) => Promise<unknown>;

(kafka === undefined ? describe.skip : describe)('commands over Kafka', () => {
  let database: FreshDatabase;
  let settings: KafkaSettings;

  beforeAll(async () => {
    database = await freshDatabase();
    await migrateMessaging(database.pool);
    settings = await settled();
  });
  afterAll(() => database.drop());

  async function settled(): Promise<KafkaSettings> {
    const settings = (kafka as NonNullable<typeof kafka>).settings();
    await ensureTopics(openKafka(settings), settings, { only: ['authorizationCommands', 'replies'] });
    return settings;
  }

  async function served(settings: KafkaSettings, handler: Handler, options: CommandLaneOptions = {}) {
    const server = new KafkaCommandServer({
      ...options,
      ...{ kafka: openKafka(settings), prefix: settings.prefix, service: 'authorization' },
    });
    for (const pattern of ['authorization.sale', 'authorization.reversal']) server.addHandler(pattern, handler);
    server.listen(() => undefined);
    while (!server.isJoined) await new Promise((resolve) => setTimeout(resolve, 20));
    return server;
  }

  async function sending(settings: KafkaSettings, holder = 'spec'): Promise<KafkaCommandClient> {
    const client = new KafkaCommandClient({
      ...{
        kafka: openKafka(settings),
        prefix: settings.prefix,
        pool: database.pool,
        holder,
      },
    });
    await client.start();
    return client;
  }

  commandContract('Kafka', {
    knowsWhatWaited: false,
    open: async (handler, options) => {
      const [server, client] = [await served(settings, handler, options), await sending(settings)];
      return {
        ...{ client, server },
        close: async () => {
          await client.close();
          await server.close();
        },
      };
    },
  });
});
