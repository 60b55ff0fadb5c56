import {
  ErrorType,
  isCommandError,
  NO_STREAM,
  type AppendResult as Answer,
  type EventStoreDBClient,
} from '@eventstore/db-client';
import { crashPoint } from '../crash-point.ts';
import { AppendRefused, type PendingAppend } from '../pending-append.ts';
import { StoreUnavailable, type AppendResult } from '../port.ts';
import { DamagedRecord } from '../record.ts';
import { placeOf } from './place.ts';
import type { EventStoreDbReading } from './reading.ts';
import { eventsOf } from './recorded.ts';
import { settle } from './settle.ts';
import type { StreamKeys } from './stream-keys.ts';

/** Bounds on what waits, and what the appender needs. */
export interface AppenderSettings {
  readonly client: EventStoreDBClient;
  readonly reading: EventStoreDbReading;
  readonly keys: StreamKeys;
  readonly maxQueuedAppends: number;
  readonly maxQueuedBytes: number;
  /** Appends on their way to the server at once, each to another stream. */
  readonly maxInFlight: number;
  /** Machine clock, ms since the epoch. */
  readonly now: () => number;
  /** Told the position of each append that is known to be stored. */
  readonly onStored: (position: bigint) => void;
}

const FIRST_PAUSE_MS = 10;
const LAST_PAUSE_MS = 500;

/**
 * Sends appends: of one stream one at a time, in the order in which they were given, so that those which follow on each other do not overtake
 * each other on the way; of many streams many at once.
 */
export class Appender {
  readonly #settings: AppenderSettings;
  /** Per stream what waits behind the append in work. */
  readonly #lanes = new Map<string, PendingAppend[]>();
  readonly #ready: PendingAppend[] = [];
  #queued = 0;
  #queuedBytes = 0;
  #inFlight = 0;
  #closed = false;
  #drained = (): void => undefined;

  constructor(settings: AppenderSettings) {
    this.#settings = settings;
  }

  /** Takes an append in; its outcome comes through its `resolve` and `reject`. Throws `StoreUnavailable` when the queue is full. */
  enqueue(append: PendingAppend): void {
    if (this.#closed) throw new StoreUnavailable('the event store is closed');
    const { maxQueuedAppends, maxQueuedBytes } = this.#settings;
    if (this.#queued >= maxQueuedAppends || this.#queuedBytes + append.bytes > maxQueuedBytes)
      throw new StoreUnavailable(`the event store's queue is full (${this.#queued} appends wait); nothing was stored`);
    this.#queued += 1;
    this.#queuedBytes += append.bytes;
    const lane = this.#lanes.get(append.stream);
    if (lane !== undefined) lane.push(append);
    else {
      this.#lanes.set(append.stream, []);
      this.#ready.push(append);
      this.#pump();
    }
  }

  /** Refuses new appends and finishes those taken in. */
  async close(): Promise<void> {
    this.#closed = true;
    if (this.#queued > 0) await new Promise<void>((resolve) => (this.#drained = resolve));
  }

  #pump(): void {
    while (this.#inFlight < this.#settings.maxInFlight) {
      const append = this.#ready.shift();
      if (append === undefined) return;
      this.#inFlight += 1;
      void this.#send(append).then((say) => {
        this.#inFlight -= 1;
        this.#finish(append);
        say();
        this.#pump();
      });
    }
  }

  #finish({ stream, bytes }: PendingAppend): void {
    this.#queued -= 1;
    this.#queuedBytes -= bytes;
    const next = this.#lanes.get(stream)?.shift();
    if (next === undefined) this.#lanes.delete(stream);
    else this.#ready.push(next);
    if (this.#queued === 0) this.#drained();
  }

