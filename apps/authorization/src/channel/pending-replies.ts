import type { LinkOutcome } from './network-link.ts';

interface Pending {
  readonly mti: string;
  readonly resolve: (outcome: LinkOutcome) => void;
  readonly timer: NodeJS.Timeout;
}

/** Requests that wait for their reply, each with its deadline. */
export class PendingReplies {
  readonly #pending = new Map<string, Pending>();

  get size(): number {
    return this.#pending.size;
  }

  /** Whether somebody waits under this key, so that a second reply could not be told apart. */
  has(key: string): boolean {
    return this.#pending.has(key);
  }

  /** Waits for the reply of this MTI under this key; `no-answer` after `timeoutMs`. */
  wait(key: string, mti: string, timeoutMs: number): Promise<LinkOutcome> {
    return new Promise((resolve) => {
      const timer = setTimeout(() => this.#settle(key, { is: 'no-answer' }), timeoutMs);
      this.#pending.set(key, { mti, resolve, timer });
    });
  }

  /** Ends the wait for this key; false when nobody waits for it. */
  end(key: string, mti: string, outcome: LinkOutcome): boolean {
    if (this.#pending.get(key)?.mti !== mti) return false;
    this.#settle(key, outcome);
    return true;
  }

  endAll(outcome: LinkOutcome): void {
    for (const key of [...this.#pending.keys()]) this.#settle(key, outcome);
  }

  #settle(key: string, outcome: LinkOutcome): void {
    const pending = this.#pending.get(key);
    if (pending === undefined) return;
    this.#pending.delete(key);
    clearTimeout(pending.timer);
    pending.resolve(outcome);
  }
}
