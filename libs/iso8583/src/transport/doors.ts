import { createServer, type AddressInfo, type Server as TcpServer } from 'node:net';

/** Where to listen, and what each listening socket is made of. */
export interface DoorSettings {
  readonly host: string;
  /** 0 lets the system choose. */
  readonly port: number;
  /** Another free port instead of an error when the port is taken. */
  readonly elseNextFree: boolean;
  readonly make: () => TcpServer;
}

/**
 * An event loop takes one connection per turn from each listening socket (libuv since 1.45), and under load a turn takes long: behind one socket a fleet that
 * reconnects would wait for minutes while those who are inside trade. So there are many on one port, among which the system spreads what comes.
 */
const DOORS = 32;
/** Connections that wait to be taken in, as far as the system allows: beyond it a fleet that reconnects at once is reset or tries again after seconds. */
const BACKLOG = 8_192;
/** An address of the system's own, held while a port is being taken; no file. */
const TURN = '\0tillstream-doors';
const TURN_TRIES = 100;
const TURN_PAUSE_MS = 20;

/** The listening sockets of a server on one port. */
export class Doors {
  readonly #servers: readonly TcpServer[];

  private constructor(servers: readonly TcpServer[]) {
    this.#servers = servers;
  }

  /** Listens. Rejects with the system's error, `EADDRINUSE` for a taken port unless another one will do. */
  static async open(settings: DoorSettings): Promise<Doors> {
    const { host, port, elseNextFree, make } = settings;
    const turn = process.platform === 'linux' ? await takeTurn() : undefined;
    try {
      const only = make();
      await listenOn(only, { host, port }).catch((error: NodeJS.ErrnoException) => {
        if (!elseNextFree || error.code !== 'EADDRINUSE') throw error;
        return listenOn(only, { host, port: 0 });
      });
      if (turn === undefined) return new Doors([only]);
      // The port is nobody's but ours; sockets that share it would not have found that out.
      const { port: ours } = only.address() as AddressInfo;
      await closed(only);
      return new Doors(await listenTogether(make, { host, port: ours }));
    } finally {
      if (turn !== undefined) await closed(turn);
    }
  }

  /** One of the sockets. */
  get first(): TcpServer {
    return this.#servers[0] as TcpServer;
  }

  get address(): AddressInfo {
    return this.first.address() as AddressInfo;
  }

  /** Takes nobody in any more; resolves when those who are in have left. */
  async close(): Promise<void> {
    await Promise.all(this.#servers.map(closed));
  }
}

/** Sockets that share a port; a single one where the system does not share. */
async function listenTogether(make: () => TcpServer, at: Place): Promise<readonly TcpServer[]> {
  const servers: TcpServer[] = [];
  try {
    for (let n = 0; n < DOORS; n += 1) {
      const server = make();
      await listenOn(server, { ...at, reusePort: true });
      servers.push(server);
    }
    return servers;
  } catch {
    await Promise.all(servers.map(closed));
    const only = make();
    await listenOn(only, at);
    return [only];
  }
}

interface Place {
  readonly host: string;
  readonly port: number;
}

/**
 * One process at a time takes a port, so that no two share one by accident: between asking for it alone and taking it together it is nobody's.
 * Undefined when the turn does not come.
 */
async function takeTurn(): Promise<TcpServer | undefined> {
  for (let tries = 0; tries < TURN_TRIES; tries += 1) {
    const turn = createServer();
    const isOurs = await new Promise<boolean>((resolve) => {
      turn.once('error', () => resolve(false));
      turn.listen({ path: TURN }, () => resolve(true));
    });
    if (isOurs) return turn;
    await new Promise((resolve) => setTimeout(resolve, TURN_PAUSE_MS));
  }
  return undefined;
}

function listenOn(server: TcpServer, place: Place & { readonly reusePort?: true }): Promise<void> {
  return new Promise((resolve, reject) => {
    server.once('error', reject);
    server.listen({ ...place, backlog: BACKLOG }, () => {
      server.off('error', reject);
      server.on('error', () => undefined);
      resolve();
    });
  });
}

const closed = (server: TcpServer): Promise<void> => new Promise((resolve) => server.close(() => resolve()));
