import {
  recordNoAnswer,
  recordReversalAnswer,
  reverseByHost,
  type PaymentDecision,
  type ReversalAnswer,
} from '@tillstream/domain/payment/decide';
import { operationOf, type PaymentState } from '@tillstream/domain/payment/state';
import { undecided, type Undecided } from '@tillstream/domain/payment/undecided';
import { crashPoint } from '@tillstream/event-store';
import type { ChannelAnswer, ChannelMessage } from '../channel/card-network.ts';
import { BY_US, byChannel, channelOf, tradeDateNow, type Desk, type Owner } from '../desk.ts';
import { adviceIn, isDecisive, originalOf, recordAnswer, type AdviceAnswer } from './advices.ts';
import { Slots } from './slots.ts';

/** An undecided operation, as people are shown it. */
export interface OwnedOperation {
  readonly paymentId: string;
  readonly operationId: string;
  readonly merchantId: string;
  /** What will be tried next; null until the payment was looked at. */
  readonly work: Undecided['work'] | null;
  readonly kind: string | null;
  /** Machine clock, ms since the epoch. */
  readonly since: number;
  readonly attempts: number;
  readonly nextAt: number;
}

interface Task extends Omit<OwnedOperation, 'work' | 'kind' | 'attempts' | 'nextAt'> {
  work: Undecided['work'] | null;
  kind: string | null;
  attempts: number;
  nextAt: number;
  /** A message of this work may have left us before, so that it is a repeat now. */
  sent: boolean;
  /** Known from the rows of an earlier process. */
  readonly inherited: boolean;
  readonly unlessStored: (() => void) | undefined;
  timer: NodeJS.Timeout | undefined;
  running: boolean;
  /** Asked for while it ran: look once more. */
  again: boolean;
}

const TIMEOUT_REASON = '4354';
/** Work on the store at the same time; the rest waits. */
const mostAtOnce = 64;
/** Waits for the channel at the same time. Apart from the work on the store, which a channel that answers nothing must not hold up. */
const mostAsked = 64;

/** Owns every undecided operation until the channel has decided it, across restarts (design 6). */
export class Resolver implements Owner {
  readonly #desk: () => Desk;
  readonly #tasks = new Map<string, Task>();
  readonly #slots = new Slots(mostAtOnce);
  readonly #asked = new Slots(mostAsked);
  readonly #running = new Set<Promise<unknown>>();
  #stopped = false;

  constructor(desk: () => Desk) {
    this.#desk = desk;
  }

  own(work: {
    paymentId: string;
    operationId: string;
    merchantId: string;
    delayMs?: number;
    inherited?: boolean;
    unlessStored?: () => void;
  }): void {
    const { paymentId, operationId, merchantId, delayMs = 0, inherited = false, unlessStored } = work;
    const known = this.#tasks.get(operationId);
    if (known !== undefined) {
      known.again = known.running;
      this.#schedule(known, delayMs);
      return;
    }
    const now = this.#desk().platform.machineClock.now();
    const open = { work: null, kind: null, attempts: 0, nextAt: now, timer: undefined, running: false, again: false };
    const task: Task = {
      ...{ paymentId, operationId, merchantId, since: now, sent: inherited, inherited, unlessStored },
      ...open,
    };
    this.#tasks.set(operationId, task);
    this.#schedule(task, delayMs);
  }

  /** What is owned now, oldest first. */
  owned(): readonly OwnedOperation[] {
    return [...this.#tasks.values()].map(
      ({ timer: _t, running: _r, again: _a, sent: _s, inherited: _i, unlessStored: _u, ...shown }) => shown,
    );
  }

  owns(operationId: string): boolean {
    return this.#tasks.has(operationId);
  }

  get count(): number {
    return this.#tasks.size;
  }

  /** Ends the pauses; resolves when nothing is at work. The next start goes on from the facts. */
  async stop(): Promise<void> {
    this.#stopped = true;
    for (const { timer } of this.#tasks.values()) clearTimeout(timer);
    while (this.#running.size > 0) await Promise.allSettled([...this.#running]);
  }

  #schedule(task: Task, delayMs: number): void {
    if (this.#stopped || task.running) return;
    clearTimeout(task.timer);
    task.nextAt = this.#desk().platform.machineClock.now() + delayMs;
    const run = (): void => {
      const running = this.#run(task).finally(() => this.#running.delete(running));
      this.#running.add(running);
    };
    if (delayMs <= 0) {
      run();
      return;
    }
    task.timer = setTimeout(run, delayMs);
    task.timer.unref();
  }

  async #run(task: Task): Promise<void> {
    if (task.running || this.#stopped) return;
    task.running = true;
    const { settings, platform } = this.#desk();
    const done = await this.#resolve(task).catch((error: Error) => {
      platform.log.warn('an undecided operation waits', { operationId: task.operationId, why: error.message });
      return false;
    });
    task.running = false;
    if (task.again) {
      task.again = false;
      this.#schedule(task, 0);
      return;
    }
    if (done) {
      this.#tasks.delete(task.operationId);
      return;
    }
    const { retryMs } = settings;
    this.#schedule(task, retryMs[Math.min(Math.max(task.attempts, 1), retryMs.length) - 1] ?? 1_000);
  }

