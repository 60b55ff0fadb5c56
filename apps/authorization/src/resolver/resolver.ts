import { isAdviceKind, type OperationKind } from '@tillstream/domain/payment/parts';
import { nextTry, resumed } from '@tillstream/domain/payment/retry';
import { operationOf, type PaymentState } from '@tillstream/domain/payment/state';
import { undecided, type Undecided } from '@tillstream/domain/payment/undecided';
import { crashPoint } from '@tillstream/event-store';
import type { ChannelAnswer, ChannelMessage } from '../channel/card-network.ts';
import { tradeDateNow, type Desk, type Owner } from '../desk.ts';
import { adviceIn, originalOf } from './advices.ts';
import { Outcomes } from './outcomes.ts';
import { Slots } from './slots.ts';
import { clearingDateOf, type Inherited, type OwnedOperation, type Taken, type Task } from './task.ts';

/** Waits for the channel at the same time. Apart from the work on the store, which a channel that answers nothing must not hold up. */
const mostAsked = 64;
/** What is inherited is not all taken up at once: so long after each other, ms. */
const STAGGER_MS = 5;

/** Owns every undecided operation until the channel has decided it, across restarts (design 6). */
export class Resolver implements Owner {
  /** Stores what came of undecided operations. */
  readonly outcomes: Outcomes;
  readonly #desk: () => Desk;
  readonly #tasks = new Map<string, Task>();
  readonly #asked = new Slots(mostAsked);
  readonly #running = new Set<Promise<unknown>>();
  #stopped = false;

  constructor(desk: () => Desk) {
    this.#desk = desk;
    this.outcomes = new Outcomes(desk);
  }

  own(work: {
    paymentId: string;
    operationId: string;
    merchantId: string;
    delayMs?: number;
    unlessStored?: () => void;
    patient?: boolean;
  }): void {
    const { businessClock, ownership } = this.#desk().platform;
    // The key's writer finds it in the rows or among the facts; two resolvers would tell the channel everything twice.
    if (!ownership.holds(work.merchantId)) return;
    this.#take({ ...work, inherited: false, since: businessClock.now().getTime(), attempts: 0 });
  }

