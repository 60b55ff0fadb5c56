import { IsoError } from '../iso-error.ts';

/** Bounds of one frame. */
export interface FrameLimits {
  /** Greatest length that LEN may announce, in bytes; 2,048 unless said, at most 65,535. */
  readonly maxFrameBytes?: number;
}

export const DEFAULT_MAX_FRAME_BYTES = 2048;
const LENGTH_BYTES = 2;
const GREATEST_LENGTH = 0xffff;

/**
 * Cuts a byte stream into frames of `LEN (2 bytes, big-endian, without itself) | body`. Holds at most one incomplete
 * frame besides the chunk it was given last; a body that lies inside one chunk is a view of it.
 */
export class FrameReader {
  readonly #maxFrameBytes: number;
  #bytes: Buffer = Buffer.alloc(0);
  #at = 0;

  constructor({ maxFrameBytes = DEFAULT_MAX_FRAME_BYTES }: FrameLimits = {}) {
    if (!Number.isInteger(maxFrameBytes) || maxFrameBytes < 1 || maxFrameBytes > GREATEST_LENGTH) {
      throw new RangeError(`maxFrameBytes is ${maxFrameBytes}; expected 1 to ${GREATEST_LENGTH}`);
    }
    this.#maxFrameBytes = maxFrameBytes;
  }

  /** Bytes that were pushed and belong to no frame given out yet. */
  get pendingBytes(): number {
    return this.#bytes.length - this.#at;
  }

  /** Takes in the next bytes of the stream. */
  push(chunk: Buffer): void {
    this.#bytes = this.pendingBytes === 0 ? chunk : Buffer.concat([this.#bytes.subarray(this.#at), chunk]);
    this.#at = 0;
  }

  /** The next whole frame's body, undefined when more bytes are needed. Throws IsoError on length zero or above the limit. */
  next(): Buffer | undefined {
    if (this.pendingBytes < LENGTH_BYTES) return undefined;
    const length = this.#bytes.readUInt16BE(this.#at);
    if (length === 0 || length > this.#maxFrameBytes) {
      throw new IsoError('LEN', `length ${length}`, `1 to ${this.#maxFrameBytes}`);
    }
    if (this.pendingBytes < LENGTH_BYTES + length) return undefined;
    const start = this.#at + LENGTH_BYTES;
    this.#at = start + length;
    return this.#bytes.subarray(start, this.#at);
  }
}

/** A body with its length in front, ready to be sent. Throws IsoError when it is empty or above 65,535 bytes. */
export function writeFrame(body: Buffer): Buffer {
  if (body.length === 0 || body.length > GREATEST_LENGTH) {
    throw new IsoError('LEN', `length ${body.length}`, `1 to ${GREATEST_LENGTH}`);
  }
  const frame = Buffer.allocUnsafe(LENGTH_BYTES + body.length);
  frame.writeUInt16BE(body.length, 0);
  body.copy(frame, LENGTH_BYTES);
  return frame;
}
