import { connect, createServer, type AddressInfo, type Server, type Socket } from 'node:net';
import { couple } from '../couple.ts';

/** Where the far side listens. */
export interface FarSide {
  readonly host: string;
  readonly port: number;
}

/**
 * A wire that a journey holds in its hand: what the near side asks passes at once, what the far side answers can be held
 * back, let through later, or lost with the line. The far side may move, as a restarted node does.
 */
export class Gate {
  readonly #server: Server;
  readonly #sockets = new Set<Socket>();
  #far: FarSide | undefined;
  #held: (() => void)[] | undefined;

  constructor(far?: FarSide) {
    this.#far = far;
    this.#server = createServer((near) => this.#join(near));
  }

  /** Listens on a loopback port of its own choice, which it gives. */
  listen(): Promise<number> {
    return new Promise((resolve, reject) => {
      this.#server.once('error', reject);
      this.#server.listen({ host: '127.0.0.1', port: 0 }, () => resolve((this.#server.address() as AddressInfo).port));
    });
  }

  /** Where new connections lead from now on. */
  leadTo(far: FarSide): void {
    this.#far = far;
  }

  /** Keeps back every answer from now on. */
  holdAnswers(): void {
    this.#held ??= [];
  }

  /** Hands over what was kept back, in order, and lets everything pass again. */
  release(): void {
    const held = this.#held ?? [];
    this.#held = undefined;
    for (const handOver of held) handOver();
  }

  /** Loses every connection, and with it what was kept back; new connections pass again. */
  cut(): void {
    this.#held = undefined;
    for (const socket of this.#sockets) socket.destroy();
  }

  async close(): Promise<void> {
    this.cut();
    await new Promise<void>((resolve) => this.#server.close(() => resolve()));
  }

  #join(near: Socket): void {
    if (this.#far === undefined) {
      near.destroy();
      return;
    }
    const far = connect(this.#far);
    couple(near, far, this.#sockets);
    near.on('data', (piece: Buffer) => void far.write(piece));
    far.on('data', (piece: Buffer) => {
      const handOver = (): void => void (near.destroyed || near.write(piece));
      if (this.#held === undefined) handOver();
      else this.#held.push(handOver);
    });
  }
}
