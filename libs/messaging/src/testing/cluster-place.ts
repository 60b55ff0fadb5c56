import { connect, type Socket } from 'node:net';
import { openFreshStore, type FreshDatabase } from '@tillstream/event-store/testing';
import type { PostgresEventStore } from '@tillstream/event-store';
import type { ISocketFactory } from 'kafkajs';
import type { Pool } from 'pg';
import { migrateMessaging } from '../in-process/state-tables.ts';
import { ensureTopics, topicNames } from '../kafka/ensure-topics.ts';
import { KafkaFactFeed, type KafkaFeedOptions } from '../kafka/kafka-fact-feed.ts';
import { Relay, type RelayOptions } from '../kafka/relay.ts';
import { openKafka, type KafkaSettings } from '../kafka/settings.ts';
import type { KafkaForSpecs } from './kafka-for-specs.ts';

/** An instance of a service that can be cut off from the broker. */
export type CuttableFeed = KafkaFactFeed & { cutOff(): void };

/** A store, its database, topics of its own, and a relay between them. */
export interface ClusterPlace {
  readonly store: PostgresEventStore;
  readonly database: FreshDatabase;
  readonly settings: KafkaSettings;
  readonly relay: Relay;
  /** What went wrong and was tried again, as text; for a look when a spec fails. */
  readonly failures: string[];
  openFeed(options?: Partial<KafkaFeedOptions>): CuttableFeed;
  openRelay(options?: Partial<RelayOptions>): Relay;
  drop(): Promise<void>;
}

/** Opens a place on the specs' broker (or another one), with short pauses and 3 attempts; everything opened is closed by `drop`. */
export async function openClusterPlace(
  kafka: KafkaForSpecs,
  { brokers = kafka.brokers }: { readonly brokers?: readonly string[] } = {},
): Promise<ClusterPlace> {
  const { store, database, close } = await openFreshStore();
  const { pool } = database;
  await migrateMessaging(pool);
  const settings = { ...kafka.settings(), brokers };
  const client = openKafka(settings);
  await ensureTopics(client, settings, { only: ['facts', 'deadLetters'] });
  const failures: string[] = [];
  const onFailure = (error: unknown): void => void failures.push(String(error));
  const relays: Relay[] = [];
  const feeds: KafkaFactFeed[] = [];
  const openRelay = (options: Partial<RelayOptions> = {}): Relay => {
    const relay = new Relay({ store, pool, kafka: client, settings, candidateMs: 50, onFailure, ...options });
    relays.push(relay);
    relay.start();
    return relay;
  };
  const openFeed = (options: Partial<KafkaFeedOptions> = {}): CuttableFeed => {
    const { cut, socketFactory } = cuttable();
    const own = { ...settings, socketFactory };
    const feed = new KafkaFactFeed({
      ...{ store, pool, kafka: openKafka(own), settings: own, versions: {}, sessionMs: 3_000 },
      ...{ attempts: 3, firstPauseMs: 1, longestPauseMs: 4, replayPollMs: 5 },
      onFailure: (group, error) => void failures.push(`${group}: ${String(error)}`),
      ...options,
    });
    feeds.push(feed);
    return Object.assign(feed, { cutOff: cut });
  };
  const drop = async (): Promise<void> => {
    await Promise.all([...feeds.map((feed) => feed.close()), ...relays.map((relay) => relay.stop())]);
    await deleteTopics(client, settings);
    await close();
  };
  return { store, database, settings, relay: openRelay(), failures, openFeed, openRelay, drop };
}

async function deleteTopics(client: ReturnType<typeof openKafka>, { prefix }: KafkaSettings): Promise<void> {
  const admin = client.admin();
  await admin.connect();
  const { facts, deadLetters } = topicNames(prefix);
  await admin.deleteTopics({ topics: [facts, deadLetters] }).catch(() => undefined);
  await admin.disconnect();
}

/** Sockets that can all be destroyed, after which none can be opened. */
function cuttable(): { cut(): void; socketFactory: ISocketFactory } {
  const sockets = new Set<Socket>();
  let isCut = false;
  const socketFactory: ISocketFactory = ({ host, port, onConnect }) => {
    const socket = connect({ host, port });
    socket.once('connect', onConnect);
    socket.setNoDelay(true);
    sockets.add(socket);
    socket.once('close', () => sockets.delete(socket));
    if (isCut) process.nextTick(() => socket.destroy(new Error('cut off')));
    return socket;
  };
  const cut = (): void => {
    isCut = true;
    for (const socket of sockets) socket.destroy(new Error('cut off'));
  };
  return { cut, socketFactory };
}

/** Waits until a question is answered with yes; rejects after a generous time. */
export async function until(question: () => Promise<boolean> | boolean, ms = 60_000): Promise<void> {
  const deadline = Date.now() + ms;
  while (!(await question())) {
    if (Date.now() > deadline) throw new Error(`not within ${ms} ms: ${question.toString().slice(0, 200)}`);
    await new Promise((resolve) => setTimeout(resolve, 25));
  }
}

/** One column of one row. */
export async function ask<T>(pool: Pool, sql: string, values: readonly unknown[] = []): Promise<T> {
  const { rows } = await pool.query<{ answer: T }>(sql, [...values]);
  return rows[0]?.answer as T;
}
