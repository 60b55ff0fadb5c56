import type { MessageHandler } from '@nestjs/microservices';
import { isObservable, lastValueFrom } from 'rxjs';
import type { CommandOutcome } from '../port.ts';
import { causeOf } from '../feed-error.ts';
import { systemTimers, type Timers } from '../in-process/pause.ts';
import { CommandQueue, type CommandContext, type QueuedCommand } from './command-queue.ts';

/** Bounds of a process that takes commands; every queue has one (design 9). */
export interface CommandLaneOptions {
  readonly timers?: Timers;
  /** Handlers at work at the same time; 512. */
  readonly concurrency?: number;
  /** Handlers more for what is never shed, so that it does not wait for others that wait for a slow channel; 128. */
  readonly reserved?: number;
  /** Commands that wait for a handler; 2,048. */
  readonly queued?: number;
  /**
   * Undoing and reporting are never refused for load (design 6): patterns named here wait in a queue of their own of the same bound, which is
   * served first, with handlers that are reserved for it.
   */
  readonly neverShed?: (pattern: string) => boolean;
  /** Told of a handler that threw or answered something other than bytes. */
  readonly onFailure?: (pattern: string, cause: string) => void;
}

/**
 * The lanes in which a process does its commands, whatever carries them: bounded queues, bounded handlers, some of them reserved for what
 * is never shed; nothing is taken up after its deadline.
 */
export class CommandLanes {
  readonly #timers: Timers;
  readonly #concurrency: number;
  readonly #reserved: number;
  readonly #neverShed: (pattern: string) => boolean;
  readonly #onFailure: (pattern: string, cause: string) => void;
  readonly #usual: CommandQueue;
  readonly #undoing: CommandQueue;
  #inWork = 0;
  #open = false;
  #drained: (() => void)[] = [];

  constructor(options: CommandLaneOptions = {}) {
    const { concurrency = 512, reserved = 128, queued = 2048 } = options;
    this.#timers = options.timers ?? systemTimers;
    this.#concurrency = concurrency;
    this.#reserved = reserved;
    this.#neverShed = options.neverShed ?? (() => false);
    this.#onFailure = options.onFailure ?? (() => undefined);
    this.#usual = new CommandQueue(queued);
    this.#undoing = new CommandQueue(queued);
  }

  open(): void {
    this.#open = true;
  }

  /** Takes nothing up any more: what waits is not taken, what is at work is waited for. */
  async close(): Promise<void> {
    this.#open = false;
    for (const queue of [this.#undoing, this.#usual]) {
      for (let waiting = queue.next(); waiting !== undefined; waiting = queue.next()) waiting.notTaken('stopping');
    }
    if (this.#inWork > 0) await new Promise<void>((resolve) => this.#drained.push(resolve));
  }

  /** Commands at work and commands that wait. */
  load(): { readonly inWork: number; readonly queued: number } {
    return { inWork: this.#inWork, queued: this.#usual.size + this.#undoing.size };
  }

  /**
   * Puts a command in its queue, or says at once that nobody takes it; resolves with what became of it, at its deadline at last. One that is
   * not wanted any more when its turn comes is not taken.
   */
  submit(
    context: CommandContext,
    payload: Buffer,
    handler: MessageHandler | undefined,
    isWanted: () => boolean = () => true,
  ): Promise<CommandOutcome> {
    const { pattern, answerBy } = context;
    if (!this.#open) return notTaken('the service is not open');
    if (handler === undefined || handler.isEventHandler === true) return notTaken(`nobody handles '${pattern}'`);
    if (this.#timers.now() >= answerBy) return notTaken('its deadline had passed');
    const queue = this.#neverShed(pattern) ? this.#undoing : this.#usual;
    if (queue.full && this.#inWork >= this.#roomOf(queue)) return notTaken('too much work is waiting');
    return new Promise((resolve) => {
      const cancel = this.#timers.after(Math.max(0, answerBy - this.#timers.now()), () => waiting.deadline());
      const waiting = queuedCommand({ context, payload, handler, isWanted }, (outcome) => {
        cancel();
        resolve(outcome);
      });
      queue.add(waiting);
      this.#takeUp();
    });
  }

  #takeUp(): void {
    for (;;) {
      const waiting = this.#nextOf(this.#undoing) ?? this.#nextOf(this.#usual);
      if (waiting === undefined) return;
      // A late timer must not let a command be taken up after its deadline: the sender already counts on that.
      if (this.#timers.now() >= waiting.context.answerBy) waiting.deadline();
      else if (!waiting.isWanted()) waiting.notTaken('it is somebody else’s now');
      else void this.#handle(waiting);
    }
  }

  #nextOf(queue: CommandQueue): QueuedCommand | undefined {
    return this.#inWork < this.#roomOf(queue) ? queue.next() : undefined;
  }

  #roomOf(queue: CommandQueue): number {
    return queue === this.#undoing ? this.#concurrency + this.#reserved : this.#concurrency;
  }

  async #handle(waiting: QueuedCommand): Promise<void> {
    this.#inWork += 1;
    waiting.taken();
    try {
      const result: unknown = await (waiting.handler as MessageHandler)(waiting.payload, waiting.context);
      const answer: unknown = isObservable(result) ? await lastValueFrom(result, { defaultValue: undefined }) : result;
      if (!Buffer.isBuffer(answer)) throw new TypeError('a command handler answers bytes, a Buffer');
      waiting.answer(Buffer.from(answer));
    } catch (error) {
      // Nobody knows what the handler had stored before it threw.
      waiting.unknown();
      this.#onFailure(waiting.context.pattern, causeOf(failureOf(error)));
    } finally {
      this.#inWork -= 1;
      this.#takeUp();
      if (this.#inWork === 0) for (const drained of this.#drained.splice(0)) drained();
    }
  }
}

/** Nest turns what a handler throws into `{status, message}`. */
function failureOf(error: unknown): unknown {
  const message = (error as { message?: unknown } | null)?.message;
  return error instanceof Error || typeof message !== 'string' ? error : new Error(message);
}

const notTaken = (why: string): Promise<CommandOutcome> => Promise.resolve({ kind: 'not-taken', why });

function queuedCommand(
  what: Pick<QueuedCommand, 'context' | 'payload' | 'handler' | 'isWanted'>,
  settle: (outcome: CommandOutcome) => void,
): QueuedCommand {
  let state: 'waiting' | 'taken' | 'settled' = 'waiting';
  const end = (outcome: CommandOutcome): void => {
    if (state === 'settled') return;
    state = 'settled';
    settle(outcome);
  };
  const command: QueuedCommand = {
    ...what,
    dropped: () => undefined,
    waiting: () => state === 'waiting',
    taken: () => (state = 'taken'),
    answer: (bytes) => end({ kind: 'answer', payload: bytes }),
    unknown: () => end({ kind: 'unknown' }),
    notTaken: (why) => end({ kind: 'not-taken', why }),
    deadline: () => {
      if (state === 'taken') return end({ kind: 'unknown' });
      if (state === 'waiting') command.dropped();
      end({ kind: 'not-taken', why: 'its deadline passed before anybody took it up' });
    },
  };
  return command;
}
