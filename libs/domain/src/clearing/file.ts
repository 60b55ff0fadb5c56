import { isFen, plus, ZERO, type Fen } from '@tillstream/money';
import { isBusinessDate } from '../calendar/date.ts';
import type { BusinessDate } from '../fact.ts';
import type { ChannelTrace } from '../payment/parts.ts';
import { CLEARING_ITEM_KINDS, itemNet, type ClearingItemKind, type ItemAmounts } from './items.ts';

/** Most bytes that a file may have. */
export const MOST_FILE_BYTES = 64 * 1024 * 1024;
/** Most lines between header and trailer. */
export const MOST_FILE_ITEMS = 500_000;
const MOST_LINE_CHARACTERS = 200;

/** One line of a channel's file. */
export interface ClearingItem {
  readonly kind: ClearingItemKind;
  readonly trace: ChannelTrace;
  readonly rrn: string;
  readonly terminalId: string;
  readonly merchantId: string;
  /** First six and last four digits, stars between them. */
  readonly maskedCard: string;
  readonly amounts: ItemAmounts;
}

/** A channel's file of one clearing date, complete and consistent in itself. */
export interface ClearingFile {
  readonly channel: string;
  readonly clearingDate: BusinessDate;
  readonly version: number;
  readonly items: readonly ClearingItem[];
  /** Σ of the items, fen, as the trailer says it. */
  readonly net: Fen;
}

/** What is wrong with a file; never the value that was found, which could be a card number. */
export interface FileProblem {
  /** From 1. */
  readonly line: number;
  readonly field: string;
  readonly expected: string;
}

/** A file that was not as agreed; nothing of it is taken. */
class Malformed extends Error {
  readonly problem: FileProblem;

  constructor(line: number, field: string, expected: string) {
    super(`line ${line}, ${field}: expected ${expected}`);
    this.problem = { line, field, expected };
  }
}

/**
 * Reads a file: UTF-8 lines that end in LF, fields divided by `|`; a header `H|CLEARING|1|channel|date|version`, one line
 * `D|kind|F7|F11|F32|RRN|terminal|merchant|card|amount|issuer fee|network fee` per transaction, amounts in fen, and a trailer
 * `T|count|net`. Strict: whatever else stands in it, or a trailer that does not fit, makes the whole file a problem.
 */
export function readClearingFile(bytes: Uint8Array): ClearingFile | FileProblem {
  try {
    return read(linesOf(bytes));
  } catch (error) {
    if (error instanceof Malformed) return error.problem;
    throw error;
  }
}

/** Whether reading gave a problem and no file. */
export const isProblem = (read: ClearingFile | FileProblem): read is FileProblem => 'expected' in read;

function linesOf(bytes: Uint8Array): string[] {
  if (bytes.length > MOST_FILE_BYTES) throw new Malformed(1, 'file', `at most ${MOST_FILE_BYTES} bytes`);
  let text: string;
  try {
    text = new TextDecoder('utf-8', { fatal: true }).decode(bytes);
  } catch {
    throw new Malformed(1, 'file', 'UTF-8');
  }
  const lines = text.split('\n');
  if (lines.pop() !== '') throw new Malformed(lines.length + 1, 'line', 'a line feed at its end');
  if (lines.length > MOST_FILE_ITEMS + 2) throw new Malformed(1, 'file', `at most ${MOST_FILE_ITEMS} items`);
  return lines;
}

function read(lines: readonly string[]): ClearingFile {
  const { channel, clearingDate, version } = header(lines[0] ?? '');
  const last = lines.length;
  if (last < 2) throw new Malformed(last + 1, 'trailer', 'T|count|net');
  const items = lines.slice(1, -1).map((line, n) => itemOf(line, n + 2));
  const net = trailer(lines[last - 1] ?? '', last, items);
  return { channel, clearingDate, version, items, net };
}