  /**
   * Takes over what an earlier process left. A schedule goes on where it stood, so that a restart neither forgets nor hammers;
   * as the link is new, nothing waits longer than the second pause. What waits for an answer is given up at once, or, when the
   * earlier process may be alive (`othersAtWork`), once nobody can answer it any more.
   */
  inherit(rows: readonly Inherited[], othersAtWork = false): void {
    const { platform, settings } = this.#desk();
    const now = platform.businessClock.now().getTime();
    const longest = settings.retryMs[1] ?? settings.retryMs[0] ?? 0;
    for (const [n, { doubt, doubtSince, kind, ...about }] of rows.entries()) {
      const since = doubtSince === null ? now : Date.parse(doubtSince);
      const told = doubt === 'reversing' || (doubt === 'asked' && isAdviceKind(kind as OperationKind));
      const { attempts, pauseMs } = told ? resumed(settings.retryMs, now - since) : { attempts: 0, pauseMs: 0 };
      const { paymentId, operationId, merchantId } = about;
      const delayMs = Math.min(pauseMs, longest) + n * STAGGER_MS;
      this.#take({
        ...{ paymentId, operationId, merchantId, delayMs },
        inherited: true,
        since,
        attempts,
        patient: othersAtWork,
      });
    }
  }

  #take(work: Taken): void {
    const { paymentId, operationId, merchantId, delayMs = 0, inherited, since, attempts, unlessStored } = work;
    const patient = work.patient ?? false;
    const known = this.#tasks.get(operationId);
    if (known !== undefined) {
      known.again = known.running;
      this.#schedule(known, delayMs);
      return;
    }
    const now = this.#desk().platform.machineClock.now();
    const open = {
      work: null,
      kind: null,
      clearingDate: null,
      timer: undefined,
      running: false,
      again: false,
      notBefore: null,
    };
    const task: Task = {
      ...{ paymentId, operationId, merchantId, since, attempts, nextAt: now, sent: inherited, inherited, unlessStored },
      patient,
      ...open,
    };
    this.#tasks.set(operationId, task);
    this.#schedule(task, delayMs);
  }

  /** What is owned now, oldest first. */
  owned(): readonly OwnedOperation[] {
    return [...this.#tasks.values()].map(
      ({ paymentId, operationId, merchantId, work, kind, since, attempts, nextAt }) => ({
        ...{ paymentId, operationId, merchantId, work, kind, since, attempts, nextAt },
      }),
    );
  }

  /** The operation as it is owned; undefined when it is not. */
  find(operationId: string): OwnedOperation | undefined {
    return this.#tasks.get(operationId);
  }

  owns(operationId: string): boolean {
    return this.#tasks.has(operationId);
  }

  get count(): number {
    return this.#tasks.size;
  }

  /** Lets go of what belongs to these keys: another process is their writer. What is being stored now is finished. */
  release(concerns: (merchantId: string) => boolean): void {
    for (const task of this.#tasks.values()) {
      if (!concerns(task.merchantId)) continue;
      clearTimeout(task.timer);
      this.#tasks.delete(task.operationId);
    }
  }

  /** Ends the pauses; resolves when nothing is at work. The next start goes on from the facts. */
  async stop(): Promise<void> {
    this.#stopped = true;
    for (const { timer } of this.#tasks.values()) clearTimeout(timer);
    while (this.#running.size > 0) await Promise.allSettled([...this.#running]);
  }

  #schedule(task: Task, delayMs: number): void {
    if (this.#isOver(task) || task.running) return;
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
    if (task.running || this.#isOver(task)) return;
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
      if (this.#tasks.get(task.operationId) === task) this.#tasks.delete(task.operationId);
      return;
    }
    const wait = task.notBefore === null ? null : task.notBefore - platform.machineClock.now();
    this.#schedule(task, wait ?? this.#pauseOf(task) ?? settings.retryMs[0] ?? 1_000);
  }

  #isOver(task: Task): boolean {
    return this.#stopped || this.#tasks.get(task.operationId) !== task;
  }

  /** Whether the repeats are over, so that the file decides; a restart is no reason to try again. */
  #isTheFiles(task: Task): boolean {
    if (this.#pauseOf(task) !== null) return false;
    this.#desk().platform.log.info('a reversal waits for the clearing file', { operationId: task.operationId });
    return true;
  }

  #pauseOf(task: Task): number | null {
    return nextTry(this.#desk().settings.retryMs, { attempts: task.attempts, isPastCutOff: this.#isPastCutOff(task) });
  }

  /** An advice is told until it is answered; only a reversal ends with its clearing day (domain 3.2). */
  #isPastCutOff({ work, clearingDate }: Task): boolean {
    return work === 'reverse' && clearingDate !== null && this.#desk().clearingDay.current() > clearingDate;
  }

  /** True when nothing is undecided about the operation any more. */
  async #resolve(task: Task): Promise<boolean> {
    for (;;) {
      const state = await this.outcomes.read(task);
      if (this.#isOver(task)) return false;
      const work = undecided(state).find(({ operation }) => operation.operationId === task.operationId);
      if (work === undefined) {
        if (operationOf(state, task.operationId) === undefined) task.unlessStored?.();
        return true;
      }
      task.work = work.work;
      task.kind = work.operation.kind;
      task.clearingDate = clearingDateOf(state, task.operationId);
      switch (work.work) {
        case 'await-answer':
          task.notBefore = this.#answerable(task, work.answerBy);
          if (task.notBefore !== null) return false;
          await this.outcomes.giveUp(task, task.inherited ? 'restart' : 'no-answer');
          break;
        case 'begin-reversal':
          await this.outcomes.beginReversal(task);
          break;
        case 'reverse':
          return this.#isTheFiles(task) || this.#reverse(task, work);
        case 'advise':
          return this.#advise(task, work, state);
      }
    }
  }

  /** Machine clock, ms, until when another process may store an answer to it; null when none can. */
  #answerable({ patient }: Task, answerBy: number | null): number | null {
    if (!patient || answerBy === null || answerBy < this.#desk().platform.machineClock.now()) return null;
    return answerBy + 1;
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
    return this.outcomes.recordReversal(task, { ...answer, trace: work.trace });
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
    return this.outcomes.recordAdvice(task, answer);
  }

  async #ask(task: Task, send: (repeated: boolean) => Promise<ChannelAnswer>): Promise<ChannelAnswer> {
    crashPoint('resolver-before-channel');
    const answer = await this.#asked.run<ChannelAnswer>(() =>
      this.#isOver(task) ? Promise.resolve({ is: 'not-sent', why: 'stopping' }) : send(task.sent),
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
}