  /** True when nothing is undecided about the operation any more. */
  async #resolve(task: Task): Promise<boolean> {
    for (;;) {
      const { state } = await this.#slots.run(() => this.#desk().streams.load(task.paymentId));
      if (this.#stopped) return false;
      const work = undecided(state).find(({ operation }) => operation.operationId === task.operationId);
      if (work === undefined) {
        if (operationOf(state, task.operationId) === undefined) task.unlessStored?.();
        return true;
      }
      task.work = work.work;
      task.kind = work.operation.kind;
      switch (work.work) {
        case 'await-answer':
          await this.#giveUp(task);
          break;
        case 'begin-reversal':
          await this.#beginReversal(task);
          break;
        case 'reverse':
          return this.#reverse(task, work);
        case 'advise':
          return this.#advise(task, work, state);
      }
    }
  }

  /** Nobody waits for this answer any more: what asked was cut off, here or in the process before. */
  async #giveUp(task: Task): Promise<void> {
    const reversalTrace = await this.#trace();
    const cause = task.inherited ? 'restart' : 'no-answer';
    await this.#decide(task, BY_US, (state) =>
      recordNoAnswer(state, { operationId: task.operationId, cause, reversalTrace }),
    );
  }

  async #beginReversal(task: Task): Promise<void> {
    const trace = await this.#trace();
    await this.#decide(task, BY_US, (state) =>
      reverseByHost(state, { operationId: task.operationId, reason: TIMEOUT_REASON, trace }),
    );
  }

  async #reverse(task: Task, work: Extract<Undecided, { work: 'reverse' }>): Promise<boolean> {
    const { network, settings, unanswered } = this.#desk();
    // The process that sent the request is gone; its answer may still come to us.
    if (task.inherited) unanswered.remember(work.original, task);
    const message = this.#message(work, work.trace);
    const answer = await this.#ask(task, (repeated) =>
      network.reverse(message, work.original, work.reason, repeated, settings.adviceTimeoutMs),
    );
    if (answer.is !== 'answered') return this.#remember(task, work.trace, answer);
    return this.recordReversal(task, { ...answer, trace: work.trace });
  }

  async #advise(task: Task, work: Extract<Undecided, { work: 'advise' }>, state: PaymentState): Promise<boolean> {
    const { network, settings, cards } = this.#desk();
    const { payment, advice } = adviceIn(state, task.operationId);
    const pan = await cards.number(work.card.token);
    const message = this.#message(work, work.original);
    const about = {
      pan,
      authCode: 'authCode' in advice ? advice.authCode : null,
      original: originalOf(payment, advice),
    };
    const answer = await this.#ask(task, (repeated) =>
      network.advise(message, about, repeated, settings.adviceTimeoutMs),
    );
    if (answer.is !== 'answered') return this.#remember(task, work.original, answer);
    return this.recordAdvice(task, answer);
  }

  /** Stores the channel's answer to a 0420; true when it decided the operation. */
  async recordReversal(
    of: Pick<OwnedOperation, 'paymentId' | 'operationId' | 'merchantId'>,
    { responseCode, clearingDate, trace }: Omit<ReversalAnswer, 'operationId'>,
  ): Promise<boolean> {
    const { operationId } = of;
    return this.#decide(of, byChannel(this.#desk()), (state) =>
      recordReversalAnswer(state, { operationId, responseCode, clearingDate, trace }),
    );
  }

  /** Stores the channel's answer to a 0220; true when it decided the operation. */
  async recordAdvice(
    of: Pick<OwnedOperation, 'paymentId' | 'operationId' | 'merchantId'>,
    answer: AdviceAnswer,
  ): Promise<boolean> {
    if (!isDecisive(answer)) return false;
    const desk = this.#desk();
    return this.#decide(of, byChannel(desk), (state) => recordAnswer(desk, state, of.operationId, answer));
  }

  async #ask(task: Task, send: (repeated: boolean) => Promise<ChannelAnswer>): Promise<ChannelAnswer> {
    crashPoint('resolver-before-channel');
    const answer = await this.#asked.run<ChannelAnswer>(() =>
      this.#stopped ? Promise.resolve({ is: 'not-sent', why: 'stopping' }) : send(task.sent),
    );
    if (answer.is === 'not-sent') return answer;
    crashPoint('resolver-after-channel');
    task.sent = true;
    task.attempts += 1;
    return answer;
  }

  #remember(task: Task, trace: Parameters<Desk['unanswered']['remember']>[0], answer: ChannelAnswer): false {
    if (answer.is !== 'not-sent') this.#desk().unanswered.remember(trace, task);
    return false;
  }

  #message({ operation, amount, entryMode }: Undecided, trace: ChannelMessage['trace']): ChannelMessage {
    const desk = this.#desk();
    const mcc = desk.registry.merchant(operation.merchantId)?.mcc ?? operation.merchantId.slice(7, 11);
    return { operation, trace, amount, entryMode, mcc, tradeDate: tradeDateNow(desk.platform) };
  }

  async #trace() {
    const desk = this.#desk();
    const channel = channelOf(desk);
    if (channel === undefined) throw new Error('the channel is not registered');
    return desk.references.trace(channel.acquirer);
  }

  async #decide(
    of: Pick<OwnedOperation, 'paymentId' | 'operationId' | 'merchantId'>,
    by: string,
    decider: (state: PaymentState) => PaymentDecision,
  ): Promise<boolean> {
    const { streams } = this.#desk();
    const { state } = await this.#slots.run(() => streams.decide(of.paymentId, { by, key: of.merchantId }, decider));
    return !undecided(state).some(({ operation }) => operation.operationId === of.operationId);
  }
}
