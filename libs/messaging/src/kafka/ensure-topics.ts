import kafkajs, { type ITopicConfig, type ITopicMetadata, type Kafka } from 'kafkajs';
import type { KafkaSettings } from './settings.ts';
import { topics, type TopicSpec } from './topics.ts';

type TopicKey = keyof typeof topics;
/** The names of one installation's topics. */
export type TopicNames = Readonly<Record<TopicKey, string>>;

/** The names of an installation's topics: those of the table, under its own prefix. */
export function topicNames(prefix: string): TopicNames {
  const named = Object.entries(topics).map(([key, { name }]) => [key, name.replace(/^tillstream\b/, prefix)]);
  return Object.fromEntries(named) as TopicNames;
}

/** A record with its envelope is at most 64 KiB; order in a partition is the log's, and so is its time. */
const always = { 'max.message.bytes': String(2 * 1024 * 1024), 'message.timestamp.type': 'LogAppendTime' };

/** A topic that exists and cannot be used. */
export class TopicUnfit extends Error {
  override readonly name = 'TopicUnfit';
}

/** What may differ between installations. */
export interface TopicOptions {
  /** How long facts stay in the topic instead of the usual time, ms; -1 for ever. Consumers read what is gone from the store. */
  readonly factsRetentionMs?: number;
  /** The topics that this process needs; all when left out. */
  readonly only?: readonly TopicKey[];
}

/**
 * Creates the topics that are missing, with their settings; those that exist stay as they are. Two processes may do it at once.
 * Throws `TopicUnfit` when one has another number of partitions: a key would then be elsewhere than its older facts.
 */
export async function ensureTopics(kafka: Kafka, settings: KafkaSettings, options: TopicOptions = {}): Promise<void> {
  const admin = kafka.admin();
  await admin.connect();
  try {
    const wanted = topicsOf(settings, options);
    const existing = new Set(await admin.listTopics());
    const missing = wanted.filter(({ topic }) => !existing.has(topic));
    if (missing.length > 0) await create(admin, missing);
    for (const { name, partitions } of await whenLed(admin, wanted)) {
      const right = wanted.find(({ topic }) => topic === name)?.numPartitions;
      if (partitions.length !== right)
        throw new TopicUnfit(
          `topic ${name} has ${partitions.length} partitions, expected ${right}: the order of each key rests on that number; ` +
            'delete the topic (facts are published again from the store), or set another KAFKA_TOPIC_PREFIX',
        );
    }
  } finally {
    await admin.disconnect();
  }
}

function topicsOf(
  settings: KafkaSettings,
  { factsRetentionMs, only }: TopicOptions,
): (ITopicConfig & { topic: string })[] {
  const names = topicNames(settings.prefix);
  const wanted = only ?? (Object.keys(topics) as TopicKey[]);
  return wanted.map((key) => {
    const spec: TopicSpec = topics[key];
    const retention =
      key === 'facts' && factsRetentionMs !== undefined ? { 'retention.ms': String(factsRetentionMs) } : {};
    const config = {
      ...always,
      'min.insync.replicas': settings.replication > 2 ? '2' : '1',
      ...spec.config,
      ...retention,
    };
    return {
      topic: names[key],
      numPartitions: spec.partitions,
      replicationFactor: settings.replication,
      configEntries: Object.entries(config).map(([name, value]) => ({ name, value })),
    };
  });
}

type Admin = ReturnType<Kafka['admin']>;

async function create(admin: Admin, topics: ITopicConfig[]): Promise<void> {
  try {
    await admin.createTopics({ topics, waitForLeaders: false, timeout: 30_000 });
  } catch (error) {
    if (!isRace(error)) throw error;
  }
}

/** The topics as the cluster knows them, once every partition has a leader: a topic that was just made is unknown for a moment. */
async function whenLed(admin: Admin, wanted: readonly { readonly topic: string }[]): Promise<ITopicMetadata[]> {
  const deadline = Date.now() + 30_000;
  for (;;) {
    try {
      const { topics } = await admin.fetchTopicMetadata({ topics: wanted.map(({ topic }) => topic) });
      if (topics.every(({ partitions }) => partitions.length > 0 && partitions.every(({ leader }) => leader >= 0)))
        return topics;
    } catch (error) {
      if (!isYoung(error) || Date.now() > deadline) throw error;
    }
    if (Date.now() > deadline)
      throw new TopicUnfit(`no leader for every partition of ${wanted[0]?.topic ?? ''} after 30 s`);
    await new Promise((resolve) => setTimeout(resolve, 100));
  }
}

const isYoung = (error: unknown): boolean =>
  error instanceof kafkajs.KafkaJSProtocolError &&
  (error.type === 'UNKNOWN_TOPIC_OR_PARTITION' || error.type === 'LEADER_NOT_AVAILABLE');

/** Another process created it between our look and our wish. */
function isRace(error: unknown): boolean {
  const causes = (error as { errors?: unknown }).errors;
  if (Array.isArray(causes)) return causes.every(isRace);
  return error instanceof kafkajs.KafkaJSProtocolError && error.type === 'TOPIC_ALREADY_EXISTS';
}
