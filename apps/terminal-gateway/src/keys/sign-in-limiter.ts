import type { SignInLimits } from '../settings.ts';

/** Names counted at the same time; when there are more, the oldest window is forgotten. */
const mostNames = 100_000;

interface Window {
  readonly began: number;
  count: number;
}

/** Counts sign-ins per terminal and per address in windows of the machine clock (design 10). */
export class SignInLimiter {
  readonly #limits: SignInLimits;
  readonly #windows = new Map<string, Window>();

  constructor(limits: SignInLimits) {
    this.#limits = limits;
  }

  /** Whether one more sign-in is taken up now; a refused one counts too, so that a flood does not end its own window. */
  admits(terminal: string, address: string, nowMs: number): boolean {
    const ofTerminal = this.#count(`t ${terminal}`, nowMs);
    const ofAddress = this.#count(`a ${address}`, nowMs);
    return ofTerminal <= this.#limits.perTerminal && ofAddress <= this.#limits.perAddress;
  }

  #count(name: string, nowMs: number): number {
    const open = this.#windows.get(name);
    if (open !== undefined && nowMs - open.began < this.#limits.windowMs) return (open.count += 1);
    this.#windows.delete(name);
    this.#windows.set(name, { began: nowMs, count: 1 });
    if (this.#windows.size > mostNames) this.#windows.delete(this.#windows.keys().next().value as string);
    return 1;
  }
}
