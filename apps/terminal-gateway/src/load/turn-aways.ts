import {
  MOST_TURNED_AWAY_AT_ONCE,
  turnAwayPattern,
  type TurnAwayAnswer,
  type TurnAwayPayments,
  type TurnAwayVerdict,
} from '@tillstream/domain/payment/turn-away';
import { OPERATION_NAMESPACE, operationKey, type OperationKey } from '@tillstream/domain/payment/keys';
import { streamOf } from '@tillstream/domain/stream';
import { uuidv5, type EventStore } from '@tillstream/event-store';
import type { CommandClient } from '@tillstream/messaging';
import type { Log, MachineClock } from '@tillstream/service-kit';
import type { RegisteredTerminal } from '../registry/terminal-registry.ts';

/** So long messages of one merchant are collected for one question, ms. */
const COLLECT_MS = 5;

type Key = Pick<OperationKey, 'terminalId' | 'batch' | 'stan'>;

interface Copy {
  /** `answerBy`: nobody takes it up after it. */
  readonly until: number;
}

interface Asked {
  readonly acquirer: string;
  readonly merchantId: string;
  readonly keys: Key[];
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
  readonly #store: Pick<EventStore, 'existing'>;
  readonly #open = new Map<string, Asked>();
  /** Copies that this gateway sent and that may be begun yet, by stream. */
  readonly #alive = new Map<string, Set<Copy>>();
  readonly #openedAt: number;

  constructor(settings: {
    commands: CommandClient;
    store: Pick<EventStore, 'existing'>;
    machineClock: MachineClock;
    log: Log;
    answerBudgetMs: number;
  }) {
    this.#commands = settings.commands;
    this.#store = settings.store;
    this.#clock = settings.machineClock;
    this.#log = settings.log;
    this.#answerBudgetMs = settings.answerBudgetMs;
    this.#openedAt = settings.machineClock.now();
  }

  /** A new payment is being sent; what this gives is called when its outcome is known. One that nobody answers may be begun until its `answerBy`. */
  sending(key: OperationKey, answerBy: number): (outcome: 'answer' | 'not-taken' | 'unknown') => void {
    const stream = streamFor(key);
    this.#forget();
    const copies = this.#alive.get(stream) ?? new Set();
    const copy = { until: answerBy };
    copies.add(copy);
    this.#alive.delete(stream);
    this.#alive.set(stream, copies);
    return (outcome) => {
      if (outcome === 'unknown') return;
      copies.delete(copy);
      // What was answered is stored, or was refused for good: every copy meets that.
      const isOver = outcome === 'answer' || copies.size === 0;
      if (isOver && this.#alive.get(stream) === copies) this.#alive.delete(stream);
    };
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
      if (outcome.kind === 'not-taken' && outcome.isTransportDown)
        verdicts = await this.#look(acquirer, merchantId, keys);
    } catch (error) {
      this.#log.error('nobody said whether payments may be turned away', { error });
    }
    resolves.forEach((resolve, n) => resolve(verdicts[n] ?? 'unclear'));
  }

  /** Streams stand in the order of their last copy, nearly that of their deadlines; one that stands in the way is forgotten a little later. */
  #forget(): void {
    const now = this.#clock.now();
    for (const [stream, copies] of this.#alive) {
      if ([...copies].some(({ until }) => until >= now)) return;
      this.#alive.delete(stream);
    }
  }

  /**
   * Nobody can be asked, so the store is: what is stored under a key is no new payment. Nothing is said of a copy that this gateway sent and that
   * may be begun yet, nor, in its first moments, of one that a process before it may have sent. Rejects when the store cannot be read.
   */
  async #look(acquirer: string, merchantId: string, keys: readonly Key[]): Promise<readonly TurnAwayVerdict[]> {
    const streams = keys.map((key) => streamFor({ acquirer, merchantId, ...key }));
    const there = await this.#store.existing(streams);
    const now = this.#clock.now();
    const isYoung = now < this.#openedAt + this.#answerBudgetMs;
    return streams.map((stream) => {
      if (there.has(stream)) return 'known';
      const isAlive = [...(this.#alive.get(stream) ?? [])].some(({ until }) => until >= now);
      return isYoung || isAlive ? 'unclear' : 'turned-away';
    });
  }
}

const streamFor = (key: OperationKey): string => streamOf.payment(uuidv5(operationKey(key), OPERATION_NAMESPACE));
