import { hash } from 'node:crypto';
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

/** The parsed content of a record, given as bytes or as the text of those bytes. Throws `DamagedRecord` when it is no record. */
export function decodeRecord(record: Buffer | string): RecordContent {
  let content: RecordContent;
  try {
    content = JSON.parse(typeof record === 'string' ? record : record.toString('utf8')) as RecordContent;
  } catch {
    throw new DamagedRecord('the record is not JSON');
  }
  if (typeof content?.id !== 'string' || typeof content.stream !== 'string' || !Number.isInteger(content.revision))
    throw new DamagedRecord('the record has no envelope');
  return content;
}

// Hashing is synchronous, so one place for "0x00 ‖ record" serves every record of the usual size.
const place = Buffer.alloc(64 * 1024 + 1);

/** The record as a leaf of the Merkle tree: SHA-256(0x00 ‖ record), RFC 6962 section 2.1. */
export function leafHash(record: Buffer): Buffer {
  const leaf = record.length < place.length ? place : Buffer.alloc(record.length + 1);
  record.copy(leaf, 1);
  return hash('sha256', leaf.subarray(0, record.length + 1), 'buffer');
}

/** A stored record is not what was appended; reading stops rather than pass it on. */
export class DamagedRecord extends Error {
  override readonly name = 'DamagedRecord';
}