  /** Tries until the outcome is known or the deadline is there; gives how to tell it. Never rejects. */
  async #send(append: PendingAppend): Promise<() => void> {
    const { now } = this.#settings;
    let cause: unknown;
    // A new append is sent at once; after any trouble the stream is read back before it may be sent again.
    let mustLook = false;
    for (let pause = 0; append.deadline > now(); pause = Math.min(Math.max(2 * pause, FIRST_PAUSE_MS), LAST_PAUSE_MS)) {
      if (pause > 0) await new Promise((resolve) => setTimeout(resolve, Math.min(pause, append.deadline - now())));
      try {
        const outcome = await this.#until(append, mustLook ? this.#look(append) : this.#try(append));
        if (outcome instanceof AppendRefused) return () => append.reject(outcome);
        if (outcome !== undefined) return this.#answer(append, outcome);
        mustLook = !mustLook;
      } catch (error) {
        const refused = refusalOf(error, append);
        if (refused !== undefined) return () => append.reject(refused);
        cause = error;
        mustLook = true;
      }
    }
    const unknown = `${append.stream}: it could not be learnt in time whether the facts were stored`;
    return () => append.reject(new StoreUnavailable(unknown, { cause }));
  }

  #answer(append: PendingAppend, result: AppendResult): () => void {
    if (result.ok) {
      this.#settings.keys.remember(append.stream, append.key);
      this.#settings.onStored(result.position);
    }
    return () => append.resolve(result);
  }

  /** Sends the append; undefined when the stream has to be looked at for the answer. */
  async #try(append: PendingAppend): Promise<AppendResult | undefined> {
    const { client, now } = this.#settings;
    if (append.expected >= 0 && (await this.#keyOf(append.stream)) !== append.key) return undefined;
    crashPoint('store-before-commit');
    const answer = await client.appendToStream(append.stream, eventsOf(append), {
      expectedRevision: append.expected < 0 ? NO_STREAM : BigInt(append.expected),
      requiresLeader: true,
      deadline: Math.max(1, append.deadline - now()),
    });
    crashPoint('store-after-commit');
    if (!answer.success) return undefined;
    const position = positionIn(answer, append);
    if (position === undefined) return undefined;
    return { ok: true, revision: append.expected + append.ids.length, position, positions: [position] };
  }

  async #look(append: PendingAppend): Promise<AppendResult | AppendRefused | undefined> {
    const verdict = await settle(this.#settings.reading, append);
    if (verdict === 'not-stored') return undefined;
    return 'refused' in verdict ? verdict.refused : verdict.result;
  }

  /** The key of a stream's facts; undefined when it has none. */
  async #keyOf(stream: string): Promise<string | undefined> {
    const known = this.#settings.keys.of(stream);
    if (known !== undefined) return known;
    const [first] = await this.#settings.reading.stream(stream, 0, 1);
    return first?.key;
  }

  /** Waits no longer than the append's deadline, whatever the client does. */
  async #until<T>({ deadline }: PendingAppend, work: Promise<T>): Promise<T> {
    let timer: NodeJS.Timeout | undefined;
    const late = new Promise<never>((_, reject) => {
      timer = setTimeout(() => reject(new Error('no answer in time')), Math.max(0, deadline - this.#settings.now()));
    });
    try {
      return await Promise.race([work, late]);
    } finally {
      clearTimeout(timer);
    }
  }
}

/**
 * The position of the append's last fact, from the answer. It does not say of which of several facts its position is, nor whether they were stored now or
 * before; then the stream says it.
 */
const positionIn = ({ position }: Answer, { ids }: PendingAppend): bigint | undefined =>
  ids.length === 1 ? placeOf(position) : undefined;

/** What no second try can mend. Everything else leaves the outcome unknown until the stream was read. */
function refusalOf(error: unknown, { stream, bytes }: PendingAppend): Error | undefined {
  if (error instanceof DamagedRecord) return error;
  if (!(error instanceof Error) || !isCommandError(error)) return undefined;
  if (error.type === ErrorType.MAXIMUM_APPEND_SIZE_EXCEEDED)
    return new AppendRefused(
      `${stream}: ${bytes} bytes in one append are more than the server takes; raise its setting MaxAppendSize to 16777216`,
    );
  if (error.type === ErrorType.STREAM_DELETED)
    return new StoreUnavailable(`${stream}: was deleted in the event store; facts are never removed`, { cause: error });
  if (error.type === ErrorType.ACCESS_DENIED)
    return new StoreUnavailable('the event store refuses our credentials; nothing was stored', { cause: error });
  return undefined;
}
