import { Server, type CustomTransportStrategy } from '@nestjs/microservices';
import type { CommandClient, CommandOutcome } from '../port.ts';
import { CommandLanes, type CommandLaneOptions } from './command-lanes.ts';
import { checkCommand, type CommandContext } from './command-queue.ts';

/**
 * Commands inside one process as a Nest transport: `@MessagePattern('authorization.sale')` handlers take a Buffer and a
 * `CommandContext` and answer a Buffer (or a promise or observable of one). Nothing but bytes crosses, so that a service can move out.
 */
export class InProcessCommandServer extends Server implements CustomTransportStrategy {
  override readonly transportId = Symbol('tillstream-in-process-commands');
  readonly #lanes: CommandLanes;

  constructor(options: CommandLaneOptions = {}) {
    super();
    this.#lanes = new CommandLanes(options);
  }

  override listen(callback: () => void): void {
    this.#lanes.open();
    callback();
  }

  /** Takes nothing up any more: what waits is not taken, what is at work is waited for. */
  override close(): Promise<void> {
    return this.#lanes.close();
  }

  /** Commands at work and commands that wait. */
  load(): { readonly inWork: number; readonly queued: number } {
    return this.#lanes.load();
  }

  /** Puts a command in the queue, or says at once that nobody takes it; the client calls it. */
  submit(context: CommandContext, payload: Buffer): Promise<CommandOutcome> {
    return this.#lanes.submit(context, payload, this.messageHandlers.get(context.pattern));
  }

  override on(): never {
    throw new Error('this transport has no events of its own');
  }

  override unwrap<T>(): T {
    return this as unknown as T;
  }
}

/** The sending side of {@link InProcessCommandServer}. */
export class InProcessCommandClient implements CommandClient {
  readonly mayRepeat = false;
  readonly #server: InProcessCommandServer;
  #inFlight = 0;

  constructor(server: InProcessCommandServer) {
    this.#server = server;
  }

  async request(pattern: string, key: string, payload: Buffer, answerBy: number): Promise<CommandOutcome> {
    checkCommand(payload, answerBy);
    this.#inFlight += 1;
    try {
      // A copy, as between processes: neither side may change what the other holds.
      return await this.#server.submit({ pattern, key, answerBy }, Buffer.from(payload));
    } finally {
      this.#inFlight -= 1;
    }
  }

  inFlight(): number {
    return this.#inFlight;
  }
}
