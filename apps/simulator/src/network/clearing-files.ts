import { createHash } from 'node:crypto';
import { dayAfter } from '../clock/business-clock.ts';
import { isYes, type NetworkBook, type Standing, type Taken } from './network-book.ts';

/** How a file of one clearing date is spoilt on purpose; `item` counts the file's lines from 0. */
export type ClearingFault =
  | { readonly is: 'drop'; readonly item: number }
  /** One more line, a sale that no merchant's terminal ever asked for. */
  | { readonly is: 'invent'; readonly merchantId: string; readonly amount: number }
  /** Fen more (negative: less) in the amount. */
  | { readonly is: 'amount'; readonly item: number; readonly by: number }
  /** Fen more (negative: less) in the issuer fee. */
  | { readonly is: 'fee'; readonly item: number; readonly by: number }
  | { readonly is: 'double'; readonly item: number }
  /** A refund that was accepted earlier has failed: the channel gives it back. `key` is the refund's (F7, F11, F32). */
  | { readonly is: 'refund-failed'; readonly key: string }
  /** A line of another date's file stands in this one. */
  | { readonly is: 'moved'; readonly from: string; readonly item: number };

/** One file as the list names it. */
export interface ListedFile {
  readonly clearingDate: string;
  readonly version: number;
  /** SHA-256 of its bytes, hex. */
  readonly hash: string;
}

interface Line {
  readonly kind: string;
  readonly key: string;
  readonly rrn: string;
  readonly terminalId: string;
  readonly merchantId: string;
  readonly maskedCard: string;
  readonly amount: number;
  readonly issuerCost: number;
  readonly networkCost: number;
}

/** How each kind of request stands in a file; null: it moves no money between the network and us. */
const fileKinds: Readonly<Record<Taken['is'], string | null>> = {
  sale: 'sale',
  void: 'void',
  refund: 'refund',
  'offline-sale': 'offline-sale',
  completion: 'completion',
  'completion-void': 'completion-void',
  'pre-auth': null,
  'pre-auth-void': null,
  inquiry: null,
  unsupported: null,
};

const noMask = '000000******0000';
const mostDates = 400;

/**
 * The network's clearing files: one per date that is over, also an empty one. A file follows from the book alone, so it has the
 * same bytes whenever it is asked for; a correction (version 2) takes the place of what was spoilt in version 1.
 */
export class ClearingFiles {
  readonly #channel: string;
  readonly #book: Pick<NetworkBook, 'ofClearingDate' | 'find'>;
  readonly #current: () => string;
  readonly #faults = new Map<string, readonly ClearingFault[][]>();
  readonly #late = new Map<string, number>();
  /** A date that is over does not change, so its file is made once per version for the list. */
  readonly #hashes = new Map<string, string>();

  /** @param current the clearing date that is not over yet */
  constructor(channel: string, book: Pick<NetworkBook, 'ofClearingDate' | 'find'>, current: () => string) {
    this.#channel = channel;
    this.#book = book;
    this.#current = current;
  }

