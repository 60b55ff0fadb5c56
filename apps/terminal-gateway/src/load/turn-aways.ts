import {
  MOST_TURNED_AWAY_AT_ONCE,
  turnAwayPattern,
  type TurnAwayAnswer,
  type TurnAwayPayments,
  type TurnAwayVerdict,
} from '@tillstream/domain/payment/turn-away';
import type { CommandClient } from '@tillstream/messaging';
import type { Log, MachineClock } from '@tillstream/service-kit';
import type { RegisteredTerminal } from '../registry/terminal-registry.ts';

/** So long messages of one merchant are collected for one question, ms. */
const COLLECT_MS = 5;

interface Asked {
  readonly acquirer: string;
  readonly merchantId: string;
  readonly keys: { terminalId: string; batch: string; stan: string }[];
  readonly resolves: ((verdict: TurnAwayVerdict) => void)[];
}

/**
 * Asks authorization, before 91 or 96 is said, whether a message is a new payment at all: a repeat of what is stored gets its stored
 * answer. What comes for one merchant within some milliseconds goes into one command. Waiting questions are bounded by the
 * connections, which have one message in work each.
 */
export class TurnAways {
  readonly #commands: CommandClient;
  readonly #clock: MachineClock;
  readonly #log: Log;
  readonly #answerBudgetMs: number;
  readonly #open = new Map<string, Asked>();

  constructor(settings: { commands: CommandClient; machineClock: MachineClock; log: Log; answerBudgetMs: number }) {
    this.#commands = settings.commands;
    this.#clock = settings.machineClock;
    this.#log = settings.log;
    this.#answerBudgetMs = settings.answerBudgetMs;
  }

  /** The verdict on one message. Rejects never. */
  ask({ acquirer, merchantId, terminalId }: RegisteredTerminal, batch: string, stan: string): Promise<TurnAwayVerdict> {
    const name = `${acquirer}.${merchantId}`;
    let asked = this.#open.get(name);
    if (asked === undefined) {
      asked = { acquirer, merchantId, keys: [], resolves: [] };
      this.#open.set(name, asked);
      const { keys, resolves } = asked;
      setTimeout(() => {
        if (this.#open.get(name)?.keys === keys) this.#open.delete(name);
        void this.#send({ acquirer, merchantId, keys, resolves });
      }, COLLECT_MS);
    }
    asked.keys.push({ terminalId, batch, stan });
    if (asked.keys.length >= MOST_TURNED_AWAY_AT_ONCE) this.#open.delete(name);
    const { resolves } = asked;
    return new Promise((resolve) => resolves.push(resolve));
  }

  async #send({ acquirer, merchantId, keys, resolves }: Asked): Promise<void> {
    const answerBy = this.#clock.now() + this.#answerBudgetMs;
    const command: TurnAwayPayments = { acquirer, merchantId, keys, answerBy };
    let verdicts: readonly TurnAwayVerdict[] = [];
    try {
      const payload = Buffer.from(JSON.stringify(command));
      const outcome = await this.#commands.request(turnAwayPattern, merchantId, payload, answerBy);
      if (outcome.kind === 'answer') ({ verdicts } = JSON.parse(outcome.payload.toString('utf8')) as TurnAwayAnswer);
    } catch (error) {
      this.#log.error('nobody said whether payments may be turned away', { error });
    }
    resolves.forEach((resolve, n) => resolve(verdicts[n] ?? 'unclear'));
  }
}
