import type { Pool, PoolClient } from 'pg';
import { StoreUnavailable } from '../port.ts';
import { groupArguments, takeGroup, type Group } from './group.ts';
import type { PendingAppend } from './pending-append.ts';
import { settle } from './settle.ts';

/** Bounds on what waits for a commit; beyond them an append is turned away at once. */
export interface CommitterSettings {
  readonly maxQueuedAppends: number;
  readonly maxQueuedBytes: number;
  /** Machine clock, ms since the epoch. */
  readonly now: () => number;
  /** Told after each durable commit of ours, in their order. */
  readonly onCommitted: (first: bigint, last: bigint, streams: readonly string[]) => void;
  /** Told a position that exists, when it was learnt by reading back. */
  readonly onSeen: (position: bigint) => void;
}

/** Server side: nothing of ours holds the head row longer than this (design 8). */
const SERVER_TIMEOUT_MS = 5_000;
/** Our side, for a network that swallows the answer. */
const ANSWER_TIMEOUT_MS = 8_000;
const FIRST_PAUSE_MS = 10;
const LAST_PAUSE_MS = 500;

// Plans are made once, while the table is small, and kept while it grows: what is good only for a small table is ruled out. (Nested loops
// stay where nothing else is possible, which is the look at each stream by index.)
const SESSION = `
  set lock_timeout = ${SERVER_TIMEOUT_MS}; set statement_timeout = ${SERVER_TIMEOUT_MS};
  set idle_in_transaction_session_timeout = ${SERVER_TIMEOUT_MS};
  set enable_seqscan = off; set enable_bitmapscan = off; set enable_nestloop = off; set jit = off;
  set plan_cache_mode = force_generic_plan;
  select set_config('synchronous_commit', 'on', false) where current_setting('synchronous_commit') = 'off'`;

/** Groups concurrent appends into commits, one commit in flight, on a connection of its own. */
export class Committer {
  private readonly pool: Pool;
  private readonly settings: CommitterSettings;
  private readonly queue: PendingAppend[] = [];
  private queuedBytes = 0;
  private queuedAppends = 0;
  private client: PoolClient | undefined;
  private work: Promise<void> | undefined;
  private closed = false;

  constructor(pool: Pool, settings: CommitterSettings) {
    this.pool = pool;
    this.settings = settings;
  }

  /** Takes an append in; its outcome comes through its `resolve` and `reject`. Throws `StoreUnavailable` when the queue is full. */
  enqueue(append: PendingAppend): void {
    if (this.closed) throw new StoreUnavailable('the event store is closed');
    const { maxQueuedAppends, maxQueuedBytes } = this.settings;
    if (this.queuedAppends >= maxQueuedAppends || this.queuedBytes + append.bytes > maxQueuedBytes)
      throw new StoreUnavailable(
        `the event store's queue is full (${this.queuedAppends} appends wait); nothing was stored`,
      );
    this.queuedAppends += 1;
    this.queuedBytes += append.bytes;
    this.queue.push(append);
    this.work ??= this.run();
  }

  /** Refuses new appends, finishes those taken in, and gives the connection back. */
  async close(): Promise<void> {
    this.closed = true;
    await this.work;
    this.disconnect();
  }

  private async run(): Promise<void> {
    // What is appended in this very turn of the event loop goes into the same commit.
    await Promise.resolve();
    let pause = FIRST_PAUSE_MS;
    while (this.queue.length > 0) {
      this.expire();
      const group = takeGroup(this.queue);
      if (group.length === 0) continue;
      try {
        await this.commit(await this.connected(), group);
        pause = FIRST_PAUSE_MS;
      } catch (error) {
        this.disconnect();
        await this.settleUnknown(group, error, pause);
        pause = Math.min(pause * 2, LAST_PAUSE_MS);
      }
    }
    this.work = undefined;
  }

