import { connect, createServer, type Server, type Socket } from 'node:net';

/** Ports that the system never gives to a client's own end: a client that knocks at a closed port could otherwise meet itself there. */
const FIRST_PORT = 20_000;
const LAST_PORT = 32_000;

/** A door in front of a server, which can be shut and every connection through it cut, while the server behind it lives on. */
export class Gate {
  readonly #behind: number;
  readonly #sockets = new Set<Socket>();
  #server: Server | undefined;
  port: number;

  private constructor(behind: number, port: number) {
    this.#behind = behind;
    this.port = port;
  }

  /** Opens a door on 127.0.0.1, on a free port unless one is given. */
  static async open(behind: number, port?: number): Promise<Gate> {
    for (;;) {
      const gate = new Gate(behind, port ?? FIRST_PORT + Math.floor(Math.random() * (LAST_PORT - FIRST_PORT)));
      try {
        await gate.reopen();
        return gate;
      } catch (error) {
        if (port !== undefined || (error as { code?: unknown }).code !== 'EADDRINUSE') throw error;
      }
    }
  }

  async reopen(): Promise<void> {
    const server = createServer((socket) => this.#pass(socket));
    await new Promise<void>((resolve, reject) => {
      server.once('error', reject);
      server.listen(this.port, '127.0.0.1', resolve);
    });
    this.#server = server;
  }

  cut(): void {
    for (const socket of this.#sockets) socket.destroy();
  }

  async close(): Promise<void> {
    const server = this.#server;
    this.#server = undefined;
    const closed = new Promise<void>((resolve) => (server ? server.close(() => resolve()) : resolve()));
    this.cut();
    await closed;
  }

  #pass(outer: Socket): void {
    const inner = connect(this.#behind, '127.0.0.1');
    const pair = [outer, inner] as const;
    for (const [socket, other] of [pair, [inner, outer]] as const) {
      this.#sockets.add(socket);
      socket.setNoDelay(true);
      socket.pipe(other);
      socket.on('error', () => undefined);
      socket.on('close', () => {
        this.#sockets.delete(socket);
        other.destroy();
      });
    }
  }
}
