/** Bounds within which the node finds out by itself how many new payments it can have at work. */
export interface LoadLimits {
  /** Time that a new payment may spend in the node itself, its channel's time not counted, ms, before fewer are let in. */
  readonly targetMs: number;
  /** New payments at work: never fewer than, never more than. */
  readonly leastInFlight: number;
  readonly mostInFlight: number;
}

const WINDOW_MS = 100;
/** A window may lower the bound to this share of it, and raise it by this. */
const LOWEST_STEP = 0.7;
const RAISE = 1.1;
/** How long after the last one that was turned away the node counts as overloaded, ms. */
const REMEMBER_MS = 1_000;

/**
 * Lets new payments in by measured delay and not by a fixed number (design 6): after each window the bound on those at work goes down
 * when they spent longer in the node than the target, and up when they met the bound and did not. What waits is then never older than
 * the answer's budget allows, whatever a payment costs on this machine today.
 */
export class LoadGate {
  readonly #limits: LoadLimits;
  #bound: number;
  #inFlight = 0;
  #peak = 0;
  #sumMs = 0;
  #count = 0;
  #windowEnds = 0;
  #refusedAt = -Infinity;

  constructor(limits: LoadLimits) {
    this.#limits = limits;
    this.#bound = Math.min(limits.mostInFlight, Math.max(limits.leastInFlight, 256));
  }

  /** New payments at work. */
  get inFlight(): number {
    return this.#inFlight;
  }

  /** How many may be at work now. */
  get bound(): number {
    return Math.floor(this.#bound);
  }

  /** Takes a place, or says that there is none. Whoever got one gives it back by {@link leave}. */
  enter(nowMs: number): boolean {
    if (this.#inFlight >= this.#bound) {
      this.#refusedAt = nowMs;
      return false;
    }
    this.#inFlight += 1;
    this.#peak = Math.max(this.#peak, this.#inFlight);
    return true;
  }

  /** Gives a place back; `ownMs` is what the node itself took. */
  leave(ownMs: number, nowMs: number): void {
    this.#inFlight -= 1;
    this.#sumMs += ownMs;
    this.#count += 1;
    if (nowMs < this.#windowEnds) return;
    this.#adapt(this.#sumMs / this.#count);
    this.#sumMs = 0;
    this.#count = 0;
    this.#peak = this.#inFlight;
    this.#windowEnds = nowMs + WINDOW_MS;
  }

  /** Whether somebody was turned away for load just now. */
  overloaded(nowMs: number): boolean {
    return nowMs - this.#refusedAt < REMEMBER_MS;
  }

  #adapt(meanMs: number): void {
    const { targetMs, leastInFlight, mostInFlight } = this.#limits;
    if (meanMs > targetMs) {
      // From what was at work, not from a bound that nobody met.
      const from = Math.min(this.#bound, this.#peak);
      this.#bound = Math.max(leastInFlight, from * Math.max(LOWEST_STEP, targetMs / meanMs));
    } else if (this.#peak >= Math.floor(this.#bound)) {
      this.#bound = Math.min(mostInFlight, this.#bound * RAISE + 1);
    }
  }
}