  /** Spoils the versions of a date's file, first to last; the last one is what the network offers. None: the file is right. */
  spoil(date: string, ...versions: readonly (readonly ClearingFault[])[]): void {
    this.#hashes.delete(date);
    this.#faults.set(
      date,
      versions.map((faults) => [...faults]),
    );
  }

  /** The file is not there for so many questions more. */
  delay(date: string, polls: number): void {
    this.#late.set(date, polls);
  }

  /** Files from a date on, oldest first; a question counts against what is late. */
  list(from: string): ListedFile[] {
    const files: ListedFile[] = [];
    for (let date = from; date < this.#current() && files.length < mostDates; date = dayAfter(date)) {
      const late = this.#late.get(date) ?? 0;
      if (late > 0) this.#late.set(date, late - 1);
      else files.push({ clearingDate: date, version: this.#version(date), hash: this.#hashOf(date) });
    }
    return files;
  }

  /** The newest version of a date's file, undefined while there is none. */
  bytesOf(date: string): Buffer | undefined {
    if (date >= this.#current() || (this.#late.get(date) ?? 0) > 0) return undefined;
    const lines = this.#lines(date, this.#faults.get(date)?.at(-1) ?? []);
    const net = lines.reduce((sum, line) => sum + netOf(line), 0);
    const rows = [
      ['H', 'CLEARING', '1', this.#channel, date, String(this.#version(date))],
      ...lines.map(rowOf),
      ['T', String(lines.length), String(net)],
    ];
    return Buffer.from(`${rows.map((row) => row.join('|')).join('\n')}\n`, 'utf8');
  }

  /** Net of the newest version, fen: what the bank would credit for it. */
  netOf(date: string): number {
    return this.#lines(date, this.#faults.get(date)?.at(-1) ?? []).reduce((sum, line) => sum + netOf(line), 0);
  }

  #hashOf(date: string): string {
    const known = this.#hashes.get(date);
    if (known !== undefined) return known;
    const hash = createHash('sha256')
      .update(this.bytesOf(date) ?? '')
      .digest('hex');
    this.#hashes.set(date, hash);
    return hash;
  }

  #version(date: string): number {
    return Math.max(1, this.#faults.get(date)?.length ?? 1);
  }

  #lines(date: string, faults: readonly ClearingFault[]): Line[] {
    let lines = this.#trueLines(date);
    for (const fault of faults) lines = this.#spoilt(lines, fault, date);
    return lines;
  }

  #trueLines(date: string): Line[] {
    return this.#book.ofClearingDate(date).flatMap(({ taken, status }) => {
      const kind = fileKinds[taken.is];
      return kind === null || !isYes(taken.code) || status === 'reversed' ? [] : [this.#line(taken, kind)];
    });
  }

  /** A void has no costs of its own: it takes back those of its sale. */
  #line(taken: Taken, kind: string): Line {
    const sale: Standing | undefined = taken.original === null ? undefined : this.#book.find(taken.original);
    const { issuerCost, networkCost } =
      fileKinds[taken.is]?.endsWith('void') === true && sale !== undefined ? sale.taken : taken;
    const { key, rrn, terminalId, merchantId, amount, maskedCard = noMask } = taken;
    return { kind, key, rrn, terminalId, merchantId, maskedCard, amount, issuerCost, networkCost };
  }

  #spoilt(lines: readonly Line[], fault: ClearingFault, date: string): Line[] {
    switch (fault.is) {
      case 'drop':
        return lines.filter((_, n) => n !== fault.item);
      case 'double':
        return lines.flatMap((line, n) => (n === fault.item ? [line, line] : [line]));
      case 'amount':
        return lines.map((line, n) => (n === fault.item ? { ...line, amount: line.amount + fault.by } : line));
      case 'fee':
        return lines.map((line, n) => (n === fault.item ? { ...line, issuerCost: line.issuerCost + fault.by } : line));
      case 'invent':
        return [...lines, invented(fault.merchantId, fault.amount, date, lines.length)];
      case 'refund-failed': {
        const refund = this.#book.find(fault.key)?.taken;
        return refund === undefined ? [...lines] : [...lines, this.#line(refund, 'refund-failure')];
      }
      case 'moved':
        return [...lines, ...this.#trueLines(fault.from).filter((_, n) => n === fault.item)];
    }
  }
}

function invented(merchantId: string, amount: number, date: string, n: number): Line {
  const key = `${date.slice(5, 7)}${date.slice(8, 10)}030303.9${String(n).padStart(5, '0')}.48020000`;
  const costs = { issuerCost: Math.round(amount * 0.0045), networkCost: Math.round(amount * 0.000325) };
  const rrn = `9${String(n).padStart(11, '0')}`;
  return { kind: 'sale', key, rrn, terminalId: '99999999', merchantId, maskedCard: noMask, amount, ...costs };
}

const credits: ReadonlySet<string> = new Set(['void', 'completion-void', 'refund']);

function netOf({ kind, amount, issuerCost, networkCost }: Line): number {
  return (credits.has(kind) ? -1 : 1) * (amount - issuerCost - networkCost);
}

function rowOf(line: Line): string[] {
  const [transmittedAt = '', stan = '', acquirer = ''] = line.key.split('.');
  const { kind, rrn, terminalId, merchantId, maskedCard, amount, issuerCost, networkCost } = line;
  return [
    ...['D', kind, transmittedAt, stan, acquirer, rrn, terminalId, merchantId, maskedCard],
    ...[amount, issuerCost, networkCost].map(String),
  ];
}
