import { reachPattern } from '@tillstream/domain/payment/reach';
import type { CommandClient } from '@tillstream/messaging';
import type { MachineClock } from '@tillstream/service-kit';

/** Keys that are tried at once: one instance of authorization that is just being replaced is no reason to send terminals away. */
const KEYS = 3;
const WAIT_MS = 1_500;
/** So long one answer stands, so that whoever asks often makes no load. */
const FRESH_MS = 1_000;

/** Whether any instance of authorization takes commands of this gateway. */
export class Reach {
  readonly #commands: CommandClient;
  readonly #clock: MachineClock;
  #asked: { readonly at: number; readonly outcome: Promise<void> } | undefined;
  #turn = 0;

  constructor(commands: CommandClient, clock: MachineClock) {
    this.#commands = commands;
    this.#clock = clock;
  }

  /** Resolves when authorization answers. Rejects when it does not in time. */
  check(): Promise<void> {
    const now = this.#clock.now();
    if (this.#asked === undefined || now - this.#asked.at > FRESH_MS) {
      this.#asked = { at: now, outcome: this.#ask(now) };
      this.#asked.outcome.catch(() => undefined);
    }
    return this.#asked.outcome;
  }

  async #ask(now: number): Promise<void> {
    const tries = Array.from({ length: KEYS }, async () => {
      const key = `reach-${(this.#turn = (this.#turn + 1) % 1_000)}`;
      const outcome = await this.#commands.request(reachPattern, key, Buffer.alloc(0), now + WAIT_MS);
      if (outcome.kind !== 'answer') throw new Error('authorization does not answer');
    });
    try {
      await Promise.any(tries);
    } catch {
      throw new Error('authorization does not answer');
    }
  }
}
