import { decodeRecord, DamagedRecord, type RecordContent } from '@tillstream/event-store';
import type { KafkaMessage } from 'kafkajs';
import { isTick, nounOf, readFrame, readTick } from './fact-message.ts';
import type { CarriedFact } from './partition-progress.ts';

/** The groups of a process are given the same messages: each record is decoded once. */
const decoded = new WeakMap<Buffer, RecordContent>();

/** What is wanted of a partition's messages. */
export interface Wanted {
  /** Undefined while nothing of ours was ever published. */
  tag: number | undefined;
  readonly nouns: ReadonlySet<string>;
  readonly upcast: (content: RecordContent) => RecordContent;
}

/** What a run of messages gave. */
export interface Carried {
  readonly facts: readonly CarriedFact[];
  /** Looked through up to this position. */
  readonly position: bigint;
  /** The message after the last one that was looked at. */
  readonly nextOffset: bigint;
  /** Facts are missing before the message at `nextOffset`, or it cannot be read: the store knows. */
  readonly gap: boolean;
  /** As the newest tick among them says. */
  readonly generation: number | undefined;
  /** Index of the first message of another publication or of nobody; they are left alone. */
  readonly foreign: number | undefined;
}

/** Reads messages of one partition from index `from` on, for whoever has everything up to `position`. Stops before a gap. */
export function readMessages(
  messages: readonly KafkaMessage[],
  from: number,
  position: bigint,
  wanted: Wanted,
): Carried {
  const facts: CarriedFact[] = [];
  let at = position;
  let nextOffset = BigInt(messages[from]?.offset ?? 0);
  let generation: number | undefined;
  let foreign: number | undefined;
  let gap = false;
  for (let index = from; index < messages.length; index += 1) {
    const { key, value, offset } = messages[index] as KafkaMessage;
    const frame = wanted.tag === undefined ? undefined : readFrame(key, wanted.tag);
    if (frame === undefined) foreign ??= index;
    else if (frame.position > at) {
      if (frame.previous > at) gap = true;
      else if (isTick(key as Buffer)) generation = readTick(value)?.generation ?? generation;
      else if (value === null) gap = true;
      else {
        const fact = carried(value, frame.position, offset, wanted);
        if (fact === 'unreadable') gap = true;
        else if (fact !== undefined) facts.push(fact);
      }
      if (gap) break;
      at = frame.position;
    }
    nextOffset = BigInt(offset) + 1n;
  }
  return { facts, position: at, nextOffset, gap, generation, foreign };
}

function carried(
  record: Buffer,
  position: bigint,
  offset: string,
  { nouns, upcast }: Wanted,
): CarriedFact | 'unreadable' | undefined {
  const noun = nounOf(record);
  if (noun === undefined) return 'unreadable';
  if (!nouns.has(noun)) return undefined;
  let content: RecordContent;
  try {
    content = decoded.get(record) ?? decodeRecord(record);
    decoded.set(record, content);
  } catch (error) {
    if (error instanceof DamagedRecord) return 'unreadable';
    throw error;
  }
  return { ...upcast(content), position, record, nextOffset: BigInt(offset) + 1n };
}
