import { readPacked, writePacked } from '../codec/digits.ts';
import { IsoError } from '../iso-error.ts';

/** The six bytes after the TPDU (domain 2.1), as digits. */
export interface Header {
  /** Two digits: 60 magnetic, 61 chip capable. */
  readonly application: string;
  /** Two digits. */
  readonly softwareMajor: string;
  /** One digit; 0 normal trade. */
  readonly terminalStatus: string;
  /** One digit, host to terminal: see DEMANDS. 0 from a terminal. */
  readonly demand: string;
  /** Six digits. */
  readonly softwareMinor: string;
}

/** What the host may ask of a terminal in a reply's header (domain 2.1). */
export const DEMANDS = {
  none: '0',
  downloadParameters: '1',
  uploadStatus: '2',
  signInAgain: '3',
  updateCaKeys: '4',
  downloadChipParameters: '5',
  remoteManagement: '6',
  updateBlacklist: '7',
} as const;

/** TPDU and header of a frame. */
export interface Envelope {
  /** Five bytes: id 60, destination, source. */
  readonly tpdu: Buffer;
  readonly header: Header;
}

const TPDU_BYTES = 5;
const HEADER_BYTES = 6;
/** Bytes between LEN and MTI. */
export const ENVELOPE_BYTES = TPDU_BYTES + HEADER_BYTES;
const TPDU_ID = 0x60;

/** Splits a frame's body into TPDU, header and message (a view). Throws IsoError. */
export function openEnvelope(body: Buffer): Envelope & { readonly message: Buffer } {
  if (body.length <= ENVELOPE_BYTES) throw new IsoError('frame', `${body.length} bytes`, 'TPDU, header and a message');
  if (body[0] !== TPDU_ID) throw new IsoError('TPDU', 'another first byte', '60');
  return {
    tpdu: body.subarray(0, TPDU_BYTES),
    header: parseHeader(body.subarray(TPDU_BYTES, ENVELOPE_BYTES)),
    message: body.subarray(ENVELOPE_BYTES),
  };
}

/** The complete frame, LEN included, around a packed message. */
export function sealEnvelope({ tpdu, header }: Envelope, message: Buffer): Buffer {
  const length = ENVELOPE_BYTES + message.length;
  if (tpdu.length !== TPDU_BYTES) throw new IsoError('TPDU', `${tpdu.length} bytes`, '5 bytes');
  if (message.length === 0 || length > 0xffff) throw new IsoError('LEN', `length ${length}`, '12 to 65535');
  const frame = Buffer.allocUnsafe(2 + length);
  frame.writeUInt16BE(length, 0);
  tpdu.copy(frame, 2);
  formatHeader(header).copy(frame, 2 + TPDU_BYTES);
  message.copy(frame, 2 + ENVELOPE_BYTES);
  return frame;
}

/** The TPDU of the reply: destination and source change places. */
export function replyTpdu(tpdu: Buffer): Buffer {
  return Buffer.of(tpdu[0] as number, tpdu[3] as number, tpdu[4] as number, tpdu[1] as number, tpdu[2] as number);
}

/** A terminal's TPDU: 60, network id of the host, own address; four hex digits each. */
export function terminalTpdu(destination = '0003', source = '0000'): Buffer {
  if (!/^[0-9A-Fa-f]{4}$/.test(destination) || !/^[0-9A-Fa-f]{4}$/.test(source)) {
    throw new IsoError('TPDU', 'a malformed address', 'four hex digits');
  }
  return Buffer.from(`60${destination}${source}`, 'hex');
}

/** Reads the six header bytes; throws IsoError when they are not digits. */
export function parseHeader(bytes: Buffer): Header {
  if (bytes.length !== HEADER_BYTES) throw new IsoError('HEADER', `${bytes.length} bytes`, '6 bytes');
  const digits = readPacked(bytes, 0, 2 * HEADER_BYTES, false, false);
  if (typeof digits !== 'string') throw new IsoError('HEADER', 'not digits', '12 digits');
  return {
    application: digits.slice(0, 2),
    softwareMajor: digits.slice(2, 4),
    terminalStatus: digits.slice(4, 5),
    demand: digits.slice(5, 6),
    softwareMinor: digits.slice(6),
  };
}

/** Writes the six header bytes; throws IsoError when the pieces are not 12 digits in all. */
export function formatHeader(header: Header): Buffer {
  const { application, softwareMajor, terminalStatus, demand, softwareMinor } = header;
  const digits = application + softwareMajor + terminalStatus + demand + softwareMinor;
  const bytes = Buffer.alloc(HEADER_BYTES);
  if (digits.length !== 2 * HEADER_BYTES || writePacked(bytes, 0, digits, false, false) < 0) {
    throw new IsoError('HEADER', 'not 12 digits', '2, 2, 1, 1 and 6 digits');
  }
  return bytes;
}
