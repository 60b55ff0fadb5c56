import { randomBytes } from 'node:crypto';

/** Gives `size` unpredictable bytes. A parameter everywhere, so that a spec can repeat what production never repeats. */
export type RandomSource = (size: number) => Buffer;

/** The operating system's random source; the only one for production. */
export const systemRandom: RandomSource = (size) => randomBytes(size);
