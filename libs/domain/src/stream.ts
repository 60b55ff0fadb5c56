/** Every noun that has streams (design 5). */
export type Noun =
  | 'session'
  | 'payment'
  | 'batch'
  | 'settlement'
  | 'payout'
  | 'payoutfile'
  | 'clearing'
  | 'book'
  | 'merchant'
  | 'terminal'
  | 'channel'
  | 'operator'
  | 'store';

/** Every service that may append. */
export type Owner = 'terminal-gateway' | 'authorization' | 'ledger' | 'settlement' | 'merchants' | 'event-store';

/** The one service that appends to a noun's streams; the store checks it at every append. */
export const ownerOf: Readonly<Record<Noun, Owner>> = {
  session: 'terminal-gateway',
  payment: 'authorization',
  batch: 'settlement',
  settlement: 'settlement',
  payout: 'settlement',
  payoutfile: 'settlement',
  clearing: 'settlement',
  book: 'ledger',
  merchant: 'merchants',
  terminal: 'merchants',
  channel: 'merchants',
  operator: 'merchants',
  store: 'event-store',
};

/** The key of everything that goes into the house book. */
export const HOUSE = 'house';

/** The noun that a stream's name starts with, or undefined when it names none of ours. */
export function nounOf(stream: string): Noun | undefined {
  const noun = stream.slice(0, Math.max(0, stream.indexOf('-')));
  return noun in ownerOf ? (noun as Noun) : undefined;
}

/** `2026-11-23` → `20261123`, as dates stand in stream names. */
export const compact = (date: string): string => date.replaceAll('-', '');

/** `20261123` → `2026-11-23`. */
export const expand = (date: string): string => `${date.slice(0, 4)}-${date.slice(4, 6)}-${date.slice(6, 8)}`;

/** A terminal's place: the acquirer's institution number and the 8-character terminal id. */
export interface TerminalPlace {
  readonly acquirer: string;
  readonly terminalId: string;
}

/** The names of our streams, spelled once (design 5). */
export const streamOf = {
  session: (t: TerminalPlace): string => `session-${t.acquirer}.${t.terminalId}`,
  payment: (id: string): string => `payment-${id}`,
  batch: (t: TerminalPlace & { readonly batch: string }): string => `batch-${t.acquirer}.${t.terminalId}.${t.batch}`,
  settlement: (merchant: string, date: string): string => `settlement-${merchant}.${compact(date)}`,
  payout: (merchant: string, dueDate: string): string => `payout-${merchant}.${compact(dueDate)}`,
  payoutFile: (dueDate: string, n: number): string => `payoutfile-${compact(dueDate)}.${n}`,
  clearing: (channel: string, date: string): string => `clearing-${channel}.${compact(date)}`,
  /** A merchant's part of a clearing day: its differences and cases, under its own key. */
  clearingOf: (channel: string, date: string, merchant: string): string =>
    `clearing-${channel}.${compact(date)}.${merchant}`,
  book: (merchant: string, date: string): string => `book-${merchant}.${compact(date)}`,
  merchant: (id: string): string => `merchant-${id}`,
  terminal: (t: TerminalPlace): string => `terminal-${t.acquirer}.${t.terminalId}`,
  channel: (id: string): string => `channel-${id}`,
} as const;
