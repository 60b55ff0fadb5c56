import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { isSigned } from '../bank/signature.ts';
import type { ClearingFiles } from './clearing-files.ts';

const datePattern = /^\d{4}-\d{2}-\d{2}$/;

/** What the file host is made of. */
export interface FileHostSettings {
  readonly host?: string;
  /** 0: any free port. */
  readonly port: number;
  /** Shared with the acquirer; at least 16 characters. */
  readonly secret: string;
  readonly files: ClearingFiles;
  /** Machine clock, ms since the epoch; the system's unless given. */
  readonly machineNow?: () => number;
}

/**
 * The network's clearing files over HTTP, requests signed as the bank's are: `GET /clearing-files?from=<date>` names the files,
 * `GET /clearing-files/<date>` gives the newest one as text.
 */
export class FileHost {
  readonly #settings: FileHostSettings;
  readonly #server: Server;

  constructor(settings: FileHostSettings) {
    if (settings.secret.length < 16) throw new Error('the secret of the clearing files has fewer than 16 characters');
    this.#settings = settings;
    this.#server = createServer((request, response) => this.#serve(request, response));
    this.#server.requestTimeout = 30_000;
  }

  /** Starts to listen; gives the port. */
  listen(): Promise<number> {
    const { host = '127.0.0.1', port } = this.#settings;
    return new Promise((resolve, reject) => {
      this.#server.once('error', reject);
      this.#server.listen({ host, port }, () => resolve((this.#server.address() as AddressInfo).port));
    });
  }

  async close(): Promise<void> {
    await new Promise<void>((resolve) => {
      this.#server.close(() => resolve());
      this.#server.closeAllConnections();
    });
  }

  #serve(request: IncomingMessage, response: ServerResponse): void {
    request.resume();
    const { status, type, body } = this.#answer(request);
    response.writeHead(status, { 'content-type': type, 'content-length': body.length });
    response.end(body);
  }

  #answer(request: IncomingMessage): { readonly status: number; readonly type: string; readonly body: Buffer } {
    const { method = '', url: path = '' } = request;
    const timestamp = String(request.headers['x-timestamp'] ?? '');
    const signature = String(request.headers['x-signature'] ?? '');
    const now = (this.#settings.machineNow ?? Date.now)();
    const signed = { method, path, timestamp, body: Buffer.alloc(0) };
    if (!isSigned(this.#settings.secret, signed, signature, now)) return problem(401, 'not-signed');
    const url = new URL(path, 'http://network.invalid');
    const [, collection, date, ...rest] = url.pathname.split('/');
    if (method !== 'GET' || collection !== 'clearing-files' || rest.length > 0) return problem(404, 'not-found');
    const { files } = this.#settings;
    if (date === undefined) {
      const from = url.searchParams.get('from') ?? '';
      if (!datePattern.test(from)) return problem(422, 'bad-date');
      return json(200, { files: files.list(from) });
    }
    const body = datePattern.test(date) ? files.bytesOf(date) : undefined;
    return body === undefined ? problem(404, 'no-such-file') : { status: 200, type: 'text/plain; charset=utf-8', body };
  }
}

const json = (status: number, body: object) => ({
  status,
  type: 'application/json',
  body: Buffer.from(JSON.stringify(body), 'utf8'),
});

const problem = (status: number, error: string) => json(status, { error });
