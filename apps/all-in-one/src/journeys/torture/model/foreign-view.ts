import type { RealPayout } from '@tillstream/simulator';
import { closeSync, fstatSync, openSync, readSync } from 'node:fs';

/*
 * The foreign parties' own records, read from their files: what the card network has approved, undone and closed, and what the bank has
 * paid. The model believes these and the terminals, and nothing else.
 */

/** An operation as the card network knows it. */
export interface NetworkOperation {
  readonly key: string;
  readonly is: string;
  readonly amount: number;
  readonly rrn: string;
  readonly merchantId: string;
  readonly terminalId: string;
  readonly clearing: string;
  readonly code: string;
  readonly cardClass: string;
  readonly issuerCost: number;
  readonly networkCost: number;
  /** Key of the sale that it is for. */
  readonly original: string | null;
  reversed: boolean;
}

type NetworkLine =
  | { readonly t: 'taken'; readonly taken: Omit<NetworkOperation, 'reversed'> }
  | { readonly t: 'reversed'; readonly key: string }
  | { readonly t: 'tombstone'; readonly key: string }
  | { readonly t: 'closed'; readonly date: string; readonly amount: number };

interface BankOrder {
  readonly reference: string;
  readonly amount: number;
  readonly fate: string;
}
type BankLine =
  | { readonly t: 'file'; readonly name: string; readonly orders: readonly BankOrder[] }
  | { readonly t: 'credit'; readonly credit: { readonly clearingDate: string; readonly amount: number } }
  | { readonly t: 'transfer' };

/** The card network's book. */
export class NetworkView {
  readonly operations = new Map<string, NetworkOperation>();
  readonly tombstones = new Set<string>();
  /** Clearing date → net, fen. */
  readonly closed = new Map<string, number>();
  readonly #file: Lines<NetworkLine>;

  constructor(path: string) {
    this.#file = new Lines(path);
  }

  read(): void {
    for (const line of this.#file.more()) {
      if (line.t === 'taken') this.operations.set(line.taken.key, { ...line.taken, reversed: false });
      else if (line.t === 'tombstone') this.tombstones.add(line.key);
      else if (line.t === 'closed') this.closed.set(line.date, line.amount);
      else {
        const operation = this.operations.get(line.key);
        if (operation !== undefined) operation.reversed = true;
      }
    }
  }

  /** Approved, and not undone. */
  stands = ({ code, reversed }: NetworkOperation): boolean => code === '00' && !reversed;
}

/** The bank's book. */
export class BankView {
  /** Orders as often as the bank took them in a file. */
  readonly orders: BankOrder[] = [];
  /** Clearing date → fen. */
  readonly credits = new Map<string, number>();
  /** What it really paid, whatever it says. */
  paid: readonly RealPayout[] = [];
  readonly #file: Lines<BankLine>;
  readonly #paid: () => readonly RealPayout[];

  /** @param paid asks the bank what it really paid up to now */
  constructor(path: string, paid: () => readonly RealPayout[]) {
    this.#file = new Lines(path);
    this.#paid = paid;
  }

  read(): void {
    this.paid = this.#paid();
    for (const line of this.#file.more()) {
      if (line.t === 'file') this.orders.push(...line.orders);
      if (line.t === 'credit') this.credits.set(line.credit.clearingDate, line.credit.amount);
    }
  }
}

/** The lines of a growing NDJSON file, each once. */
class Lines<L> {
  readonly #path: string;
  #read = 0;

  constructor(path: string) {
    this.#path = path;
  }

  more(): L[] {
    const file = openSync(this.#path, 'r');
    try {
      const bytes = Buffer.alloc(fstatSync(file).size - this.#read);
      readSync(file, bytes, 0, bytes.length, this.#read);
      const end = bytes.lastIndexOf(0x0a) + 1;
      this.#read += end;
      return bytes
        .subarray(0, end)
        .toString('utf8')
        .split('\n')
        .filter((line) => line !== '')
        .map((line) => JSON.parse(line) as L);
    } finally {
      closeSync(file);
    }
  }
}
