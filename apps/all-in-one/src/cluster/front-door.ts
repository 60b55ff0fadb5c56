import { connect, createServer, type AddressInfo, type Server, type Socket } from 'node:net';
import type { Address } from '@tillstream/simulator';
import { couple } from '../couple.ts';

/**
 * One address for terminals before several gateways, as the load balancer of a real cluster gives: each connection goes to the next
 * gateway, to another one when that refuses, and ends when either side does.
 */
export class FrontDoor {
  readonly #server: Server;
  readonly #sockets = new Set<Socket>();
  readonly #gateways: () => readonly Address[];
  #turn = 0;

  /** @param gateways those that run now */
  constructor(gateways: () => readonly Address[]) {
    this.#gateways = gateways;
    this.#server = createServer({ pauseOnConnect: true }, (near) => this.#join(near, this.#gateways().length));
  }

  /** Listens on loopback, on another port when the preferred one is taken; gives the port. */
  async listen(preferred: number): Promise<number> {
    try {
      return await this.#listen(preferred);
    } catch (error) {
      const { code } = error as { code?: string };
      if (code !== 'EADDRINUSE' && code !== 'EACCES') throw error;
      return this.#listen(0);
    }
  }

  /** Takes no new connection and ends those there are. */
  async close(): Promise<void> {
    const closed = new Promise<void>((resolve) => this.#server.close(() => resolve()));
    for (const socket of this.#sockets) socket.destroy();
    await closed;
  }

  #listen(port: number): Promise<number> {
    return new Promise((resolve, reject) => {
      this.#server.once('error', reject);
      this.#server.listen({ host: '127.0.0.1', port }, () => {
        this.#server.off('error', reject);
        resolve((this.#server.address() as AddressInfo).port);
      });
    });
  }

  #join(near: Socket, tries: number): void {
    const gateways = this.#gateways();
    const gateway = gateways[(this.#turn += 1) % Math.max(1, gateways.length)];
    if (gateway === undefined || tries <= 0) return void near.destroy();
    const far = connect(gateway);
    const refused = (): void => void (near.destroyed || this.#join(near, tries - 1));
    far.once('error', refused);
    far.once('connect', () => {
      far.off('error', refused);
      couple(near, far, this.#sockets);
      near.pipe(far);
      far.pipe(near);
      near.resume();
    });
  }
}
