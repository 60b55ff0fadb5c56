/** Random numbers that follow from a seed alone (xorshift32): the same seed makes the same inputs on every machine. */
export class SeededRandom {
  #state: number;

  constructor(seed: number) {
    this.#state = seed | 0 || 1;
  }

  /** The generator of the n-th input, so that one input can be made again without those before it. */
  static ofCase(seed: number, n: number): SeededRandom {
    const random = new SeededRandom(Math.imul(seed ^ n, 0x9e3779b1) ^ (n >>> 16));
    random.below(2);
    random.below(2);
    return random;
  }

  /** A whole number from 0 to `bound` − 1. */
  below(bound: number): number {
    let x = this.#state;
    x ^= x << 13;
    x ^= x >>> 17;
    x ^= x << 5;
    this.#state = x;
    return (x >>> 0) % bound;
  }

  pick<T>(from: readonly T[]): T {
    return from[this.below(from.length)] as T;
  }
}

/** Bytes at which readers break: ends of ranges, nibbles that are no digits, forms of BER lengths and tags. */
const telling = [0x00, 0x01, 0x09, 0x0a, 0x1f, 0x30, 0x39, 0x7f, 0x80, 0x81, 0x82, 0x83, 0x84, 0x99, 0x9a, 0x9f, 0xff];
const tags = ['95', '9F36', '9F10', '9F1E', 'DF31', '5A', '57', '71', '72', 'E3', '30', 'BF0C', '1F', '00', 'FF'];
const mostBytes = 4_096;

/** One to six changes of a copy: bits, telling bytes, runs cut, put in, doubled or taken from another message. */
export function mutated(random: SeededRandom, from: Buffer, others: readonly Buffer[]): Buffer {
  let bytes: Buffer = Buffer.from(from);
  for (let changes = 1 + random.below(6); changes > 0; changes -= 1) bytes = changed(random, bytes, others);
  return bytes;
}

function changed(random: SeededRandom, bytes: Buffer, others: readonly Buffer[]): Buffer {
  if (bytes.length === 0) return Buffer.of(random.pick(telling));
  const at = random.below(bytes.length);
  const end = at + 1 + random.below(Math.min(24, bytes.length - at));
  switch (random.below(8)) {
    case 0:
      bytes[at] = (bytes[at] as number) ^ (1 << random.below(8));
      return bytes;
    case 1:
    case 2:
      bytes[at] = random.pick(telling);
      return bytes;
    case 3:
      return bytes.subarray(0, at);
    case 4:
      return Buffer.concat([bytes.subarray(0, at), bytes.subarray(end)]);
    case 5:
      return Buffer.concat([bytes.subarray(0, end), bytes.subarray(at)]).subarray(0, mostBytes);
    case 6: {
      const other = random.pick(others);
      return Buffer.concat([bytes.subarray(0, at), other.subarray(random.below(other.length))]).subarray(0, mostBytes);
    }
    default: {
      const noise = Buffer.alloc(1 + random.below(12), random.below(256));
      return Buffer.concat([bytes.subarray(0, at), noise, bytes.subarray(at)]).subarray(0, mostBytes);
    }
  }
}

/** A message whose bitmap and lengths are wrong on purpose, where its fields are right. */
export function misled(random: SeededRandom, from: Buffer, packedDigits: boolean): Buffer {
  const bytes = Buffer.from(from);
  const bitmapAt = packedDigits ? 2 : 4;
  for (let bits = 1 + random.below(3); bits > 0; bits -= 1) {
    const at = bitmapAt + random.below(random.below(4) === 0 ? 16 : 8);
    if (at < bytes.length) bytes[at] = (bytes[at] as number) ^ (1 << random.below(8));
  }
  if (random.below(3) > 0) return bytes;
  const at = bitmapAt + 8 + random.below(Math.max(1, bytes.length - bitmapAt - 8));
  if (at < bytes.length) bytes[at] = random.pick(telling);
  return bytes;
}

/** Chip data made object by object: nested ever deeper, lengths long, short, wrong or in another form. */
export function madeTlv(random: SeededRandom, depth = 0): Buffer {
  const parts: Buffer[] = [];
  for (let objects = random.below(depth === 0 ? 8 : 4); objects >= 0; objects -= 1) {
    const tag = Buffer.from(random.pick(tags), 'hex');
    const nested = depth < 9 && ((tag[0] as number) & 0x20) !== 0 && random.below(3) > 0;
    const value = nested ? madeTlv(random, depth + 1) : Buffer.alloc(random.below(40), random.below(256));
    parts.push(tag, lengthOfForm(random, value.length), value);
  }
  return Buffer.concat(parts).subarray(0, mostBytes);
}

function lengthOfForm(random: SeededRandom, length: number): Buffer {
  switch (random.below(12)) {
    case 0:
      return Buffer.of(random.below(256));
    case 1:
      return Buffer.of(0x81, length & 0xff);
    case 2:
      return Buffer.of(0x82, random.below(256), length & 0xff);
    case 3:
      return Buffer.of(0x84, 0xff, 0xff, 0xff, 0xff);
    case 4:
      return Buffer.of(0x80);
    default:
      return length < 0x80 ? Buffer.of(length) : Buffer.of(0x82, length >> 8, length & 0xff);
  }
}
