import { binaryEvent, type BinaryEventType, type EventData, type RecordedEvent } from '@eventstore/db-client';
import { nounOf, type Noun } from '@tillstream/domain/stream';
import type { PendingAppend } from '../pending-append.ts';
import type { StoredRecord } from '../port.ts';
import { DamagedRecord, decodeRecord, leafHash, type RecordContent } from '../record.ts';
import { placeOf } from './place.ts';

/** Brings a record's data to the newest version. */
export type Upcast = (content: RecordContent) => RecordContent;

/** What one append sends: the very bytes of each record, with their leaf hash beside them; the event's id is the fact's. */
export const eventsOf = ({ ids, records, leaves }: Pick<PendingAppend, 'ids' | 'records' | 'leaves'>): EventData[] =>
  records.map((record, n) =>
    binaryEvent<BinaryEventType<string, Uint8Array>>({
      id: ids[n] as string,
      type: decodeRecord(record).type,
      // A plain view: the client's encoder takes a Buffer too, but compares classes in places.
      data: new Uint8Array(record.buffer, record.byteOffset, record.length),
      metadata: new Uint8Array(Buffer.from(JSON.stringify({ leaf: (leaves[n] as Buffer).toString('hex') }))),
    }),
  );

/** True for an event that stands in a stream of ours, of one of the nouns when they are given. System streams and others' streams are neither. */
export function isOfNouns(stream: string, nouns: readonly Noun[] | undefined): boolean {
  const noun = nounOf(stream);
  return noun !== undefined && (nouns === undefined || nouns.includes(noun));
}

/** A record as it stands in the log, its bytes checked against the leaf and its envelope against its place. */
export interface CheckedRecord {
  readonly content: RecordContent;
  readonly record: Buffer;
  readonly leaf: Buffer;
  readonly position: bigint;
}

/** Checks an event of a stream of ours. @throws DamagedRecord when it is not what was appended, or not appended by us */
export function checkedRecord(event: RecordedEvent): CheckedRecord {
  const wrong = (why: string): DamagedRecord =>
    new DamagedRecord(`${event.streamId}, revision ${event.revision}: ${why}`);
  const position = placeOf(event.position);
  if (position === undefined) throw wrong('it has no single position: it was written in an explicit transaction');
  if (event.isJson || !(event.data instanceof Uint8Array)) throw wrong('the event is JSON; records are bytes');
  const { buffer, byteOffset, byteLength } = event.data;
  const record = Buffer.from(buffer, byteOffset, byteLength);
  const leaf = leafHash(record);
  if (leafOf(event.metadata) !== leaf.toString('hex'))
    throw wrong('the record is not the one that was appended (its leaf hash differs)');
  const content = decodeRecord(record);
  if (content.stream !== event.streamId || BigInt(content.revision) !== event.revision || content.id !== event.id)
    throw wrong('the record says another stream, revision or id');
  return { content, record, leaf, position };
}

/** The record as the port gives it. @throws DamagedRecord, and UnknownFactVersion for a version of a newer program */
export function storedRecord(event: RecordedEvent, upcast: Upcast): StoredRecord {
  const { content, record, position } = checkedRecord(event);
  return { ...upcast(content), position, record };
}

const leafOf = (metadata: unknown): unknown => (metadata as { leaf?: unknown } | undefined)?.leaf;
