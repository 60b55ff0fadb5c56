import type { Socket } from 'node:net';
import { FrameReader } from '../framing/frame-reader.ts';
import type { Peer } from './iso-request.ts';

/** Bounds of one connection, all in ms and bytes. */
export interface ConnectionLimits {
  /** Without a byte and without work: closed. */
  readonly idleMs: number;
  /** As {@link idleMs}, of a connection that has not brought a whole frame yet: whoever only holds a place loses it soon. */
  readonly firstFrameMs: number;
  /** From the first byte of a frame to its last, and from an answer to its delivery. */
  readonly incompleteFrameMs: number;
  readonly maxFrameBytes: number;
}

/** What a frame leads to: a complete frame to send, nothing, or the end of the connection. */
export type Served = Buffer | undefined | 'close';

/** Why a connection ended. */
export type ClosedBecause =
  'peer' | 'idle' | 'incomplete-frame' | 'slow-reader' | 'framing' | 'guard' | 'stopping' | 'failure';

/** Gives the frames of one socket to `serve`, one at a time: while one is in work, the socket is paused and the rest waits there. */
export class ServerConnection {
  readonly peer: Peer;
  /** Resolves when the socket is gone. */
  readonly ended: Promise<ClosedBecause>;
  readonly #socket: Socket;
  readonly #limits: ConnectionLimits;
  readonly #reader: FrameReader;
  readonly #serve: (body: Buffer) => Promise<Served>;
  readonly #onFault: (error: unknown) => void;
  #timer: NodeJS.Timeout | undefined;
  #busy = false;
  #hasServed = false;
  #because: ClosedBecause = 'peer';
  #stopping = false;

  constructor(
    socket: Socket,
    peer: Peer,
    limits: ConnectionLimits,
    serve: (body: Buffer) => Promise<Served>,
    onFault: (error: unknown) => void,
  ) {
    this.peer = peer;
    this.#socket = socket;
    this.#limits = limits;
    this.#reader = new FrameReader({ maxFrameBytes: limits.maxFrameBytes });
    this.#serve = serve;
    this.#onFault = onFault;
    this.ended = new Promise((resolve) => {
      socket.once('close', () => {
        clearTimeout(this.#timer);
        resolve(this.#because);
      });
    });
    socket.setNoDelay(true);
    // A reset by the peer is the peer's end; close follows.
    socket.on('error', () => undefined);
    socket.on('data', (chunk: Buffer) => this.#take(chunk));
    this.#arm();
  }

  /** Lets the message in work be answered, then ends. */
  stop(): void {
    this.#stopping = true;
    if (!this.#busy) this.#finish();
  }

  /** Ends at once. */
  destroy(because: ClosedBecause): void {
    if (!this.#socket.destroyed) this.#because = because;
    this.#socket.destroy();
  }

  #take(chunk: Buffer): void {
    if (this.#stopping && !this.#busy) return;
    const wasPartial = this.#reader.pendingBytes > 0;
    this.#reader.push(chunk);
    if (!this.#busy) void this.#pump(wasPartial);
  }

  async #pump(wasPartial: boolean): Promise<void> {
    this.#busy = true;
    let served = false;
    try {
      for (let body = this.#reader.next(); body !== undefined; body = this.#reader.next()) {
        if (!served) this.#socket.pause();
        served = true;
        this.#hasServed = true;
        clearTimeout(this.#timer);
        const answer = await this.#serve(body);
        if (answer === 'close') return this.destroy('guard');
        if (answer !== undefined && !this.#socket.destroyed) await this.#send(answer);
        if (this.#stopping || this.#socket.destroyed) break;
      }
    } catch (error) {
      this.#onFault(error);
      return this.destroy('framing');
    } finally {
      this.#busy = false;
    }
    if (this.#stopping) return this.#finish();
    // The deadline of a frame runs from its first byte; more bytes of it do not renew it.
    if (served || !wasPartial) this.#arm();
    if (served) this.#socket.resume();
  }

  #send(frame: Buffer): Promise<void> {
    if (this.#socket.write(frame)) return Promise.resolve();
    this.#deadline(this.#limits.incompleteFrameMs, 'slow-reader');
    return new Promise((resolve) => {
      const go = (): void => {
        this.#socket.off('drain', go);
        this.#socket.off('close', go);
        resolve();
      };
      this.#socket.once('drain', go);
      this.#socket.once('close', go);
    });
  }

  #finish(): void {
    this.#because = 'stopping';
    clearTimeout(this.#timer);
    this.#socket.end();
    this.#socket.resume();
  }

  #arm(): void {
    if (this.#reader.pendingBytes > 0) this.#deadline(this.#limits.incompleteFrameMs, 'incomplete-frame');
    else {
      const { idleMs, firstFrameMs } = this.#limits;
      this.#deadline(this.#hasServed ? idleMs : Math.min(idleMs, firstFrameMs), 'idle');
    }
  }

  #deadline(ms: number, because: ClosedBecause): void {
    clearTimeout(this.#timer);
    if (this.#socket.destroyed) return;
    this.#timer = setTimeout(() => this.destroy(because), ms);
    this.#timer.unref();
  }
}
