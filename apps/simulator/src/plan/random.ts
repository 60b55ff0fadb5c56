import { createHash } from 'node:crypto';

/** A stream of numbers that follows from its key alone, so that a plan never depends on time or order. */
export interface Draw {
  /** In [0, 1). */
  unit(): number;
  /** Integer in [low, high]. */
  integer(low: number, high: number): number;
  /** True with this probability. */
  chance(probability: number): boolean;
  /** One of the items; throws for none. */
  pick<T>(items: readonly T[]): T;
}

/** 64 bits of a key as a number in [0, 1): the same on every machine. */
export function unitOf(...key: readonly (string | number)[]): number {
  const digest = createHash('sha256').update(key.join('\u0000')).digest();
  return digest.readUIntBE(0, 6) / 2 ** 48;
}

/** Numbers drawn one after the other from a key (SplitMix-style 32-bit mixing of a SHA-256 seed). */
export function drawFrom(...key: readonly (string | number)[]): Draw {
  let state = createHash('sha256').update(key.join('\u0000')).digest().readUInt32BE(0);
  const unit = (): number => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
  const integer = (low: number, high: number): number => low + Math.floor(unit() * (high - low + 1));
  return {
    unit,
    integer,
    chance: (probability) => unit() < probability,
    pick: (items) => {
      const item = items[integer(0, items.length - 1)];
      if (item === undefined) throw new Error('nothing to pick from');
      return item;
    },
  };
}
