import { readFileSync } from 'node:fs';
import { createServer, type Server as TcpServer, type Socket } from 'node:net';
import { createServer as createTlsServer, type TlsOptions } from 'node:tls';
import { Server, type BaseRpcContext, type CustomTransportStrategy, type MessageHandler } from '@nestjs/microservices';
import type { IsoError } from '../iso-error.ts';
import type { Profile } from '../spec/profile.ts';
import { Doors } from './doors.ts';
import type { FrameGuard } from './frame-guard.ts';
import { ISO8583_TRANSPORT } from './iso-pattern.ts';
import type { Peer } from './iso-request.ts';
import { parsePattern, RouteTable, type Route } from './routes.ts';
import { ServerConnection, type ClosedBecause, type ConnectionLimits } from './server-connection.ts';
import { Service, type ServiceFault } from './service.ts';

/** Bounds of the whole server. */
export interface ServerLimits extends ConnectionLimits {
  readonly maxConnections: number;
  readonly maxConnectionsPerAddress: number;
  /** How long a TLS handshake may take. */
  readonly handshakeMs: number;
  /** How long `close` waits for answers in work and for peers to hang up. */
  readonly drainMs: number;
}

export const DEFAULT_SERVER_LIMITS: ServerLimits = {
  maxConnections: 20_000,
  maxConnectionsPerAddress: 2_000,
  idleMs: 600_000,
  firstFrameMs: 60_000,
  handshakeMs: 10_000,
  incompleteFrameMs: 10_000,
  maxFrameBytes: 2048,
  drainMs: 10_000,
};

/** What the server tells about itself; none of it holds bytes of a message. */
export type ServerEvent =
  | { readonly is: 'listening'; readonly host: string; readonly port: number; readonly wanted: number }
  | { readonly is: 'opened'; readonly peer: Peer }
  | { readonly is: 'closed'; readonly peer: Peer; readonly because: ClosedBecause }
  | { readonly is: 'turned-away'; readonly remoteAddress: string; readonly because: 'full' | 'address-full' }
  | { readonly is: 'malformed'; readonly peer: Peer; readonly error: IsoError }
  | { readonly is: 'failed'; readonly peer: Peer; readonly where: ServiceFault; readonly error: unknown };

/** How the server is set up. */
export interface Iso8583ServerOptions<P extends Profile = Profile, S = unknown> {
  readonly profile: P;
  /** 0 lets the system choose. */
  readonly port: number;
  /** 127.0.0.1 unless said. */
  readonly host?: string;
  /** TLS when given. */
  readonly tls?: TlsOptions;
  /** What to do when the port is taken: `fail` (unless said), or take another free one and say so. */
  readonly ifTaken?: 'fail' | 'next-free';
  /** Whether frames carry TPDU and header; `tpdu` unless said. */
  readonly envelope?: 'tpdu' | 'none';
  readonly limits?: Partial<ServerLimits>;
  readonly guard: FrameGuard<P, S>;
  readonly onEvent?: (event: ServerEvent) => void;
}

/** Nest transport for ISO 8583 over TCP or TLS; handlers are methods with `@IsoMessagePattern`. */
export class Iso8583Server<P extends Profile = Profile, S = unknown> extends Server implements CustomTransportStrategy {
  override transportId = ISO8583_TRANSPORT;
  readonly #options: Iso8583ServerOptions<P, S>;
  readonly #limits: ServerLimits;
  readonly #connections = new Set<ServerConnection>();
  readonly #perAddress = new Map<string, number>();
  #sockets = 0;
  #lastId = 0;
  #doors: Doors | undefined;

  constructor(options: Iso8583ServerOptions<P, S>) {
    super();
    this.#options = options;
    const limits = { ...DEFAULT_SERVER_LIMITS, ...options.limits };
    // A file handle is left for everything else: a full house must not be one that cannot read its own database.
    this.#limits = { ...limits, maxConnections: Math.min(limits.maxConnections, mostHandles() - SPARE_HANDLES) };
  }

  /** Where it listens; undefined before and after. */
  get address(): { host: string; port: number } | undefined {
    const address = this.#doors?.address;
    return address && { host: address.address, port: address.port };
  }

  /** Connections that are open now. */
  get connectionCount(): number {
    return this.#connections.size;
  }

