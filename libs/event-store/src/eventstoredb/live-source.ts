import {
  STREAM_NAME,
  type AllStreamSubscription,
  type EventStoreDBClient,
  type RecordedEvent,
} from '@eventstore/db-client';
import type { Noun } from '@tillstream/domain/stream';
import { checkpointPlace, placeOf, subscribeFrom } from './place.ts';

/** Events that are taken over from the server before the handler asks for them. */
const READ_AHEAD = 500;
/** Events that the server looks through between two pages of a filtered subscription; it says a checkpoint after each. */
const SEARCH_WINDOW = 500;

/** What has come: events in order, and how far the server has looked beyond the last of them. */
export interface Arrival {
  readonly events: readonly RecordedEvent[];
  readonly upTo: bigint;
}

/**
 * A live subscription to the whole log, filtered by the server to the streams of some nouns. The server's checkpoints say how far it has looked; each
 * counts only after every event that was sent before it has been taken, for it overtakes those that wait in the buffer.
 */
export class LiveSource {
  readonly #stream: AllStreamSubscription;
  readonly #checkpoints: { readonly behind: number; readonly place: bigint }[] = [];
  #taken = 0;
  #upTo: bigint;
  #failure: unknown;
  #wake = (): void => undefined;

  constructor(client: EventStoreDBClient, from: bigint, nouns: readonly Noun[]) {
    this.#upTo = from;
    this.#stream = client.subscribeToAll(
      {
        fromPosition: subscribeFrom(from),
        filter: {
          filterOn: STREAM_NAME,
          prefixes: nouns.map((noun) => `${noun}-`),
          checkpointInterval: 1,
          maxSearchWindow: SEARCH_WINDOW,
          checkpointReached: (_, position) => {
            this.#checkpoints.push({
              behind: this.#taken + this.#stream.readableLength,
              place: checkpointPlace(position),
            });
            this.#wake();
          },
        },
      },
      { highWaterMark: READ_AHEAD },
    );
    const ended = (error?: unknown): void => {
      this.#failure ??= error ?? new Error('the subscription ended');
      this.#wake();
    };
    this.#stream.on('error', ended).on('end', ended).on('close', ended);
    this.#stream.on('readable', () => this.#wake());
  }

  /** Why it has ended; undefined while it lives. What came before it may still be taken. */
  get failure(): unknown {
    return this.#failure;
  }

  /** Takes at most so many events of those that are there; none when nothing came. */
  take(most: number): Arrival {
    const events: RecordedEvent[] = [];
    while (events.length < most) {
      const resolved = this.#stream.read() as { readonly event?: RecordedEvent } | null;
      if (resolved === null) break;
      this.#taken += 1;
      if (resolved.event === undefined) continue;
      events.push(resolved.event);
      this.#seen(placeOf(resolved.event.position) ?? this.#upTo);
    }
    while (this.#checkpoints[0] !== undefined && this.#checkpoints[0].behind <= this.#taken)
      this.#seen(this.#checkpoints.shift()?.place ?? this.#upTo);
    return { events, upTo: this.#upTo };
  }

  /** True when there is something to take, or to be told of. */
  get hasCome(): boolean {
    return this.#stream.readableLength > 0 || this.#checkpoints.length > 0 || this.#failure !== undefined;
  }

  /** Calls whenever something has come; the last one told is the one that is called. */
  onArrival(call: () => void): void {
    this.#wake = call;
  }

  end(): void {
    this.#stream.unsubscribe().catch(() => undefined);
    this.#stream.destroy();
  }

  #seen(place: bigint): void {
    if (place > this.#upTo) this.#upTo = place;
  }
}