  /** One round trip for the commit; a second one only for what was not stored. */
  private async commit(client: PoolClient, group: Group): Promise<void> {
    const { rows } = await client.query<{ n: number; ok: boolean; last: string }>({
      name: 'append-group',
      text: 'select n, ok, last::text as last from store.append_group($1, $2, $3, $4, $5, $6, $7, $8, $9, $10)',
      values: groupArguments(group),
      ...{ query_timeout: ANSWER_TIMEOUT_MS },
    });
    const unsettled: PendingAppend[] = [];
    const streams: string[] = [];
    let facts = 0n;
    let last = 0n;
    for (const row of rows) {
      const part = group[row.n - 1];
      if (part === undefined) continue;
      unsettled.push(...(row.ok ? part.rivals : [...part.chain, ...part.rivals]));
      if (!row.ok) continue;
      const end = BigInt(row.last);
      if (end > last) last = end;
      streams.push(part.chain[0]?.stream ?? '');
      facts += this.acknowledge(part.chain, end);
    }
    if (facts > 0n) this.settings.onCommitted(last - facts + 1n, last, streams);
    try {
      await this.settleAll(client, unsettled);
    } catch (error) {
      // Not learnt: they stay first in the queue, and sending them again is safe, for revision and ids are compared each time.
      this.queue.unshift(...unsettled);
      throw new SettleLater('reading back failed', { cause: error });
    }
  }

  private acknowledge(chain: readonly PendingAppend[], last: bigint): bigint {
    const count = (appends: readonly PendingAppend[]): number => appends.reduce((sum, a) => sum + a.records.length, 0);
    const total = count(chain);
    let done = 0;
    for (const append of chain) {
      done += append.records.length;
      const position = last - BigInt(total - done);
      this.finish(append, () =>
        append.resolve({ ok: true, revision: append.expected + append.records.length, position }),
      );
    }
    return BigInt(total);
  }

  /** Answers what the streams can answer; what is not stored goes to the front of the queue, in its order. */
  private async settleAll(client: PoolClient, appends: readonly PendingAppend[]): Promise<void> {
    const verdicts = await settle(client, appends);
    const again: PendingAppend[] = [];
    appends.forEach((append, n) => {
      const verdict = verdicts[n];
      if (verdict === undefined || verdict === 'not-stored') again.push(append);
      else if ('refused' in verdict) this.finish(append, () => append.reject(verdict.refused));
      else {
        if (verdict.result.ok) this.settings.onSeen(verdict.result.position);
        this.finish(append, () => append.resolve(verdict.result));
      }
    });
    this.queue.unshift(...again);
  }

  /** The connection or the commit failed: whatever the error says, the outcome is unknown until the streams have been read. */
  private async settleUnknown(group: Group, cause: unknown, pause: number): Promise<void> {
    await new Promise((resolve) => setTimeout(resolve, pause));
    if (cause instanceof SettleLater) return;
    let open = group.flatMap(({ chain, rivals }) => [...chain, ...rivals]);
    for (let wait = pause; ; wait = Math.min(wait * 2, LAST_PAUSE_MS)) {
      open = this.expired(open, cause);
      try {
        if (open.length === 0) return;
        return await this.settleAll(await this.connected(), open);
      } catch {
        this.disconnect();
        this.expire(cause);
        await new Promise((resolve) => setTimeout(resolve, wait));
      }
    }
  }

  private async connected(): Promise<PoolClient> {
    if (this.client !== undefined) return this.client;
    const client = await this.pool.connect();
    client.on('error', () => {
      if (this.client === client) this.disconnect();
    });
    try {
      await client.query(SESSION);
    } catch (error) {
      client.release(true);
      throw error;
    }
    this.client = client;
    return client;
  }

  private disconnect(): void {
    const client = this.client;
    this.client = undefined;
    client?.release(true);
  }

  private expire(cause?: unknown): void {
    const open = this.expired(this.queue, cause);
    if (open.length < this.queue.length) this.queue.splice(0, this.queue.length, ...open);
  }

  /** Rejects those past their deadline and gives the others. */
  private expired(appends: readonly PendingAppend[], cause: unknown): PendingAppend[] {
    const now = this.settings.now();
    return appends.filter((append) => {
      if (append.deadline > now) return true;
      const error = new StoreUnavailable(
        `${append.stream}: it could not be learnt in time whether the facts were stored`,
        { cause },
      );
      this.finish(append, () => append.reject(error));
      return false;
    });
  }

  private finish(append: PendingAppend, say: () => void): void {
    this.queuedAppends -= 1;
    this.queuedBytes -= append.bytes;
    say();
  }
}

/** Some appends of a commit are stored and acknowledged, the others are in the queue again. */
class SettleLater extends Error {}
