import { isBusinessDate } from '@tillstream/domain/calendar/date';
import { isFen, type Fen } from '@tillstream/money';
import type { MachineClock } from '@tillstream/service-kit';
import type { SettlementSettings } from '../options.ts';
import { signedHeaders, wholeBody } from './sign.ts';

/** A line of our reserve account: what a channel paid for a clearing date; negative when we paid, fen. */
export interface BankCredit {
  readonly bankReference: string;
  readonly channel: string;
  readonly clearingDate: string;
  readonly amount: Fen;
}
/** What became of one payout. */
export interface BankResult {
  readonly reference: string;
  readonly outcome: 'paid' | 'rejected' | 'returned';
  readonly bankReference: string;
  readonly reason: string;
  readonly amount: Fen;
}
/** A payout file as the bank sees it; results are definite only when it is `done`. */
export interface BankFile {
  readonly status: 'unknown' | 'processing' | 'done';
  readonly results: readonly BankResult[];
  /** The bank's fee, fen. */
  readonly charge: Fen;
}

/** The bank did not answer, or not in a way that can be trusted: ask again later, with the same names and references. */
export class BankUnavailable extends Error {
  override readonly name = 'BankUnavailable';
}

const mostBytes = 16 * 1024 * 1024;

interface Answer {
  readonly status: number;
  readonly body: unknown;
}

/**
 * Our bank over signed HTTP. Every order has a name of ours, so sending it again is the same order: nothing is ever ordered
 * twice because an answer was lost.
 */
export class BankClient {
  readonly #settings: SettlementSettings['bank'];
  readonly #machine: MachineClock;

  constructor(settings: SettlementSettings['bank'], machine: MachineClock) {
    this.#settings = settings;
    this.#machine = machine;
  }

  /** Hands in a payout file: taken (also when it was before), or refused with the bank's word for it. @throws BankUnavailable */
  async handIn(name: string, csv: Uint8Array<ArrayBuffer>): Promise<'taken' | { readonly refused: string }> {
    const { status, body } = await this.#ask('PUT', `/payout-files/${name}`, csv, 'text/csv; charset=utf-8');
    return status === 200 || status === 201 ? 'taken' : { refused: errorOf(body) };
  }

  /** How far the bank is with a file. @throws BankUnavailable */
  async file(name: string): Promise<BankFile> {
    const { body } = this.#good(await this.#ask('GET', `/payout-files/${name}`));
    const { status, results, charge } = objectOf(body);
    if (status !== 'unknown' && status !== 'processing' && status !== 'done') throw unreadable('status');
    if (!Array.isArray(results)) throw unreadable('results');
    return { status, results: results.map(resultOf), charge: fenOf(charge, 'charge') };
  }

  /** Lines of the reserve account booked from a date on. @throws BankUnavailable */
  async credits(from: string): Promise<BankCredit[]> {
    const { body } = this.#good(await this.#ask('GET', `/credits?from=${from}`));
    const { credits } = objectOf(body);
    if (!Array.isArray(credits)) throw unreadable('credits');
    return credits.map(creditOf);
  }

  /** Moves own money out of the reserve, once per reference; gives the bank's reference. @throws BankUnavailable */
  async transfer(
    reference: string,
    amount: Fen,
  ): Promise<{ readonly bankReference: string } | { readonly refused: string }> {
    const order = Buffer.from(JSON.stringify({ amount, from: 'reserve', to: 'own' }));
    const { status, body } = await this.#ask('PUT', `/transfers/${reference}`, order, 'application/json');
    if (status !== 200 && status !== 201) return { refused: errorOf(body) };
    const fields = objectOf(body);
    if (fields['status'] !== 'done' || fields['amount'] !== amount) throw unreadable('status');
    return { bankReference: textOf(fields['bankReference'], 'bankReference') };
  }

  #good(answer: Answer): Answer {
    if (answer.status !== 200) throw new BankUnavailable(`the bank answered ${answer.status}: ${errorOf(answer.body)}`);
    return answer;
  }

  async #ask(
    method: string,
    path: string,
    body: Uint8Array<ArrayBuffer> = new Uint8Array(),
    type?: string,
  ): Promise<Answer> {
    const { url, secret, timeoutMs } = this.#settings;
    const signed = signedHeaders(secret, { method, path, now: this.#machine.now(), body });
    const headers = { ...signed, ...(type ? { 'content-type': type } : {}) };
    try {
      const signal = AbortSignal.timeout(timeoutMs);
      const response = await fetch(new URL(path, url), {
        method,
        headers,
        signal,
        redirect: 'error',
        ...(method === 'GET' ? {} : { body }),
      });
      const { status } = response;
      const answer = await bodyOf(response);
      if (status >= 500 || status === 401 || status === 429) {
        throw new BankUnavailable(`the bank answered ${status}: ${errorOf(answer)}`);
      }
      return { status, body: answer };
    } catch (error) {
      if (error instanceof BankUnavailable) throw error;
      throw new BankUnavailable('the bank could not be reached or did not answer in time', { cause: error });
    }
  }
}

async function bodyOf(response: Response): Promise<unknown> {
  const bytes = await wholeBody(response, mostBytes);
  if (bytes === undefined) throw new BankUnavailable(`the bank answered with more than ${mostBytes} bytes`);
  try {
    return JSON.parse(bytes.toString('utf8')) as unknown;
  } catch {
    throw unreadable('JSON');
  }
}

/** The bank's word for a problem; its detail may repeat what we sent and goes nowhere. */
function errorOf(body: unknown): string {
  const error = typeof body === 'object' && body !== null ? (body as { error?: unknown }).error : undefined;
  return typeof error === 'string' && /^[a-z0-9-]{1,60}$/.test(error) ? error : 'no reason given';
}

const unreadable = (path: string): BankUnavailable =>
  new BankUnavailable(`the bank's answer cannot be read: ${path} is not as agreed`);

function objectOf(value: unknown): Record<string, unknown> {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) throw unreadable('an object');
  return value as Record<string, unknown>;
}

function textOf(value: unknown, path: string): string {
  if (typeof value !== 'string' || value.length > 200) throw unreadable(path);
  return value;
}

function fenOf(value: unknown, path: string): Fen {
  if (!isFen(value)) throw unreadable(path);
  return value;
}

function resultOf(value: unknown): BankResult {
  const fields = objectOf(value);
  const { outcome } = fields;
  if (outcome !== 'paid' && outcome !== 'rejected' && outcome !== 'returned') throw unreadable('outcome');
  return {
    reference: textOf(fields['reference'], 'reference'),
    outcome,
    bankReference: textOf(fields['bankReference'], 'bankReference'),
    reason: textOf(fields['reason'], 'reason'),
    amount: fenOf(fields['amount'], 'amount'),
  };
}

function creditOf(value: unknown): BankCredit {
  const fields = objectOf(value);
  const clearingDate = textOf(fields['clearingDate'], 'clearingDate');
  if (!isBusinessDate(clearingDate)) throw unreadable('clearingDate');
  return {
    bankReference: textOf(fields['bankReference'], 'bankReference'),
    channel: textOf(fields['channel'], 'channel'),
    clearingDate,
    amount: fenOf(fields['amount'], 'amount'),
  };
}
