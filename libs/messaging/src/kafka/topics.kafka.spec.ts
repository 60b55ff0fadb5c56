import { kafkaForSpecs } from '../testing/index.ts';
import { openKafka, type KafkaSettings } from './settings.ts';
import { ensureTopics, topicNames, TopicUnfit } from './ensure-topics.ts';
import { KEYED_PARTITIONS as PARTITIONS, REPLY_PARTITIONS } from './topics.ts';

const kafka = await kafkaForSpecs();

(kafka === undefined ? describe.skip : describe)('topics', () => {
  let settings: KafkaSettings;
  beforeEach(() => (settings = (kafka as NonNullable<typeof kafka>).settings()));

  it('are created once with their partitions and settings, also by two processes at once', async () => {
    const client = openKafka(settings);
    await Promise.all([ensureTopics(client, settings), ensureTopics(openKafka(settings), settings)]);
    await ensureTopics(client, settings);
    const names = topicNames(settings.prefix);
    const admin = client.admin();
    await admin.connect();
    const { topics } = await admin.fetchTopicMetadata({ topics: Object.values(names) });
    const counts = Object.fromEntries(topics.map(({ name, partitions }) => [name, partitions.length]));
    expect(counts).toEqual({
      [names.facts]: PARTITIONS,
      [names.deadLetters]: 1,
      [names.authorizationCommands]: PARTITIONS,
      [names.settlementCommands]: PARTITIONS,
      [names.replies]: REPLY_PARTITIONS,
    });
    const { resources } = await admin.describeConfigs({
      includeSynonyms: false,
      resources: [
        { type: 2, name: names.facts, configNames: ['retention.ms', 'cleanup.policy'] },
        { type: 2, name: names.replies, configNames: ['retention.ms', 'segment.ms'] },
      ],
    });
    const configs = resources.map(({ configEntries }) =>
      Object.fromEntries(configEntries.map(({ configName, configValue }) => [configName, configValue])),
    );
    expect(configs).toEqual([
      { 'cleanup.policy': 'delete', 'retention.ms': '604800000' },
      { 'retention.ms': '600000', 'segment.ms': '60000' },
    ]);
    await admin.deleteTopics({ topics: Object.values(names) });
    await admin.disconnect();
  });

  it('refuse to be used with another number of partitions', async () => {
    const client = openKafka(settings);
    const admin = client.admin();
    await admin.connect();
    const topic = topicNames(settings.prefix).facts;
    await admin.createTopics({ topics: [{ topic, numPartitions: 3 }], waitForLeaders: false });
    const refused = ensureTopics(client, settings, { only: ['facts'] });
    await expect(refused).rejects.toBeInstanceOf(TopicUnfit);
    await expect(refused).rejects.toThrow(`${topic} has 3 partitions, expected ${PARTITIONS}`);
    await admin.deleteTopics({ topics: [topic] });
    await admin.disconnect();
  });
});
