import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { localTime } from '../clock/business-clock.ts';
import { Journal, type Durability } from '../state/journal.ts';
import { BankBook, bankReferenceOf, type BankEntry, type Credit, type RealPayout } from './bank-book.ts';
import { drawFate, drawLineFault, type BankFaults, type BankLineFault } from './bank-faults.ts';
import { parsePayoutFile, PayoutFileRefused } from './payout-csv.ts';
import { isSigned } from './signature.ts';

const maxBodyBytes = 16 * 1024 * 1024;
const namePattern = /^[A-Za-z0-9._-]{1,100}$/;
const datePattern = /^\d{4}-\d{2}-\d{2}$/;

/** What a bank is made of. */
export interface BankSettings {
  readonly host?: string;
  /** 0: any free port. */
  readonly port: number;
  readonly journalPath: string;
  readonly durability?: Durability;
  /** Shared secret of the signatures, at least 16 characters. */
  readonly secret: string;
  /** Business clock: ms since the epoch. */
  readonly now: () => number;
  /** Machine clock, ms since the epoch. */
  readonly machineNow?: () => number;
  /** How long a payout file is processed, ms of the machine clock; 200 unless given. */
  readonly processingMs?: number;
  /** How the bank goes wrong, by seed; not at all unless given. */
  readonly faults?: BankFaults;
}

interface Answer {
  readonly status: number;
  readonly body: object;
}

const problem = (status: number, error: string, detail: string): Answer => ({ status, body: { error, detail } });

/** The acquirer's bank: payout files, credits of the card network, transfers between own accounts, over signed HTTP. */
export class BankHost {
  readonly #settings: BankSettings;
  readonly #journal: Journal<BankEntry>;
  readonly #book = new BankBook();
  readonly #server: Server;
  #requests = 0;
  #calm = false;

  constructor(settings: BankSettings) {
    if (settings.secret.length < 16) throw new Error('the bank secret has fewer than 16 characters');
    this.#settings = settings;
    this.#journal = new Journal<BankEntry>(settings.journalPath, settings.durability);
    for (const entry of this.#journal.replay()) this.#book.apply(entry);
    this.#server = createServer((request, response) => void this.#serve(request, response));
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

  /** Books the card network's net of a clearing date; done twice it is one line. */
  credit(line: Omit<Credit, 'bankReference'>): Credit {
    const known = this.#book.creditOf(line.channel, line.clearingDate);
    if (known !== undefined) return known;
    const credit = { bankReference: bankReferenceOf('C', line.channel, line.clearingDate), ...line };
    this.#store({ t: 'credit', credit });
    return credit;
  }

  /** From now on no request goes wrong and no payout is left out; what was contradicted stays so. */
  calm(): void {
    this.#calm = true;
  }

  /** What the bank really paid up to now, whatever it says; for a model that checks the acquirer's books. */
  paid(): RealPayout[] {
    return this.#book.paid(this.#date());
  }

  async close(): Promise<void> {
    await new Promise<void>((resolve) => {
      this.#server.close(() => resolve());
      this.#server.closeAllConnections();
    });
    this.#journal.close();
  }

  #store(entry: BankEntry): void {
    this.#journal.append(entry);
    this.#book.apply(entry);
  }

  async #serve(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const fault = this.#fault();
    let answer: Answer;
    try {
      if (fault === 'cut-before') {
        request.socket.destroy();
        return;
      }
      const body = await readBody(request);
      if (body === undefined) answer = problem(413, 'too-large', `at most ${maxBodyBytes} bytes`);
      else if (fault === 'unavailable') answer = problem(503, 'closed', 'the bank is closed for a moment');
      else answer = this.#answer(request, body);
    } catch {
      answer = problem(400, 'bad-request', 'the request could not be read');
    }
    if (fault === 'cut-after') request.socket.destroy();
    if (fault === 'delay') await delayed(this.#settings.faults?.delayMs ?? 200);
    if (response.destroyed || request.socket.destroyed) return;
    const bytes = Buffer.from(JSON.stringify(answer.body), 'utf8');
    response.writeHead(answer.status, { 'content-type': 'application/json', 'content-length': bytes.length });
    if (fault === 'half-answer') response.write(bytes.subarray(0, bytes.length / 2), () => request.socket.destroy());
    else response.end(bytes);
  }

  #fault(): BankLineFault | undefined {
    const { faults } = this.#settings;
    this.#requests += 1;
    return faults === undefined || this.#calm ? undefined : drawLineFault(faults, this.#requests);
  }

