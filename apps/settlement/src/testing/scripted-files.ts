import { createHash } from 'node:crypto';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { businessDateAt } from '@tillstream/domain/calendar/business-date';
import { addDays } from '@tillstream/domain/calendar/date';
import { itemNet, type ClearingItemKind, type ItemAmounts } from '@tillstream/domain/clearing/items';
import { operationAfter, type OurOperation } from '@tillstream/domain/clearing/operations';
import type { PaymentFact } from '@tillstream/domain/payment/events';
import type { EventStore } from '@tillstream/event-store';
import { signedHeaders } from '../bank/sign.ts';

/** A line as a spec changes it. */
export interface FileLine {
  readonly kind: ClearingItemKind;
  readonly trace: OurOperation['trace'];
  readonly rrn: string;
  readonly terminalId: string;
  readonly merchantId: string;
  readonly maskedCard: string;
  readonly amounts: ItemAmounts;
}
type Change = (lines: readonly FileLine[]) => readonly FileLine[];

/**
 * The files of an honest channel over real HTTP: what the payments of the store say, unless a spec changes the lines of a date,
 * gives a correction, or puts bytes of its own in their place.
 */
export class ScriptedFiles {
  readonly secret = 'the secret of the files';
  /** Dates whose file is not there yet. */
  readonly missing = new Set<string>();
  /** Bytes in the place of a date's file. */
  readonly bytes = new Map<string, string>();
  readonly #changes = new Map<string, Change[]>();
  readonly #store: EventStore;
  readonly #now: () => number;
  readonly #server: Server;
  asked = 0;

  constructor(store: EventStore, now: () => number) {
    this.#store = store;
    this.#now = now;
    this.#server = createServer((request, response) => {
      this.asked += 1;
      void this.#answer(request.url ?? '', request.headers).then(([status, body]) =>
        response.writeHead(status).end(body),
      );
    });
  }

  async open(): Promise<void> {
    await new Promise<void>((resolve) => this.#server.listen(0, '127.0.0.1', () => resolve()));
  }

  get url(): string {
    return `http://127.0.0.1:${(this.#server.address() as AddressInfo).port}`;
  }

  /** Changes the lines of a date's file; each further change is a further version of it. */
  change(date: string, change: Change): void {
    this.#changes.set(date, [...(this.#changes.get(date) ?? []), change]);
  }

  /** Net of the file as it is offered now, fen. */
  async netOf(date: string): Promise<number> {
    return (await this.#lines(date)).reduce((sum, { kind, amounts }) => sum + itemNet(kind, amounts), 0);
  }

  /** The lines that the payments of the store have on a date. */
  async trueLines(date: string): Promise<FileLine[]> {
    const operations = new Map<string, OurOperation>();
    for (const stored of await this.#store.readAll(0n, { nouns: ['payment'], limit: 100_000 })) {
      const fact = stored as unknown as PaymentFact;
      if (!('operation' in fact.data)) continue;
      const { operationId } = fact.data.operation;
      const after = operationAfter(operations.get(operationId), fact, stored.stream.slice(8), stored.at);
      if (after !== undefined) operations.set(operationId, after);
    }
    return [...operations.values()].flatMap(({ posted, ...one }) =>
      posted?.clearingDate === date ? [{ ...one, amounts: posted.amounts }] : [],
    );
  }

  async close(): Promise<void> {
    this.#server.closeAllConnections();
    await new Promise<void>((resolve) => this.#server.close(() => resolve()));
  }

  async #answer(path: string, headers: Readonly<Record<string, unknown>>): Promise<[number, string]> {
    const now = Number(headers['x-timestamp']);
    const expected = signedHeaders(this.secret, { method: 'GET', path, now, body: new Uint8Array() });
    if (headers['x-signature'] !== expected['x-signature']) return [401, '{"error":"not-signed"}'];
    const url = new URL(path, 'http://files.invalid');
    const [, , date] = url.pathname.split('/');
    if (date !== undefined) return [200, await this.#text(date)];
    const files = [];
    const current = businessDateAt(this.#now());
    for (let at = url.searchParams.get('from') ?? ''; at < current; at = addDays(at, 1)) {
      if (this.missing.has(at)) continue;
      const hash = createHash('sha256')
        .update(await this.#text(at))
        .digest('hex');
      files.push({ clearingDate: at, version: this.#version(at), hash });
    }
    return [200, JSON.stringify({ files })];
  }

  #version(date: string): number {
    return Math.max(1, this.#changes.get(date)?.length ?? 1);
  }

  async #lines(date: string): Promise<readonly FileLine[]> {
    const change = this.#changes.get(date)?.at(-1);
    const lines = await this.trueLines(date);
    return change === undefined ? lines : change(lines);
  }

  async #text(date: string): Promise<string> {
    const put = this.bytes.get(date);
    if (put !== undefined) return put;
    const lines = await this.#lines(date);
    const rows = lines.map(({ kind, trace, rrn, terminalId, merchantId, maskedCard, amounts }) => [
      ...['D', kind, trace.transmittedAt, trace.stan, trace.acquirer, rrn, terminalId, merchantId, maskedCard],
      ...[amounts.amount, amounts.issuerCost, amounts.networkCost],
    ]);
    const net = lines.reduce((sum, { kind, amounts }) => sum + itemNet(kind, amounts), 0);
    const all = [['H', 'CLEARING', '1', 'unionpay', date, this.#version(date)], ...rows, ['T', lines.length, net]];
    return `${all.map((row) => row.join('|')).join('\n')}\n`;
  }
}
