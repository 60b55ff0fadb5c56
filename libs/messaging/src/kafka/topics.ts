/** A topic as the driver creates it; what is not said here is the broker's own default. */
export interface TopicSpec {
  readonly name: string;
  readonly partitions: number;
  /** Settings of the topic, by the broker's names. */
  readonly config: Readonly<Record<string, string>>;
}

/** Partitions of everything that travels by key: fixed for ever, because a key must stay where it is (design 9). */
export const KEYED_PARTITIONS = 48;

/** Gateway instances at most: each reads its replies from a partition of its own. */
export const REPLY_PARTITIONS = 16;

/** What commands and replies are kept for: as long as the epoch keys that their card fields are sealed to (design 10). */
export const COMMAND_RETENTION_MS = 600_000;

/** Facts stay readable on Kafka this long; who is further behind reads the store, which keeps everything. */
export const FACT_RETENTION_MS = 7 * 86_400_000;

/** Notices of parked keys; the parked row is what counts, the notice is for people. */
export const DEAD_LETTER_RETENTION_MS = 30 * 86_400_000;

// Only closed segments are ever deleted: without a short segment a quiet command topic would keep card boxes for days.
const brief = {
  'cleanup.policy': 'delete',
  'retention.ms': String(COMMAND_RETENTION_MS),
  'segment.ms': '60000',
};

/** Every topic of the cluster, spelled once. Nothing is compacted: a fact is never superseded by a later one of its key. */
export const topics = {
  /** Every fact's record, the very bytes of the store, under the fact's key; the relay alone writes it. */
  facts: {
    name: 'tillstream.facts',
    partitions: KEYED_PARTITIONS,
    config: { 'cleanup.policy': 'delete', 'retention.ms': String(FACT_RETENTION_MS) },
  },
  /** One notice for each key that a group parked. */
  deadLetters: {
    name: 'tillstream.dead-letters',
    partitions: 1,
    config: { 'cleanup.policy': 'delete', 'retention.ms': String(DEAD_LETTER_RETENTION_MS) },
  },
  /** Payment commands under the merchant, so that a merchant has one writer. */
  authorizationCommands: { name: 'tillstream.commands.authorization', partitions: KEYED_PARTITIONS, config: brief },
  /** Batch commands under the merchant. */
  settlementCommands: { name: 'tillstream.commands.settlement', partitions: KEYED_PARTITIONS, config: brief },
  /** Answers to commands; a partition for each gateway instance. */
  replies: { name: 'tillstream.replies', partitions: REPLY_PARTITIONS, config: brief },
} as const satisfies Readonly<Record<string, TopicSpec>>;
