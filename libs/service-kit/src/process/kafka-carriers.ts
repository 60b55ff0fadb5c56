import { factVersions } from '@tillstream/domain/facts';
import { newPaymentPatterns, turnAwayPattern } from '@tillstream/domain/payment/turn-away';
import {
  ensureTopics,
  KafkaCommandClient,
  KafkaCommandServer,
  KafkaFactFeed,
  kafkaSettingsFrom,
  KeyTenure,
  openKafka,
  Relay,
  type KafkaSettings,
} from '@tillstream/messaging';
import { SettingsInvalid, type Environment } from '../config/read-settings.ts';
import { stopOrder, type Lifecycle } from '../lifecycle/lifecycle.ts';
import type { Log } from '../logs/log.ts';
import type { Metrics } from '../metrics/metrics.ts';
import { showRelay } from '../observe/show-relay.ts';
import { feedEvents, type Ground } from '../platform/ground.ts';

/** A process's way to Kafka; nothing of it is connected by itself. */
export interface KafkaReach {
  readonly settings: KafkaSettings;
  readonly kafka: ReturnType<typeof openKafka>;
  /** Names this process to the others. */
  readonly holder: string;
}

/** What carries facts and commands of one process. */
export interface Carriers {
  readonly feed: KafkaFactFeed;
  readonly commands: KafkaCommandClient;
  readonly ownership: KeyTenure;
  /** Of a service that takes commands. */
  readonly commandServer: KafkaCommandServer | undefined;
}

const TOPICS_PAUSE_MS = 1_000;

/**
 * The way to Kafka that the environment tells. @throws SettingsInvalid when it tells none: the processes of a cluster meet nowhere else;
 * KafkaSettingInvalid
 */
export function kafkaOf(environment: Environment, holder: string, log: Log): KafkaReach {
  const settings = kafkaSettingsFrom(environment, holder);
  if (settings === undefined)
    throw new SettingsInvalid([
      { name: 'KAFKA_BROKERS', wrong: 'missing', right: 'host:port, a comma between several' },
    ]);
  return { settings, holder, kafka: openKafka(settings, ({ level, message }) => log[level](message)) };
}

/** Makes topics that are missing, as soon as the broker is there. */
export async function haveTopics({ kafka, settings }: KafkaReach, log: Log, lifecycle: Lifecycle): Promise<void> {
  while (!lifecycle.stopping) {
    try {
      return await ensureTopics(kafka, settings);
    } catch (error) {
      log.warn('the topics could not be looked at', { why: String(error) });
      await new Promise((resolve) => setTimeout(resolve, TOPICS_PAUSE_MS));
    }
  }
}

/** The carriers of a service on a ground; each has its step in the stop. */
export function carriersOf(service: string, reach: KafkaReach, ground: Ground): Carriers {
  const { kafka, settings, holder } = reach;
  const { store, pool, log, lifecycle } = ground;
  const { prefix } = settings;
  const onTrouble = (why: string): void => log.warn('commands', { why });
  const feed = new KafkaFactFeed({
    kafka,
    settings,
    members: service,
    store,
    pool,
    versions: factVersions,
    ...feedEvents(log),
  });
  lifecycle.onStop('feed', stopOrder.feeds, () => feed.close());
  const commands = new KafkaCommandClient({ kafka, prefix, pool, holder, onTrouble });
  // Messages of terminals at work are answered first.
  lifecycle.onStop('sending of commands', stopOrder.work, () => commands.close());
  const ownership = new KeyTenure({ pool, service, holder, onTrouble });
  if (service !== 'authorization' && service !== 'settlement')
    return { feed, commands, ownership, commandServer: undefined };
  const commandServer = new KafkaCommandServer({
    ...{ kafka, prefix, service, onTrouble },
    ...(service === 'authorization' ? { tenure: ownership } : {}),
    neverShed: (pattern) => !newPaymentPatterns.has(pattern),
    bindsUntilDeadline: (pattern) => pattern === turnAwayPattern,
    onFailure: (pattern, cause) => log.error('a command handler failed', { pattern, why: String(cause) }),
  });
  lifecycle.onStop('taking of commands', stopOrder.commands, () => commandServer.close());
  return { feed, commands, ownership, commandServer };
}

/** Makes this process a candidate for publishing the store's facts; one of all candidates does at a time. */
export function standForRelay(
  { kafka, settings, holder }: KafkaReach,
  { store, pool, log, lifecycle }: Pick<Ground, 'store' | 'pool' | 'log' | 'lifecycle'>,
  metrics: Metrics,
): void {
  const relay = new Relay({
    ...{ kafka, settings, store, pool, holder },
    onFailure: (error) => log.warn('the facts are not published now', { why: String(error) }),
    onActive: (active, { position }) =>
      log.info(active ? 'this process publishes the facts' : 'this process publishes the facts no more', {
        position: String(position),
      }),
  });
  showRelay(metrics, relay);
  lifecycle.onStop('relay', stopOrder.http, () => relay.stop());
  relay.start();
}