function header(text: string): Pick<ClearingFile, 'channel' | 'clearingDate' | 'version'> {
  const line = new Line(text, 1, 6);
  line.match(0, 'record', /^H$/, 'H');
  line.match(1, 'format', /^CLEARING$/, 'CLEARING');
  line.match(2, 'format version', /^1$/, '1');
  const channel = line.match(
    3,
    'channel',
    /^[a-z][a-z0-9]{1,19}$/,
    'a channel of 2 to 20 lower-case letters and digits',
  );
  const clearingDate = line.match(4, 'clearing date', /^\d{4}-\d{2}-\d{2}$/, 'a date YYYY-MM-DD');
  if (!isBusinessDate(clearingDate)) throw new Malformed(1, 'clearing date', 'a date of the calendar');
  const version = Number(line.match(5, 'version', /^[1-9]\d{0,3}$/, 'a number from 1 to 9999'));
  return { channel, clearingDate, version };
}

const kinds: ReadonlySet<string> = new Set(CLEARING_ITEM_KINDS);

function itemOf(text: string, number: number): ClearingItem {
  const line = new Line(text, number, 12);
  line.match(0, 'record', /^D$/, 'D');
  const kind = line.match(1, 'kind', /^[a-z-]{1,20}$/, 'a kind of item');
  if (!kinds.has(kind)) throw new Malformed(number, 'kind', `one of ${CLEARING_ITEM_KINDS.join(', ')}`);
  return {
    kind: kind as ClearingItemKind,
    trace: {
      transmittedAt: line.match(2, 'F7', /^\d{10}$/, '10 digits MMDDhhmmss'),
      stan: line.match(3, 'F11', /^\d{6}$/, '6 digits'),
      acquirer: line.match(4, 'F32', /^\d{1,11}$/, '1 to 11 digits'),
    },
    rrn: line.match(5, 'reference number', /^[0-9A-Za-z]{12}$/, '12 letters or digits'),
    terminalId: line.match(6, 'terminal', /^[0-9A-Za-z]{8}$/, '8 letters or digits'),
    merchantId: line.match(7, 'merchant', /^[0-9A-Za-z]{15}$/, '15 letters or digits'),
    maskedCard: line.match(8, 'card', /^\d{6}\*{3,9}\d{4}$/, 'six digits, 3 to 9 stars, four digits'),
    amounts: {
      amount: line.fen(9, 'amount', /^[1-9]\d{0,11}$/, 'fen from 1, at most 12 digits'),
      issuerCost: line.fen(10, 'issuer fee', /^(0|[1-9]\d{0,11})$/, 'fen, at most 12 digits'),
      networkCost: line.fen(11, 'network fee', /^(0|[1-9]\d{0,11})$/, 'fen, at most 12 digits'),
    },
  };
}

function trailer(text: string, number: number, items: readonly ClearingItem[]): Fen {
  const line = new Line(text, number, 3);
  line.match(0, 'record', /^T$/, 'T');
  const count = line.match(1, 'count', /^(0|[1-9]\d{0,6})$/, 'a number of items');
  if (Number(count) !== items.length) throw new Malformed(number, 'count', `${items.length}, the number of items`);
  const net = line.fen(2, 'net', /^(0|-?[1-9]\d{0,15})$/, 'fen, negative when the channel is owed');
  const sum = items.reduce<Fen>((total, { kind, amounts }) => plus(total, itemNet(kind, amounts)), ZERO);
  if (net !== sum) throw new Malformed(number, 'net', `${sum}, the net of the items`);
  return net;
}

class Line {
  readonly #fields: readonly string[];
  readonly #number: number;

  constructor(text: string, number: number, fields: number) {
    if (text.length > MOST_LINE_CHARACTERS) {
      throw new Malformed(number, 'line', `at most ${MOST_LINE_CHARACTERS} characters`);
    }
    this.#fields = text.split('|');
    this.#number = number;
    if (this.#fields.length !== fields) throw new Malformed(number, 'line', `${fields} fields divided by |`);
  }

  match(n: number, field: string, pattern: RegExp, expected: string): string {
    const value = this.#fields[n] ?? '';
    if (!pattern.test(value)) throw new Malformed(this.#number, field, expected);
    return value;
  }

  fen(n: number, field: string, pattern: RegExp, expected: string): Fen {
    const value = Number(this.match(n, field, pattern, expected));
    if (!isFen(value)) throw new Malformed(this.#number, field, expected);
    return value;
  }
}
