import { createHash, createHmac } from 'node:crypto';
import { createServer, type IncomingMessage, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';

/** What the bank did with one payout. */
export interface Result {
  readonly reference: string;
  readonly outcome: 'paid' | 'rejected' | 'returned';
  readonly bankReference: string;
  readonly reason: string;
  readonly amount: number;
}
interface File {
  readonly digest: string;
  readonly rows: readonly Record<string, string>[];
}

/** What happens to one request: cut off before the bank reads it or after it did it, answered 503, or half an answer. */
export type LineFault = 'cut-before' | 'cut-after' | 'unavailable' | 'half-answer';

/** A bank over real HTTP that does what the script says: fates by account number, credits as given, faults on demand. */
export class ScriptedBank {
  readonly secret = 'the secret of the spec';
  readonly files = new Map<string, File>();
  readonly transfers = new Map<string, { amount: number; puts: number }>();
  readonly credits: { bankReference: string; channel: string; clearingDate: string; amount: number }[] = [];
  /** Requests by method and collection, in order. */
  readonly asked: string[] = [];
  /** So many requests are done and then cut off before their answer, as a lost line does. */
  loseAnswers = 0;
  processing = false;
  /** What happens to a request, named as `GET credits`; `null` lets it through. */
  strike: (asked: string) => LineFault | null = () => null;
  /** What is said of a reference in place of its fate: nothing, once, or several times against itself. */
  readonly says = new Map<string, readonly Partial<Result>[]>();
  /** Results of payouts that nobody ordered. */
  readonly strangers: Result[] = [];
  /** References that are returned from now on. */
  readonly returned = new Set<string>();
  readonly #server: Server;

  constructor() {
    this.#server = createServer((request, response) => {
      void body(request).then((bytes) => {
        const fault = this.strike(`${request.method ?? ''} ${(request.url ?? '').split(/[/?]/)[1] ?? ''}`);
        if (fault === 'cut-before') {
          request.socket.destroy();
          return;
        }
        if (fault === 'unavailable') {
          response.writeHead(503, { 'content-type': 'application/json' }).end('{"error":"closed"}');
          return;
        }
        const [status, answer] = this.#answer(request, bytes);
        if (fault === 'cut-after' || this.loseAnswers > 0) {
          if (fault !== 'cut-after') this.loseAnswers -= 1;
          request.socket.destroy();
          return;
        }
        if (fault === 'half-answer') {
          const bytes = Buffer.from(JSON.stringify(answer));
          response.writeHead(status, { 'content-type': 'application/json', 'content-length': bytes.length });
          response.write(bytes.subarray(0, bytes.length / 2), () => request.socket.destroy());
          return;
        }
        response.writeHead(status, { 'content-type': 'application/json' }).end(JSON.stringify(answer));
      });
    });
  }

  async open(): Promise<void> {
    await new Promise<void>((resolve) => this.#server.listen(0, '127.0.0.1', () => resolve()));
  }

  get url(): string {
    return `http://127.0.0.1:${(this.#server.address() as AddressInfo).port}`;
  }

  async close(): Promise<void> {
    this.#server.closeAllConnections();
    await new Promise<void>((resolve) => this.#server.close(() => resolve()));
  }

  #answer(request: IncomingMessage, bytes: Buffer): [number, object] {
    const { method = '', url: path = '' } = request;
    const timestamp = String(request.headers['x-timestamp']);
    const digest = createHash('sha256').update(bytes).digest('hex');
    const signed = createHmac('sha256', this.secret)
      .update(`${method}\n${path}\n${timestamp}\n${digest}`)
      .digest('hex');
    if (signed !== request.headers['x-signature']) return [401, { error: 'not-signed', detail: '' }];
    const [, collection = '', name = ''] = new URL(path, 'http://bank.invalid').pathname.split('/');
    this.asked.push(`${method} ${collection}`);
    if (collection === 'credits') return [200, { credits: this.credits }];
    if (collection === 'transfers') return this.#transfer(name, bytes);
    return method === 'PUT' ? this.#take(name, bytes, digest) : [200, this.#state(name)];
  }

  #transfer(reference: string, bytes: Buffer): [number, object] {
    const { amount } = JSON.parse(bytes.toString()) as { amount: number };
    const known = this.transfers.get(reference);
    if (known && known.amount !== amount) return [409, { error: 'reference-used', detail: '' }];
    this.transfers.set(reference, { amount, puts: (known?.puts ?? 0) + 1 });
    return [known ? 200 : 201, { reference, status: 'done', bankReference: `T-${reference}`, amount }];
  }

  #take(name: string, bytes: Buffer, digest: string): [number, object] {
    const known = this.files.get(name);
    if (known) return known.digest === digest ? [200, this.#state(name)] : [409, { error: 'name-used', detail: '' }];
    const [header = '', ...lines] = bytes.toString('utf8').trimEnd().split('\n');
    const columns = header.split(',');
    const rows = lines.map((line) => Object.fromEntries(line.split(',').map((value, n) => [columns[n], value])));
    this.files.set(name, { digest, rows });
    return [201, this.#state(name)];
  }

  #state(name: string): object {
    const file = this.files.get(name);
    if (!file) return { name, status: 'unknown', results: [], charge: 0 };
    if (this.processing) return { name, status: 'processing', results: [], charge: 0 };
    const results = file.rows.flatMap((row) => {
      const usual = this.#result(row);
      return this.says.get(usual.reference)?.map((said) => ({ ...usual, ...said })) ?? [usual];
    });
    results.push(...this.strangers);
    return {
      name,
      status: 'done',
      results,
      charge: 50 * results.filter(({ outcome }) => outcome !== 'rejected').length,
    };
  }

  #result(row: Record<string, string>): Result {
    const { reference = '', amount } = row;
    const rejected = row['account number']?.endsWith('99') ?? false;
    const outcome = rejected ? 'rejected' : this.returned.has(reference) ? 'returned' : 'paid';
    const bankReference = rejected ? '' : `P-${reference}`;
    return {
      reference,
      outcome,
      bankReference,
      reason: outcome === 'paid' ? '' : 'no such account',
      amount: Number(amount),
    };
  }
}

async function body(request: IncomingMessage): Promise<Buffer> {
  const chunks: Buffer[] = [];
  for await (const chunk of request) chunks.push(chunk as Buffer);
  return Buffer.concat(chunks);
}
