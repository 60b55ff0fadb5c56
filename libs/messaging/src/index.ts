export type {
  CommandClient,
  CommandOutcome,
  FactFeed,
  FactGroup,
  FeedGroup,
  FeedSubscription,
  GroupPosition,
  RowBatch,
  RowGroup,
} from './port.ts';
export { InProcessFactFeed, type InProcessFeedOptions } from './in-process/fact-feed.ts';
export { migrateMessaging } from './in-process/state-tables.ts';
export { systemTimers, type Timers } from './in-process/pause.ts';
export type { ParkingNotice } from './in-process/group-settings.ts';
export type { ReplayOutcome } from './in-process/group-transactions.ts';
export type { ParkedKey } from './in-process/parked-keys.ts';
export {
  deadLetters,
  type AskedReplay,
  type DeadLetter,
  type DeadLetterNotice,
  type DeadLetters,
} from './dead-letters.ts';
export { FactsOf, FeedServer, type FactsPattern } from './feed-server.ts';
export { InProcessCommandClient, InProcessCommandServer } from './commands/in-process-commands.ts';
export type { CommandLaneOptions } from './commands/command-lanes.ts';
export type { CommandContext } from './commands/command-queue.ts';
export {
  causeOf,
  CheckpointOfAnotherStore,
  ClusterNotDrained,
  FeedStopped,
  FeedTakenOver,
  isPassing,
} from './feed-error.ts';
export { partitionOf } from './kafka/partition-of.ts';
export type { KeyFollower, KeyOwnership, Takeover } from './ownership/ownership.ts';
export { KeyTenure, type KeyTenureOptions } from './ownership/key-tenure.ts';
export {
  KafkaSettingInvalid,
  kafkaSettingsFrom,
  openKafka,
  type HiddenText,
  type KafkaLogLine,
  type KafkaSasl,
  type KafkaSettings,
} from './kafka/settings.ts';
export { ensureTopics, topicNames, TopicUnfit, type TopicNames, type TopicOptions } from './kafka/ensure-topics.ts';
export { KEYED_PARTITIONS, REPLY_PARTITIONS, topics, type TopicSpec } from './kafka/topics.ts';
export { KafkaFactFeed, type KafkaFeedOptions } from './kafka/kafka-fact-feed.ts';
export { Relay, type RelayFigures, type RelayOptions } from './kafka/relay.ts';
export {
  groupPosition,
  groupReach,
  groupReaches,
  lockGroups,
  REACH_SQL,
  reachesOf,
  type GroupReach,
  type Reach,
  type ReachRow,
} from './group-position.ts';
export { KafkaCommandClient, type KafkaCommandClientOptions } from './kafka-commands/kafka-command-client.ts';
export { KafkaCommandServer, type KafkaCommandServerOptions } from './kafka-commands/kafka-command-server.ts';
export { stickyAssigner } from './kafka-commands/sticky-assigner.ts';
