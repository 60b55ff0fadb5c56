import type { Pool, PoolClient } from 'pg';
import { crashPoint } from '../crash-point.ts';
import { StoreUnavailable } from '../port.ts';
import { groupArguments, takeGroup, type Group } from './group.ts';
import type { PendingAppend } from '../pending-append.ts';
import { ANSWER_TIMEOUT_MS, appended, settle } from './settle.ts';

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

/**
 * Appends that one commit may always take. Beyond that a commit takes half of those who wait, so that the other half is ready to
 * be sent the moment it ends: the server and this process then work at the same time instead of in turns.
 */
const LEAST_SHARE = 128;

/** One stream's part of a commit, as the server answers it. */
interface GroupRow {
  readonly n: number;
  readonly ok: boolean;
  readonly last: string;
}

/** Answers the callers of a commit that is durable. */
type Tell = () => void;

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
    let untold: Tell | undefined;
    const tell = (): void => {
      untold?.();
      untold = undefined;
    };
    for (;;) {
      this.expire();
      const group = takeGroup(this.queue, Math.max(LEAST_SHARE, Math.ceil(this.queuedAppends / 2)));
      if (group.length === 0) {
        if (untold === undefined) break;
        tell();
        // Whoever was waiting may append at once, and that goes into one commit too.
        await Promise.resolve();
        continue;
      }
      try {
        if (this.client === undefined) tell();
        const client = await this.connected();
        crashPoint('store-before-commit');
        const answer = send(client, group);
        // While the server works on this commit we answer the one before it, and take in what follows from those answers.
        tell();
        const rows = await answer;
        crashPoint('store-after-commit');
        untold = await this.learn(client, group, rows);
        pause = FIRST_PAUSE_MS;
      } catch (error) {
        this.disconnect();
        await this.settleUnknown(group, error, pause);
        pause = Math.min(pause * 2, LAST_PAUSE_MS);
      }
    }
    this.work = undefined;
  }

  /** Reads the answer of a durable commit: gives what is to be told to the callers; a second round trip only for what was not stored. */
  private async learn(client: PoolClient, group: Group, rows: readonly GroupRow[]): Promise<Tell> {
    const unsettled: PendingAppend[] = [];
    const stored: { readonly chain: readonly PendingAppend[]; readonly last: bigint }[] = [];
    for (const row of rows) {
      const part = group[row.n - 1];
      if (part === undefined) continue;
      unsettled.push(...(row.ok ? part.rivals : [...part.chain, ...part.rivals]));
      if (row.ok) stored.push({ chain: part.chain, last: BigInt(row.last) });
    }
    const tell = (): void => {
      if (stored.length === 0) return;
      const facts = stored.reduce((sum, { chain, last }) => sum + this.acknowledge(chain, last), 0n);
      const last = stored.reduce((most, part) => (part.last > most ? part.last : most), 0n);
      const streams = stored.map(({ chain }) => chain[0]?.stream ?? '');
      this.settings.onCommitted(last - facts + 1n, last, streams);
    };
    if (unsettled.length === 0) return tell;
    tell();
    try {
      await this.settleAll(client, unsettled);
    } catch (error) {
      // Not learnt: they stay first in the queue, and sending them again is safe, for revision and ids are compared each time.
      this.queue.unshift(...unsettled);
      throw new SettleLater('reading back failed', { cause: error });
    }
    return () => undefined;
  }

  private acknowledge(chain: readonly PendingAppend[], last: bigint): bigint {
    const count = (appends: readonly PendingAppend[]): number => appends.reduce((sum, a) => sum + a.records.length, 0);
    const total = count(chain);
    let done = 0;
    for (const append of chain) {
      done += append.records.length;
      const position = last - BigInt(total - done);
      this.finish(append, () => append.resolve(appended(append, position)));
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
      await client.query({ text: SESSION, ...{ query_timeout: ANSWER_TIMEOUT_MS } });
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

/** One round trip for the whole commit. */
async function send(client: PoolClient, group: Group): Promise<readonly GroupRow[]> {
  const { rows } = await client.query<GroupRow>({
    name: 'append-group',
    text: 'select n, ok, last::text as last from store.append_group($1, $2, $3, $4, $5, $6, $7, $8, $9, $10)',
    values: groupArguments(group),
    ...{ query_timeout: ANSWER_TIMEOUT_MS },
  });
  return rows;
}

/** Some appends of a commit are stored and acknowledged, the others are in the queue again. */
class SettleLater extends Error {}
