import { createHash } from 'node:crypto';
import type { Envelope } from '@tillstream/domain/fact';

/** The envelope and the data of one fact. */
export interface RecordContent extends Envelope {
  readonly data: unknown;
}

/** Where the id's 36 characters stand in every record, counted from 0: right behind `{"id":"`. */
export const ID_OFFSET = 7;

/**
 * The one UTF-8 JSON byte string of a fact, with a fixed field order (design 4, *Record*). It is stored, published and hashed, and
 * never made again from its parts. Throws when the data is not JSON.
 */
export function encodeRecord(content: RecordContent): Buffer {
  const { id, stream, revision, type, version, at, by, causedBy, correlation, key, data } = content;
  return Buffer.from(
    JSON.stringify({ id, stream, revision, type, version, at, by, causedBy, correlation, key, data: data ?? null }),
    'utf8',
  );
}

/** The parsed content of a record. Throws `DamagedRecord` when the bytes are no record. */
export function decodeRecord(record: Buffer): RecordContent {
  let content: RecordContent;
  try {
    content = JSON.parse(record.toString('utf8')) as RecordContent;
  } catch {
    throw new DamagedRecord('the record is not JSON');
  }
  if (typeof content?.id !== 'string' || typeof content.stream !== 'string' || !Number.isInteger(content.revision))
    throw new DamagedRecord('the record has no envelope');
  return content;
}

const LEAF = Buffer.from([0]);

/** The record as a leaf of the Merkle tree: SHA-256(0x00 ‖ record), RFC 6962 section 2.1. */
export const leafHash = (record: Buffer): Buffer => createHash('sha256').update(LEAF).update(record).digest();

/** A stored record is not what was appended; reading stops rather than pass it on. */
export class DamagedRecord extends Error {
  override readonly name = 'DamagedRecord';
}