  #answer(request: IncomingMessage, body: Buffer): Answer {
    const { method = '', url: path = '' } = request;
    const timestamp = String(request.headers['x-timestamp'] ?? '');
    const signature = String(request.headers['x-signature'] ?? '');
    const machineNow = this.#machineNow();
    if (!isSigned(this.#settings.secret, { method, path, timestamp, body }, signature, machineNow)) {
      return problem(401, 'not-signed', 'x-timestamp must be within 5 minutes and x-signature must fit the request');
    }
    const url = new URL(path, 'http://bank.invalid');
    const [, collection, name, ...rest] = url.pathname.split('/');
    if (rest.length > 0) return problem(404, 'not-found', 'no such path');
    const at = `${method} ${collection ?? ''}`;
    if (at === 'GET credits' && name === undefined) return this.#credits(url.searchParams.get('from') ?? '');
    if (name === undefined || !namePattern.test(name)) return problem(404, 'not-found', 'no such path or name');
    if (at === 'PUT payout-files') return this.#takeFile(name, body);
    if (at === 'GET payout-files') return { status: 200, body: this.#fileState(name) };
    if (at === 'PUT transfers') return this.#takeTransfer(name, body);
    return problem(404, 'not-found', 'no such path');
  }

  #takeFile(name: string, body: Buffer): Answer {
    try {
      const when = { date: this.#date(), takenAt: this.#machineNow() };
      const { faults } = this.#settings;
      const drawn = faults && ((reference: string) => drawFate(faults, reference));
      const taken = this.#book.takeFile(name, body, () => parsePayoutFile(body), when, drawn);
      if (taken === 'conflict') return problem(409, 'name-used', 'another file was taken under this name');
      if (taken !== 'same') this.#store(taken);
      return { status: taken === 'same' ? 200 : 201, body: this.#fileState(name) };
    } catch (error) {
      if (error instanceof PayoutFileRefused) return problem(422, 'file-refused', error.message);
      throw error;
    }
  }

  #takeTransfer(reference: string, body: Buffer): Answer {
    const amount = amountOf(body);
    if (amount === undefined) return problem(422, 'bad-amount', 'expected JSON with amount, a positive integer of fen');
    const known = this.#book.hasTransfer(reference);
    const taken = this.#book.takeTransfer(reference, amount, body.toString('utf8'));
    if (taken === 'conflict') return problem(409, 'reference-used', 'another transfer was taken under this reference');
    if (!known) this.#store(taken);
    const { bankReference } = taken;
    return { status: known ? 200 : 201, body: { reference, status: 'done', bankReference, amount } };
  }

  #credits(from: string): Answer {
    if (!datePattern.test(from)) return problem(422, 'bad-date', 'expected from=YYYY-MM-DD');
    return { status: 200, body: { credits: this.#book.creditsBetween(from, this.#date()) } };
  }

  #fileState(name: string): object {
    const { processingMs = 200, faults } = this.#settings;
    const silentMs = this.#calm || faults === undefined ? 0 : (faults.silentMs ?? 2_000);
    return this.#book.fileState(name, { date: this.#date(), machine: this.#machineNow(), processingMs, silentMs });
  }

  #date(): string {
    return localTime(this.#settings.now()).date;
  }

  #machineNow(): number {
    return (this.#settings.machineNow ?? Date.now)();
  }
}

const delayed = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms));

async function readBody(request: IncomingMessage): Promise<Buffer | undefined> {
  const chunks: Buffer[] = [];
  let size = 0;
  for await (const chunk of request) {
    size += (chunk as Buffer).length;
    if (size > maxBodyBytes) return undefined;
    chunks.push(chunk as Buffer);
  }
  return Buffer.concat(chunks);
}

function amountOf(body: Buffer): number | undefined {
  try {
    const { amount } = JSON.parse(body.toString('utf8')) as { amount?: unknown };
    return typeof amount === 'number' && Number.isSafeInteger(amount) && amount > 0 ? amount : undefined;
  } catch {
    return undefined;
  }
}
