import type { MessageHandler } from '@nestjs/microservices';

/** What a command handler gets beside the bytes. */
export interface CommandContext {
  readonly pattern: string;
  /** Names the one writer, the merchant. */
  readonly key: string;
  /** Machine clock, ms since the epoch. */
  readonly answerBy: number;
  /** Another process may have taken it up before: it was sent before this one became the key's writer. */
  readonly mayBeElsewhere?: boolean;
}

/** A command on its way: settled once, whatever comes first. */
export interface QueuedCommand {
  readonly context: CommandContext;
  readonly payload: Buffer;
  readonly handler: MessageHandler;
  /** Asked before it is taken up; false drops it. */
  readonly isWanted: () => boolean;
  /** Set by the queue: called when the command leaves it without having been taken up. */
  dropped: () => void;
  waiting(): boolean;
  taken(): void;
  answer(bytes: Buffer): void;
  unknown(): void;
  notTaken(why: string): void;
  deadline(): void;
}

/** First in, first out, bounded; commands whose deadline passed leave it in place and count no more. */
export class CommandQueue {
  readonly #bound: number;
  #commands: (QueuedCommand | undefined)[] = [];
  #head = 0;
  #size = 0;

  constructor(bound: number) {
    this.#bound = bound;
  }

  get size(): number {
    return this.#size;
  }

  get full(): boolean {
    return this.#size >= this.#bound;
  }

  add(command: QueuedCommand): void {
    command.dropped = () => (this.#size -= 1);
    this.#commands.push(command);
    this.#size += 1;
    // Left-overs of passed deadlines must not pile up behind handlers that hang.
    if (this.#commands.length - this.#head > 2 * this.#bound + 2) this.#compact();
  }

  /** The next command that still waits, or undefined. */
  next(): QueuedCommand | undefined {
    while (this.#head < this.#commands.length) {
      const command = this.#commands[this.#head];
      this.#commands[this.#head] = undefined;
      this.#head += 1;
      if (command?.waiting() === true) {
        this.#size -= 1;
        command.dropped = () => undefined;
        if (this.#head > 1024) this.#compact();
        return command;
      }
    }
    this.#commands = [];
    this.#head = 0;
    return undefined;
  }

  #compact(): void {
    this.#commands = this.#commands.slice(this.#head).filter((command) => command?.waiting() === true);
    this.#head = 0;
  }
}

/** @throws TypeError for anything but bytes and an instant: that is a defect of the sender */
export function checkCommand(payload: Buffer, answerBy: number): void {
  if (!Buffer.isBuffer(payload)) throw new TypeError('a command is sent as bytes, a Buffer');
  if (!Number.isFinite(answerBy)) throw new TypeError('answerBy is an instant in ms since the epoch');
}
