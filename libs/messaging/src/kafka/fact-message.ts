/**
 * How a fact travels. A message's value is the record's very bytes; its key is a frame of 20 bytes and the fact's key, because a header would
 * cost the client a third of its rate (toolchain 10):
 *
 *     0   8  position of the fact in its store, big-endian
 *     8   8  previous: no fact of this partition lies between this position and the one before
 *    16   4  publication: the first four bytes of the uuid that the relay drew for this store and topic (`state.relay`)
 *    20   …  the fact's key, UTF-8; empty in a tick
 *
 * A consumer at position p takes a message in when previous ≤ p < position, drops it when position ≤ p, and otherwise knows that facts are
 * missing, whatever the reason: it reads them from the store. So offsets may lie, and nothing is ever skipped.
 * A tick is a message without a fact: its value is {@link Tick} as JSON.
 */
export const FRAME_BYTES = 20;

/** What the frame of a message says. */
export interface Frame {
  readonly position: bigint;
  readonly previous: bigint;
}

/** Says that every fact of the partition up to the frame's position was sent before. */
export interface Tick {
  readonly store: string;
  /** Raised when the topic was found lost and is published again from the first fact. */
  readonly generation: number;
  /** Machine clock of the relay, ms since the epoch. */
  readonly at: number;
}

/**
 * The four bytes by which messages of one publication are known. A new one is drawn when a history is published from its first fact again: after
 * a restore, where the topic may hold facts that were never said in the restored history, and after the topic was lost.
 */
export const publicationTag = (publication: string): number => Number.parseInt(publication.slice(0, 8), 16);

/** The message key of a fact, or of a tick when `key` is empty. */
export function frameOf(position: bigint, previous: bigint, tag: number, key: string): Buffer {
  const length = key === '' ? 0 : Buffer.byteLength(key);
  const frame = Buffer.allocUnsafe(FRAME_BYTES + length);
  frame.writeBigInt64BE(position, 0);
  frame.writeBigInt64BE(previous, 8);
  frame.writeUInt32BE(tag, 16);
  if (length > 0) frame.write(key, FRAME_BYTES);
  return frame;
}

/** The frame of a message of this publication; undefined when the message is somebody else's. */
export function readFrame(key: Buffer | null, tag: number): Frame | undefined {
  if (key === null || key.length < FRAME_BYTES || key.readUInt32BE(16) !== tag) return undefined;
  return { position: key.readBigInt64BE(0), previous: key.readBigInt64BE(8) };
}

/** True for a tick. */
export const isTick = (key: Buffer): boolean => key.length === FRAME_BYTES;

/** The tick that a message's value says; undefined when it is none. */
export function readTick(value: Buffer | null): Tick | undefined {
  try {
    return JSON.parse(value?.toString('utf8') ?? '') as Tick;
  } catch {
    return undefined;
  }
}

const STREAM_MARK = Buffer.from('","stream":"');
/** Where the stream's name begins in every record: after the id, which has a fixed length (design 4, *Record*). */
const STREAM_OFFSET = 7 + 36 + STREAM_MARK.length;

/** The noun of a record, read from its bytes without parsing the rest; undefined when the bytes are no record. */
export function nounOf(record: Buffer): string | undefined {
  if (record.length < STREAM_OFFSET || record.compare(STREAM_MARK, 0, STREAM_MARK.length, 7 + 36, STREAM_OFFSET) !== 0)
    return undefined;
  const dash = record.indexOf(0x2d, STREAM_OFFSET);
  return dash < 0 || dash - STREAM_OFFSET > 40 ? undefined : record.toString('latin1', STREAM_OFFSET, dash);
}
