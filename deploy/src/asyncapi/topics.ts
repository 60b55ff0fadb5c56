/** A topic as it is published: its name, its partitions, the broker's settings for it. */
export interface TopicSpec {
  readonly name: string;
  readonly partitions: number;
  readonly config: Readonly<Record<string, string>>;
}

/** Partitions of everything that travels by key: fixed for ever, because a key must stay where it is (design 9). */
const KEYED_PARTITIONS = 48;
/** Gateway instances at most: each reads its replies from a partition of its own. */
const REPLY_PARTITIONS = 64;

const kept = { 'cleanup.policy': 'delete', 'retention.ms': '-1' };
// As long as the epoch keys that card fields are sealed to (design 10).
const brief = { 'cleanup.policy': 'delete', 'retention.ms': '600000' };

/** Every topic of the cluster. Nothing is compacted: a fact is never superseded by a later one of its key. */
export const topics = {
  facts: { name: 'tillstream.facts', partitions: KEYED_PARTITIONS, config: kept },
  deadLetters: { name: 'tillstream.dead-letters', partitions: 1, config: kept },
  authorizationCommands: { name: 'tillstream.commands.authorization', partitions: KEYED_PARTITIONS, config: brief },
  settlementCommands: { name: 'tillstream.commands.settlement', partitions: KEYED_PARTITIONS, config: brief },
  replies: { name: 'tillstream.replies', partitions: REPLY_PARTITIONS, config: brief },
} as const satisfies Readonly<Record<string, TopicSpec>>;
