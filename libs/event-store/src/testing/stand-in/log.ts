import { appendFileSync, existsSync, readFileSync } from 'node:fs';

/** One event as the stand-in keeps it. */
export interface LogEvent {
  readonly id: string;
  readonly stream: string;
  readonly revision: number;
  /** Log position, commit and prepare alike; positions have gaps as a log of bytes has. */
  readonly position: bigint;
  /** Type, content type and time of writing. */
  readonly system: Readonly<Record<string, string>>;
  readonly metadata: Uint8Array;
  readonly data: Uint8Array;
}

/** An event that somebody wants to write. */
export type ProposedEvent = Omit<LogEvent, 'stream' | 'revision' | 'position'>;

/** What an append expects of the stream: a revision, −1 for none yet, or nothing. */
export type Expected = number | 'any';

/** How an append ended: stored now or before, or the stream's present revision, −1 when it does not exist. */
export type Written =
  { readonly ok: true; readonly last: LogEvent } | { readonly ok: false; readonly revision: number };

const FIRST_POSITION = 1_021n;
/** A record's own bytes in the log around its data. */
const OVERHEAD = 97n;
/** So many appends apart the server writes an event of its own. */
const SYSTEM_EVERY = 5;

/**
 * The stand-in's log: streams with revisions, one order, the server's idempotence by event ids, and events of the server itself in between.
 * Kept in memory, and in a file when one is given, so that a new stand-in goes on where the last one ended.
 */
export class StandInLog {
  readonly events: LogEvent[] = [];
  readonly #streams = new Map<string, LogEvent[]>();
  readonly #file: string | undefined;
  readonly #watchers = new Set<() => void>();
  #end = FIRST_POSITION;
  #writes = 0;

  constructor(file?: string) {
    this.#file = file;
    if (file === undefined || !existsSync(file)) return;
    const lines = readFileSync(file, 'utf8').split('\n');
    // A line without an end was being written when the process died; nobody was told of it.
    for (const line of lines.slice(0, -1)) {
      const { stream, events } = JSON.parse(line) as { stream: string; events: FileEvent[] };
      this.#put(stream, events.map(fromFile));
    }
  }

  /** Position at which the next event will stand. */
  get end(): bigint {
    return this.#end;
  }

  stream(name: string): readonly LogEvent[] | undefined {
    return this.#streams.get(name);
  }

  /** Index of the first event at or after a position. */
  indexAt(position: bigint): number {
    let low = 0;
    let high = this.events.length;
    while (low < high) {
      const middle = (low + high) >> 1;
      if ((this.events[middle] as LogEvent).position < position) low = middle + 1;
      else high = middle;
    }
    return low;
  }

  /** True for a position at which a record begins, or the next one will: a reader may not begin anywhere else. */
  isBoundary(position: bigint): boolean {
    return position === this.#end || this.events[this.indexAt(position)]?.position === position;
  }

  write(stream: string, expected: Expected, proposed: readonly ProposedEvent[]): Written {
    const there = this.#streams.get(stream) ?? [];
    const revision = there.length - 1;
    if (expected !== 'any' && expected !== revision) {
      const same = proposed.map((event, n) => there[expected + 1 + n]?.id === event.id);
      const last = there[expected + proposed.length];
      return last !== undefined && same.every(Boolean) ? { ok: true, last } : { ok: false, revision };
    }
    if (this.#writes++ % SYSTEM_EVERY === 0) this.#store('$stats-127.0.0.1:2113', [statistics(this.#writes)]);
    this.#store(stream, proposed);
    for (const watcher of [...this.#watchers]) watcher();
    return { ok: true, last: this.#streams.get(stream)?.at(-1) as LogEvent };
  }

  /** Calls after each write; gives the function that takes the wish back. */
  watch(call: () => void): () => void {
    this.#watchers.add(call);
    return () => this.#watchers.delete(call);
  }

  /** Changes what stands in the log, as only somebody with the server's files could. */
  tamper(index: number, change: Partial<LogEvent>): void {
    const event = this.events[index] as LogEvent;
    Object.assign(event, change);
  }

  #store(stream: string, events: readonly ProposedEvent[]): void {
    if (this.#file !== undefined)
      appendFileSync(this.#file, `${JSON.stringify({ stream, events: events.map(toFile) })}\n`);
    this.#put(stream, events);
  }

  #put(stream: string, events: readonly ProposedEvent[]): void {
    const there = this.#streams.get(stream) ?? [];
    this.#streams.set(stream, there);
    for (const event of events) {
      const stored = { ...event, stream, revision: there.length, position: this.#end };
      this.#end += OVERHEAD + BigInt(event.data.length + event.metadata.length);
      there.push(stored);
      this.events.push(stored);
    }
  }
}

type FileEvent = Omit<ProposedEvent, 'metadata' | 'data'> & { readonly metadata: string; readonly data: string };

const toFile = ({ metadata, data, ...event }: ProposedEvent): FileEvent => ({
  ...event,
  metadata: Buffer.from(metadata).toString('base64'),
  data: Buffer.from(data).toString('base64'),
});

const fromFile = ({ metadata, data, ...event }: FileEvent): ProposedEvent => ({
  ...event,
  metadata: new Uint8Array(Buffer.from(metadata, 'base64')),
  data: new Uint8Array(Buffer.from(data, 'base64')),
});

const statistics = (n: number): ProposedEvent => ({
  id: `00000000-0000-4000-8000-${String(n).padStart(12, '0')}`,
  system: { type: '$statsCollected', 'content-type': 'application/json', created: '638000000000000000' },
  metadata: new Uint8Array(),
  data: new Uint8Array(Buffer.from(`{"writes":${n}}`)),
});
