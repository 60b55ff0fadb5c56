import {
  connectIso,
  openEnvelope,
  sealEnvelope,
  terminalTpdu,
  type Header,
  type IsoConnection,
} from '@tillstream/iso8583';
import type { Address } from '../protocol.ts';

const connectTimeoutMs = 5_000;

/** What a reply looks like before anything in it is believed. */
export interface ReceivedFrame {
  readonly header: Header;
  readonly message: Buffer;
}

/** What the caller makes of a frame: an answer, or `skip` for a frame that belongs to something older. */
export type Judgement<T> = { readonly is: 'answer'; readonly value: T } | { readonly is: 'skip' };

const ownHeader: Header = {
  application: '61',
  softwareMajor: '31',
  terminalStatus: '0',
  demand: '0',
  softwareMinor: '100000',
};

/** One kept-open connection to the gateway; opened again when it was lost. One exchange at a time. */
export class Line {
  readonly #address: Address;
  #connection: IsoConnection | undefined;

  constructor(address: Address) {
    this.#address = address;
  }

  /** Whether there is a connection, after trying to make one. */
  async open(): Promise<boolean> {
    if (this.#connection !== undefined && !this.#connection.closed) return true;
    try {
      this.#connection = await connectIso({ ...this.#address, connectTimeoutMs });
      return true;
    } catch {
      this.#connection = undefined;
      return false;
    }
  }

  /**
   * Sends a packed message and waits until `judge` takes a frame as the answer. Undefined when none came within
   * `timeoutMs`, or the connection was lost: the sender cannot know what became of its request.
   */
  async exchange<T>(
    message: Buffer,
    timeoutMs: number,
    judge: (frame: ReceivedFrame) => Judgement<T>,
  ): Promise<T | undefined> {
    if (!(await this.open())) return undefined;
    const connection = this.#connection as IsoConnection;
    const deadline = performance.now() + timeoutMs;
    try {
      await connection.send(sealEnvelope({ tpdu: terminalTpdu(), header: ownHeader }, message));
      for (let left = timeoutMs; left > 0; left = deadline - performance.now()) {
        const body = await connection.receive(left);
        if (body === undefined) return undefined;
        const judged = judge(openEnvelope(body));
        if (judged.is === 'answer') return judged.value;
      }
      return undefined;
    } catch {
      // A broken line or a frame that is none: both are "no answer", and the next exchange starts on a new line.
      this.close();
      return undefined;
    }
  }

  /** Sends a packed message and loses the connection before anything can come back. */
  async sendAndLose(message: Buffer): Promise<void> {
    if (!(await this.open())) return;
    await this.#connection
      ?.send(sealEnvelope({ tpdu: terminalTpdu(), header: ownHeader }, message))
      .catch(() => undefined);
    this.close();
  }

  close(): void {
    this.#connection?.close();
    this.#connection = undefined;
  }
}