  /** Starts to listen; called by Nest once all handlers are known. The callback gets the error, or null and the address. */
  override listen(callback: (error: unknown, address?: { host: string; port: number }) => void): void {
    this.#start().then(
      (address) => callback(null, address),
      (error: unknown) => callback(error),
    );
  }

  /** Stops accepting, lets every message in work be answered, then ends the connections; those that stay after `drainMs` are cut. */
  override async close(): Promise<void> {
    if (this.#doors === undefined) return;
    const closed = this.#doors.close();
    const open = [...this.#connections];
    for (const connection of open) connection.stop();
    const cut = setTimeout(() => open.forEach((connection) => connection.destroy('stopping')), this.#limits.drainMs);
    await Promise.all(open.map(({ ended }) => ended));
    clearTimeout(cut);
    await closed;
    this.#doors = undefined;
  }

  /** Part of Nest's contract; this transport has no events of its own, see `onEvent`. */
  override on(): never {
    throw new Error('Iso8583Server emits no events; pass onEvent in its options');
  }

  /** One of the TCP or TLS servers of Node. */
  override unwrap<T>(): T {
    return this.#doors?.first as T;
  }

  async #start(): Promise<{ host: string; port: number }> {
    const service = new Service(this.#options, this.#routes(), this.#tell);
    const { host = '127.0.0.1', port, ifTaken = 'fail' } = this.#options;
    const make = (): TcpServer => this.#door(service);
    this.#doors = await Doors.open({ host, port, elseNextFree: ifTaken === 'next-free', make });
    const { address, port: actual } = this.#doors.address;
    this.#tell({ is: 'listening', host: address, port: actual, wanted: port });
    return { host: address, port: actual };
  }

  #door(service: Service<P, S>): TcpServer {
    const { tls } = this.#options;
    const tcp =
      tls === undefined ? createServer() : createTlsServer({ handshakeTimeout: this.#limits.handshakeMs, ...tls });
    // Node tells of a handshake that took too long and leaves its socket open.
    tcp.on('tlsClientError', (_error: unknown, socket: Socket) => void socket.destroy());
    // Counted at the TCP level, so that unfinished TLS handshakes count too.
    tcp.on('connection', (socket: Socket) => this.#admit(socket));
    tcp.on(tls === undefined ? 'connection' : 'secureConnection', (socket: Socket) => this.#open(socket, service));
    return tcp;
  }

  #routes(): RouteTable<MessageHandler<unknown, BaseRpcContext, unknown>> {
    const routes: Route<MessageHandler<unknown, BaseRpcContext, unknown>>[] = [];
    for (const [text, handler] of this.messageHandlers) {
      const pattern = parsePattern(text);
      if (pattern !== undefined) routes.push({ pattern, handler });
    }
    return new RouteTable(routes);
  }

  #admit(socket: Socket): void {
    const remoteAddress = socket.remoteAddress ?? 'gone';
    const fromAddress = this.#perAddress.get(remoteAddress) ?? 0;
    const full = this.#sockets >= this.#limits.maxConnections;
    if (full || fromAddress >= this.#limits.maxConnectionsPerAddress) {
      socket.destroy();
      this.#tell({ is: 'turned-away', remoteAddress, because: full ? 'full' : 'address-full' });
      return;
    }
    this.#sockets += 1;
    this.#perAddress.set(remoteAddress, fromAddress + 1);
    socket.once('close', () => {
      this.#sockets -= 1;
      const left = (this.#perAddress.get(remoteAddress) ?? 1) - 1;
      if (left === 0) this.#perAddress.delete(remoteAddress);
      else this.#perAddress.set(remoteAddress, left);
    });
  }

  #open(socket: Socket, service: Service<P, S>): void {
    if (socket.destroyed) return;
    const peer: Peer = { id: (this.#lastId += 1), remoteAddress: socket.remoteAddress ?? 'gone' };
    const connection = new ServerConnection(
      socket,
      peer,
      this.#limits,
      (body) => service.serve(peer, body),
      (error) => service.report(peer, 'framing', error),
    );
    this.#connections.add(connection);
    this.#tell({ is: 'opened', peer });
    void connection.ended.then((because) => {
      this.#connections.delete(connection);
      this.#tell({ is: 'closed', peer, because });
    });
  }

  readonly #tell = (event: ServerEvent): void => this.#options.onEvent?.(event);
}

/** Handles that are left for database, channels, files and HTTP. */
const SPARE_HANDLES = 256;

/** Files that this process may have open; no bound where the system does not say. */
function mostHandles(): number {
  try {
    const soft = /^Max open files\s+(\d+)/m.exec(readFileSync('/proc/self/limits', 'utf8'))?.[1];
    return soft === undefined ? Infinity : Math.max(Number(soft), 2 * SPARE_HANDLES);
  } catch {
    return Infinity;
  }
}
