import { connect, createServer, type AddressInfo, type Server, type Socket } from 'node:net';
import { drawFrom, type Draw } from '../plan/random.ts';
import type { Address } from '../protocol.ts';

/** What happens to a piece of the byte stream. */
export type LineFault = 'none' | 'delay' | 'cut' | 'duplicate' | 'flip';

/** How often each fault strikes, per piece of data, in [0, 1]. */
export interface FaultProxySettings {
  readonly target: Address;
  /** The faults follow from the seed, the connection's number and the piece's number, never from time. */
  readonly seed: string;
  readonly delay?: { readonly chance: number; readonly ms: number };
  /** Both sides lose the connection. */
  readonly cut?: { readonly chance: number };
  readonly duplicate?: { readonly chance: number };
  /** One bit of the piece is turned over. */
  readonly flip?: { readonly chance: number };
}

/** A TCP proxy that hurts: put it between a terminal and the gateway, or the gateway and the network. */
export class FaultProxy {
  readonly #settings: FaultProxySettings;
  readonly #server: Server;
  readonly #sockets = new Set<Socket>();
  #connections = 0;
  #suspended = false;
  /** Pieces that met each fate. */
  readonly counts: Record<LineFault, number> = { none: 0, delay: 0, cut: 0, duplicate: 0, flip: 0 };

  constructor(settings: FaultProxySettings) {
    this.#settings = settings;
    this.#server = createServer((socket) => this.#join(socket));
  }

  /** Listens on loopback, any free port unless given; gives the port. */
  listen(port = 0): Promise<number> {
    return new Promise((resolve, reject) => {
      this.#server.once('error', reject);
      this.#server.listen({ host: '127.0.0.1', port }, () => resolve((this.#server.address() as AddressInfo).port));
    });
  }

  /** While suspended the proxy is only a wire. */
  suspend(suspended: boolean): void {
    this.#suspended = suspended;
  }

  /** Cuts every connection now. */
  cutAll(): void {
    for (const socket of this.#sockets) socket.destroy();
  }

  async close(): Promise<void> {
    this.cutAll();
    await new Promise<void>((resolve) => this.#server.close(() => resolve()));
  }

  #join(near: Socket): void {
    const number = (this.#connections += 1);
    const far = connect(this.#settings.target);
    const sides = [
      [near, far, 'up'],
      [far, near, 'down'],
    ] as const;
    for (const [from, to, way] of sides) {
      this.#sockets.add(from);
      from.setNoDelay(true);
      from.on('error', () => from.destroy());
      from.on('close', () => {
        this.#sockets.delete(from);
        to.destroy();
      });
      this.#pump(from, to, drawFrom(this.#settings.seed, number, way));
    }
  }

  #pump(from: Socket, to: Socket, draw: Draw): void {
    let turn: Promise<void> = Promise.resolve();
    from.on('data', (piece: Buffer) => {
      const fault = this.#suspended ? 'none' : this.#drawFault(draw);
      this.counts[fault] += 1;
      // In turn, so that a delayed piece holds back what follows it, as on a real line.
      turn = turn.then(() => this.#pass(piece, to, fault, draw)).catch(() => undefined);
    });
  }

  #drawFault(draw: Draw): LineFault {
    const { delay, cut, duplicate, flip } = this.#settings;
    const kinds = [
      ['delay', delay?.chance],
      ['cut', cut?.chance],
      ['duplicate', duplicate?.chance],
      ['flip', flip?.chance],
    ] as const;
    let roll = draw.unit();
    for (const [fault, chance = 0] of kinds) {
      roll -= chance;
      if (roll < 0) return fault;
    }
    return 'none';
  }

  async #pass(piece: Buffer, to: Socket, fault: LineFault, draw: Draw): Promise<void> {
    switch (fault) {
      case 'cut':
        to.destroy();
        return;
      case 'delay':
        await new Promise((resolve) => setTimeout(resolve, this.#settings.delay?.ms ?? 0));
        to.write(piece);
        return;
      case 'duplicate':
        to.write(Buffer.concat([piece, piece]));
        return;
      case 'flip':
        to.write(flipped(piece, draw));
        return;
      case 'none':
        to.write(piece);
    }
  }
}

function flipped(piece: Buffer, draw: Draw): Buffer {
  const copy = Buffer.from(piece);
  const at = draw.integer(0, copy.length - 1);
  copy[at] = copy[at]! ^ (1 << draw.integer(0, 7));
  return copy;
}
