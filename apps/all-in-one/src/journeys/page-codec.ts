import { createCipheriv, createDecipheriv } from 'node:crypto';

/*
 * The messages of a terminal, written from the terminal profile's page alone: it imports nothing of ours, so that the page is shown
 * to be enough for a vendor. The numbers in the comments are the page's sections.
 */

/** Values by field number: digits and characters as text, bytes as a Buffer. */
export type Fields = Readonly<Record<number, string | Buffer>>;

/** A message taken apart. */
export interface Message {
  readonly mti: string;
  readonly fields: Fields;
  /** Processing demand of the header. */
  readonly demand: string;
  /** Every byte from the MTI to the last field before F64. */
  readonly macBlock: Buffer;
}

type Format = 'n' | 'z' | 'an' | 'b';
interface FieldRule {
  readonly format: Format;
  /** Fixed length, or the number of length digits' bytes: 1 for LLVAR, 2 for LLLVAR. */
  readonly fixed?: number;
  readonly prefix?: 1 | 2;
  readonly zeroOnLeft?: boolean;
}

const n = (fixed: number): FieldRule => ({ format: 'n', fixed });
const an = (fixed: number): FieldRule => ({ format: 'an', fixed });
const b = (fixed: number): FieldRule => ({ format: 'b', fixed });
const ll = (format: Format): FieldRule => ({ format, prefix: 1 });
const lll = (format: Format): FieldRule => ({ format, prefix: 2 });

/** Section 3. */
const rules: Readonly<Record<number, FieldRule>> = {
  2: ll('n'),
  3: n(6),
  4: n(12),
  11: n(6),
  12: n(6),
  13: n(4),
  14: n(4),
  15: n(4),
  22: n(3),
  23: { ...n(3), zeroOnLeft: true },
  25: n(2),
  26: n(2),
  32: ll('n'),
  35: ll('z'),
  36: lll('z'),
  37: an(12),
  38: an(6),
  39: an(2),
  41: an(8),
  42: an(15),
  44: ll('an'),
  48: lll('n'),
  49: an(3),
  52: b(8),
  53: n(16),
  54: lll('an'),
  55: lll('b'),
  59: lll('an'),
  60: lll('n'),
  61: lll('n'),
  62: lll('b'),
  63: lll('an'),
  64: b(8),
};

function ruleOf(field: number): FieldRule {
  const rule = rules[field];
  if (rule === undefined) throw new Error(`the page has no field ${field}`);
  return rule;
}

/** Section 2: two digits a byte, an odd digit filled with a zero nibble. */
function packDigits(digits: string, zeroOnLeft: boolean): Buffer {
  const nibbles = digits.replaceAll('=', 'D');
  const whole = nibbles.length % 2 === 0 ? nibbles : zeroOnLeft ? `0${nibbles}` : `${nibbles}0`;
  return Buffer.from(whole, 'hex');
}

function packField(field: number, value: string | Buffer): Buffer {
  const rule = ruleOf(field);
  const content =
    typeof value !== 'string'
      ? value
      : rule.format === 'n' || rule.format === 'z'
        ? packDigits(value, rule.zeroOnLeft ?? false)
        : Buffer.from(value, 'ascii');
  if (rule.prefix === undefined) return content;
  const length = String(value.length).padStart(rule.prefix * 2, '0');
  return Buffer.concat([Buffer.from(length, 'hex'), content]);
}

/** MTI, bitmap and fields in ascending order (section 1). `announced` are bits that are set for fields added later. */
export function packMessage(mti: string, fields: Fields, announced: readonly number[] = []): Buffer {
  const numbers = Object.keys(fields).map(Number);
  const bitmap = Buffer.alloc(8);
  for (const field of [...numbers, ...announced]) {
    const at = (field - 1) >> 3;
    bitmap[at] = (bitmap[at] ?? 0) | (0x80 >> ((field - 1) & 7));
  }
  const ordered = numbers.sort((one, other) => one - other);
  return Buffer.concat([
    Buffer.from(mti, 'hex'),
    bitmap,
    ...ordered.map((field) => packField(field, fields[field] ?? '')),
  ]);
}

/** LEN, TPDU, header (section 1). */
export function frameOf(message: Buffer): Buffer {
  const body = Buffer.concat([Buffer.from('6000030000613100000001', 'hex'), message]);
  const length = Buffer.alloc(2);
  length.writeUInt16BE(body.length);
  return Buffer.concat([length, body]);
}

