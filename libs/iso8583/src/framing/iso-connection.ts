import { connect as connectTcp, type Socket } from 'node:net';
import { connect as connectTls, type ConnectionOptions } from 'node:tls';
import { FrameReader } from './frame-reader.ts';

/** Where and how a client connects. */
export interface ConnectOptions {
  readonly host: string;
  readonly port: number;
  /** TLS when given. */
  readonly tls?: ConnectionOptions;
  readonly maxFrameBytes?: number;
  readonly connectTimeoutMs?: number;
}

// A peer that talks without being listened to is paused here, so memory stays bounded.
const MAX_WAITING_FRAMES = 16;

/** The client's end of a framed connection, for one exchange at a time. */
export class IsoConnection {
  readonly #socket: Socket;
  readonly #reader: FrameReader;
  readonly #frames: Buffer[] = [];
  #wake: (() => void) | undefined;
  #closed = false;
  #fault: Error | undefined;

  /** Takes over a connected socket; use connectIso to make one. */
  constructor(socket: Socket, maxFrameBytes?: number) {
    this.#socket = socket;
    this.#reader = new FrameReader(maxFrameBytes === undefined ? {} : { maxFrameBytes });
    socket.on('data', (chunk: Buffer) => this.#take(chunk));
    socket.on('error', (error) => this.#end(error));
    socket.on('close', () => this.#end());
    socket.on('end', () => this.#end());
  }

  /** Whether the connection is gone. */
  get closed(): boolean {
    return this.#closed;
  }

  /** Sends a complete frame (writeFrame, sealEnvelope). Rejects when the connection is gone. */
  async send(frame: Buffer): Promise<void> {
    if (this.#closed) throw this.#fault ?? new Error('the connection is closed');
    await new Promise<void>((resolve, reject) => {
      this.#socket.write(frame, (error) => (error ? reject(error) : resolve()));
    });
  }

  /** The next frame's body; undefined when none came in time. Rejects when the connection is gone or the peer broke the framing. */
  async receive(timeoutMs: number): Promise<Buffer | undefined> {
    if (this.#frames.length === 0 && !this.#closed) await this.#wait(timeoutMs);
    const frame = this.#frames.shift();
    if (this.#frames.length < MAX_WAITING_FRAMES) this.#socket.resume();
    if (frame === undefined && this.#closed) throw this.#fault ?? new Error('the connection is closed');
    return frame;
  }

  /** Ends the connection; what was sent is still delivered. */
  close(): void {
    this.#socket.end();
    this.#socket.destroySoon();
  }

  #wait(timeoutMs: number): Promise<void> {
    return new Promise((resolve) => {
      const timer = setTimeout(() => this.#wake?.(), timeoutMs);
      this.#wake = () => {
        clearTimeout(timer);
        this.#wake = undefined;
        resolve();
      };
    });
  }

  #take(chunk: Buffer): void {
    try {
      this.#reader.push(chunk);
      for (let frame = this.#reader.next(); frame !== undefined; frame = this.#reader.next()) this.#frames.push(frame);
    } catch (error) {
      this.#socket.destroy(error as Error);
      return;
    }
    if (this.#frames.length >= MAX_WAITING_FRAMES) this.#socket.pause();
    if (this.#frames.length > 0) this.#wake?.();
  }

  #end(fault?: Error): void {
    this.#closed = true;
    this.#fault ??= fault;
    this.#wake?.();
  }
}

/** Connects; rejects when that fails or takes longer than `connectTimeoutMs` (10 s unless said). */
export function connectIso(options: ConnectOptions): Promise<IsoConnection> {
  const { host, port, tls, maxFrameBytes, connectTimeoutMs = 10_000 } = options;
  return new Promise((resolve, reject) => {
    const socket = tls === undefined ? connectTcp({ host, port }) : connectTls({ ...tls, host, port });
    const timer = setTimeout(
      () => socket.destroy(new Error(`no connection within ${connectTimeoutMs} ms`)),
      connectTimeoutMs,
    );
    socket.once('error', (error) => {
      clearTimeout(timer);
      reject(error);
    });
    socket.once(tls === undefined ? 'connect' : 'secureConnect', () => {
      clearTimeout(timer);
      socket.removeAllListeners('error');
      socket.setNoDelay(true);
      resolve(new IsoConnection(socket, maxFrameBytes));
    });
  });
}
