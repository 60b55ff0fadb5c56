import { createHash } from 'node:crypto';
import type { PayoutFate } from './bank-faults.ts';
import type { PayoutRow } from './payout-csv.ts';

/** What the bank did with one payout. */
export interface PayoutResult {
  readonly reference: string;
  readonly outcome: 'paid' | 'rejected' | 'returned';
  readonly bankReference: string;
  readonly reason: string;
  readonly amount: number;
}

/** One line of the acquirer's reserve account; a negative amount is a debit. */
export interface Credit {
  readonly bankReference: string;
  readonly channel: string;
  readonly clearingDate: string;
  /** Fen. */
  readonly amount: number;
  /** `YYYY-MM-DD`: the day on which the line is booked. */
  readonly valueDate: string;
}

interface PayoutOrder {
  readonly reference: string;
  readonly amount: number;
  readonly fate: PayoutFate;
}

/** What the bank writes into its journal; account numbers stay out of it. */
export type BankEntry =
  | {
      readonly t: 'file';
      readonly name: string;
      readonly digest: string;
      /** The bank's business date on which it was taken. */
      readonly date: string;
      /** Machine clock, ms. */
      readonly takenAt: number;
      readonly orders: readonly PayoutOrder[];
    }
  | { readonly t: 'credit'; readonly credit: Credit }
  | {
      readonly t: 'transfer';
      readonly reference: string;
      readonly digest: string;
      readonly bankReference: string;
      readonly amount: number;
    };

/** A file with the bank's results so far. */
export interface PayoutFileState {
  readonly name: string;
  readonly status: 'unknown' | 'processing' | 'done';
  readonly results: readonly PayoutResult[];
  /** Fen, taken from the acquirer's own account. */
  readonly charge: number;
}

/** The bank's fee for each payout that it made, fen. */
export const chargePerPayout = 50;

const digestOf = (content: Buffer | string): string => createHash('sha256').update(content).digest('hex');

/** Fate by account number: …99 does not exist, …98 is closed and the money comes back, all others are paid. */
function fateOf(accountNumber: string): PayoutFate | undefined {
  if (accountNumber.endsWith('99')) return 'reject';
  return accountNumber.endsWith('98') ? 'return' : undefined;
}

/** What the bank really did with a payout, whatever it says of it. */
export interface RealPayout {
  readonly reference: string;
  readonly amount: number;
  /** How often the money went to the account. */
  readonly times: 0 | 1 | 2;
  /** It came back once. */
  readonly returned: boolean;
}

/** What the bank remembers; replaying its journal gives the same book. */
export class BankBook {
  readonly #files = new Map<string, Extract<BankEntry, { t: 'file' }>>();
  readonly #transfers = new Map<string, Extract<BankEntry, { t: 'transfer' }>>();
  readonly #credits = new Map<string, Credit>();

  apply(entry: BankEntry): void {
    switch (entry.t) {
      case 'file':
        this.#files.set(entry.name, entry);
        return;
      case 'credit':
        this.#credits.set(`${entry.credit.channel}.${entry.credit.clearingDate}`, entry.credit);
        return;
      case 'transfer':
        this.#transfers.set(entry.reference, entry);
    }
  }

  /** What taking a file in means: a new entry, the same file again, or another file under a used name. */
  takeFile(
    name: string,
    bytes: Buffer,
    rows: () => readonly PayoutRow[],
    when: { readonly date: string; readonly takenAt: number },
    drawn: (reference: string) => PayoutFate = () => 'pay',
  ): BankEntry | 'same' | 'conflict' {
    const known = this.#files.get(name);
    const digest = digestOf(bytes);
    if (known !== undefined) return known.digest === digest ? 'same' : 'conflict';
    const orders = rows().map(({ reference, amount, accountNumber }) => ({
      reference,
      amount,
      fate: fateOf(accountNumber) ?? drawn(reference),
    }));
    return { t: 'file', name, digest, ...when, orders };
  }

  /** Results of a file: `processing` for a while after it was taken; returns show from the bank's next business date on. */
  fileState(
    name: string,
    now: { readonly date: string; readonly machine: number; readonly processingMs: number; readonly silentMs?: number },
  ): PayoutFileState {
    const file = this.#files.get(name);
    if (file === undefined) return { name, status: 'unknown', results: [], charge: 0 };
    if (now.machine - file.takenAt < now.processingMs) return { name, status: 'processing', results: [], charge: 0 };
    const silent = now.machine - file.takenAt < now.processingMs + (now.silentMs ?? 0);
    const results = file.orders.flatMap((order) => resultsOf(file.name, order, now.date > file.date, silent));
    const made = file.orders.filter(({ fate }) => fate !== 'reject' && fate !== 'late').length;
    return { name, status: 'done', results, charge: made * chargePerPayout };
  }

  /** What was really paid by a business date. */
  paid(date: string): RealPayout[] {
    return [...this.#files.values()].flatMap((file) => {
      const nextDay = date > file.date;
      return file.orders.map(({ reference, amount, fate }): RealPayout => {
        const late = nextDay ? 1 : 0;
        const times = { pay: 1, silent: 1, return: 1, reject: 0, late, twice: 1 + late } as const;
        return { reference, amount, times: times[fate] as RealPayout['times'], returned: fate === 'return' && nextDay };
      });
    });
  }

  /** Takes a transfer between the acquirer's own accounts. */
  takeTransfer(reference: string, amount: number, content: string): Extract<BankEntry, { t: 'transfer' }> | 'conflict' {
    const digest = digestOf(content);
    const known = this.#transfers.get(reference);
    if (known !== undefined) return known.digest === digest ? known : 'conflict';
    return { t: 'transfer', reference, digest, bankReference: bankReferenceOf('T', reference), amount };
  }

  hasTransfer(reference: string): boolean {
    return this.#transfers.has(reference);
  }

  /** The line of a channel's clearing date; the same for ever once it was made. */
  creditOf(channel: string, clearingDate: string): Credit | undefined {
    return this.#credits.get(`${channel}.${clearingDate}`);
  }

  /** Lines booked from a date up to the bank's own. */
  creditsBetween(from: string, to: string): Credit[] {
    return [...this.#credits.values()]
      .filter(({ valueDate }) => valueDate >= from && valueDate <= to)
      .sort((a, b) => (a.clearingDate < b.clearingDate ? -1 : 1));
  }
}

/** A reference of the bank's own, the same whenever it is asked for. */
export function bankReferenceOf(kind: 'P' | 'T' | 'C', ...of: readonly string[]): string {
  return `B${kind}${digestOf(of.join('\u0000')).slice(0, 14).toUpperCase()}`;
}

function resultsOf(
  file: string,
  { reference, amount, fate }: PayoutOrder,
  nextDay: boolean,
  silent: boolean,
): PayoutResult[] {
  const rejected = { reference, outcome: 'rejected', bankReference: '', reason: 'no such account', amount } as const;
  const bankReference = bankReferenceOf('P', file, reference);
  const paid = { reference, outcome: 'paid', bankReference, reason: '', amount } as const;
  switch (fate) {
    case 'pay':
      return [paid];
    case 'reject':
      return [rejected];
    case 'return':
      return nextDay ? [{ ...paid, outcome: 'returned', reason: 'account closed' }] : [paid];
    case 'late':
      return nextDay ? [rejected, paid] : [rejected];
    case 'twice':
      return nextDay ? [paid, { ...paid, bankReference: bankReferenceOf('P', file, reference, 'again') }] : [paid];
    case 'silent':
      return silent ? [] : [paid];
  }
}