/** Takes a frame's body (without LEN) apart. Throws when it is not as the page says. */
export function unpackBody(body: Buffer): Message {
  const demand = body.toString('hex', 5, 11).charAt(5);
  const message = body.subarray(11);
  const mti = message.toString('hex', 0, 2);
  const bitmap = message.subarray(2, 10);
  const fields: Record<number, string | Buffer> = {};
  let at = 10;
  let macBlock = message;
  for (let field = 2; field <= 64; field += 1) {
    if (((bitmap[(field - 1) >> 3] ?? 0) & (0x80 >> ((field - 1) & 7))) === 0) continue;
    if (field === 64) macBlock = message.subarray(0, at);
    const rule = ruleOf(field);
    let length = rule.fixed ?? 0;
    if (rule.prefix !== undefined) {
      length = Number(message.toString('hex', at, at + rule.prefix));
      at += rule.prefix;
    }
    const packed = rule.format === 'n' || rule.format === 'z' ? Math.ceil(length / 2) : length;
    const bytes = message.subarray(at, at + packed);
    if (bytes.length !== packed) throw new Error(`field ${field} ends too early`);
    fields[field] = valueOf(rule, bytes, length);
    at += packed;
  }
  if (at !== message.length) throw new Error(`${message.length - at} bytes follow the last field`);
  return { mti, fields, demand, macBlock };
}

function valueOf({ format, zeroOnLeft }: FieldRule, bytes: Buffer, length: number): string | Buffer {
  if (format === 'b') return Buffer.from(bytes);
  if (format === 'an') return bytes.toString('ascii');
  const nibbles = bytes.toString('hex');
  const digits = zeroOnLeft === true ? nibbles.slice(nibbles.length - length) : nibbles.slice(0, length);
  return digits.replaceAll('d', '=');
}

const tripled = (key: Buffer): Buffer => (key.length === 16 ? Buffer.concat([key, key.subarray(0, 8)]) : key);

function tdes(key: Buffer, block: Buffer, way: 'encrypt' | 'decrypt'): Buffer {
  const cipher = (way === 'encrypt' ? createCipheriv : createDecipheriv)('des-ede3-ecb', tripled(key), null);
  cipher.setAutoPadding(false);
  return Buffer.concat([cipher.update(block), cipher.final()]);
}

const xor = (one: Buffer, other: Buffer): Buffer => Buffer.from(one.map((byte, at) => byte ^ (other[at] ?? 0)));

/** Section 7: F64 of a MAC block under a 16-byte MAK. */
export function macOf(mak: Buffer, block: Buffer): Buffer {
  let sum: Buffer = Buffer.alloc(8);
  for (let at = 0; at < block.length; at += 8) {
    const piece = Buffer.alloc(8);
    block.copy(piece, 0, at, Math.min(at + 8, block.length));
    sum = xor(sum, piece);
  }
  const text = Buffer.from(sum.toString('hex').toUpperCase(), 'ascii');
  const first = tdes(mak, text.subarray(0, 8), 'encrypt');
  const second = tdes(mak, xor(first, text.subarray(8)), 'encrypt');
  return Buffer.from(second.toString('hex').toUpperCase().slice(0, 8), 'ascii');
}

/** Section 8: F52. */
export function pinBlockOf(pik: Buffer, pin: string, pan: string): Buffer {
  const field = Buffer.from(`0${pin.length}${pin}`.padEnd(16, 'F'), 'hex');
  const card = Buffer.from(`0000${pan.slice(-13, -1)}`, 'hex');
  return tdes(pik, xor(field, card), 'encrypt');
}

/** Section 6: the two keys of F62 for 003, each checked by its KCV. */
export function openKeys(tmk: Buffer, f62: Buffer): { readonly pik: Buffer; readonly mak: Buffer } {
  if (f62.length !== 40) throw new Error(`F62 has ${f62.length} bytes; the page says 40`);
  const key = (at: number): Buffer => {
    const clear = tdes(tmk, f62.subarray(at, at + 16), 'decrypt');
    const kcv = tdes(clear, Buffer.alloc(8), 'encrypt').subarray(0, 4);
    if (!kcv.equals(f62.subarray(at + 16, at + 20))) throw new Error('the check value of a key differs');
    return clear;
  };
  return { pik: key(0), mak: key(20) };
}
