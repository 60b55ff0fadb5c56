import type { BatchReport } from '../protocol.ts';
import { queueAfter, type QueueEntry, type Waiting } from './queue.ts';

import { isAdvice, sideOf, type ItemKind } from './item-kinds.ts';

export { isAdvice, sideOf, type ItemKind } from './item-kinds.ts';
export { nextBatch, nextStan } from './numbers.ts';

/** Names an earlier transaction, as F61 and F37 do. */
export interface OriginalRef {
  readonly batch: string;
  readonly stan: string;
  /** `YYYY-MM-DD`, the terminal's own date. */
  readonly date: string;
  readonly rrn: string;
  readonly authCode: string;
}

/** A transaction as the terminal sent it. Written down before the first byte goes out (domain 3.1). */
export interface SentTransaction {
  readonly batch: string;
  readonly stan: string;
  readonly kind: ItemKind;
  /** Fen. */
  readonly amount: number;
  /** Card number and expiry, sealed under a key of the terminal's own. */
  readonly card: string;
  /** First six and last four. */
  readonly maskedPan: string;
  /** F22. */
  readonly entry: string;
  readonly date: string;
  /** hhmmss. */
  readonly time: string;
  readonly operator: string;
  readonly original: OriginalRef | null;
  /** 60.6: less than the amount may be approved. */
  readonly partial?: boolean;
}

/** Where a transaction stands by the terminal's own belief. */
export type ItemStatus = 'sent' | 'approved' | 'declined' | 'reversed' | 'forgotten' | 'dropped';

/** A transaction with its outcome. */
export interface Item extends SentTransaction {
  readonly status: ItemStatus;
  /** F39 of the answer, '' before it. */
  readonly code: string;
  readonly rrn: string;
  readonly authCode: string;
  /** F63.1: decides the block of F48 that the item counts in. */
  readonly scheme: string;
  /** F15, MMDD. */
  readonly clearing: string;
  /** F39 of the 0400: 98, A0 or 06. */
  readonly reason: string;
  /** How often its reversal was tried in vain, each time with all its tries. */
  readonly occasions: number;
  /** Also of a hold that was given back. */
  readonly voided: boolean;
  /** A hold whose completion stands. */
  readonly completed: boolean;
  readonly refunded: number;
}

/** What a terminal writes into its journal. */
export type Entry =
  | QueueEntry
  | { readonly t: 'stan'; readonly stan: string }
  | { readonly t: 'keys'; readonly blob: string; readonly batch: string; readonly clockOffsetMs?: number }
  | { readonly t: 'sent'; readonly sent: SentTransaction }
  | {
      readonly t: 'answered';
      readonly key: string;
      readonly code: string;
      readonly rrn: string;
      readonly authCode: string;
      readonly scheme: string;
      readonly clearing: string;
      /** F4 of an approval over a part, fen. */
      readonly part?: number;
    }
  | { readonly t: 'doubt'; readonly key: string; readonly reason: string }
  | { readonly t: 'occasion'; readonly key: string }
  | { readonly t: 'reversed'; readonly key: string; readonly code: string }
  | { readonly t: 'forgot'; readonly key: string }
  /** The pending reversal was given up: the terminal believes that nothing was paid. */
  | { readonly t: 'dropped'; readonly key: string }
  | { readonly t: 'settled'; readonly report: BatchReport; readonly next: string }
  | { readonly t: 'signed-off' };

/** Everything that a terminal believes. */
export interface TerminalState {
  /** Last STAN used. */
  stan: string;
  batch: string;
  /** F62 of the last accepted sign-in (keys under the TMK), hex; null before the first. */
  keyBlob: string | null;
  /** What the terminal adds to its own clock to show the host's, ms. */
  clockOffsetMs: number;
  signedIn: boolean;
  /** By `<batch>.<stan>`, oldest first; the open batch and the last few closed ones. */
  readonly items: Map<string, Item>;
  /** Keys of the sales, voids and refunds that have no outcome yet, oldest first. */
  readonly undecided: Set<string>;
  /** What waits for its turn, by id, in order (domain 3.11). */
  readonly queue: Map<string, Waiting>;
  /** Approved sales, voids and refunds of the open batch. */
  counted: number;
  /** Reversals that were answered since the terminal was unpacked. */
  reversed: number;
  readonly settled: BatchReport[];
}

/** Closed batches whose transactions are kept for refunds. */
const keptBatches = 8;

/** The key of a transaction in the record. */
export const keyOf = (item: { readonly batch: string; readonly stan: string }): string => `${item.batch}.${item.stan}`;

/** A terminal that was just unpacked. */
export function newTerminalState(): TerminalState {
  return {
    stan: '000000',
    batch: '000001',
    keyBlob: null,
    clockOffsetMs: 0,
    signedIn: false,
    items: new Map(),
    undecided: new Set(),
    queue: new Map(),
    counted: 0,
    reversed: 0,
    settled: [],
  };
}

/** A card request without an answer that can be trusted: it must be undone before anything else (domain 3.1). */
export function pendingReversals(state: TerminalState): Item[] {
  return undecidedItems(state).filter(({ kind }) => !isAdvice(kind));
}

/** Advices that were not answered yet: sent again with the same STAN until they are (domain 3.5). */
export function pendingAdvices(state: TerminalState): Item[] {
  return undecidedItems(state).filter(({ kind }) => isAdvice(kind));
}

function undecidedItems(state: TerminalState): Item[] {
  return [...state.undecided].flatMap((key) => state.items.get(key) ?? []);
}

/** Approved transactions of a batch that its totals count: what credits the merchant on one side, voids and refunds on the other. */
export function countedItems(state: TerminalState, batch: string): Item[] {
  return [...state.items.values()].filter(
    (item) => item.batch === batch && item.status === 'approved' && sideOf[item.kind] !== null,
  );
}

/** Takes one journal entry in; replaying a journal from the start gives the same state. */
export function evolve(state: TerminalState, entry: Entry): void {
  switch (entry.t) {
    case 'stan':
      state.stan = entry.stan;
      return;
    case 'keys':
      state.keyBlob = entry.blob;
      state.signedIn = true;
      state.clockOffsetMs = entry.clockOffsetMs ?? state.clockOffsetMs;
      state.batch = entry.batch;
      return;
    case 'sent':
      takeSent(state, entry.sent);
      return;
    case 'answered':
      takeAnswer(state, entry);
      return;
    case 'doubt':
      change(state, entry.key, () => ({ reason: entry.reason }));
      return;
    case 'occasion':
      change(state, entry.key, (item) => ({ occasions: item.occasions + 1 }));
      return;
    case 'reversed':
      change(state, entry.key, () => ({ status: 'reversed', code: entry.code }));
      state.reversed += 1;
      state.undecided.delete(entry.key);
      return;
    case 'forgot':
      change(state, entry.key, () => ({ status: 'forgotten' }));
      state.counted -= 1;
      return;
    case 'dropped':
      change(state, entry.key, () => ({ status: 'dropped' }));
      state.undecided.delete(entry.key);
      return;
    case 'settled':
      takeSettled(state, entry.report, entry.next);
      return;
    case 'signed-off':
      state.signedIn = false;
      return;
    case 'offline':
      takeOffline(state, entry);
      queueAfter(state.queue, entry);
      return;
    case 'queued':
    case 'tried':
      queueAfter(state.queue, entry);
      return;
    case 'delivered':
      takeDelivered(state, entry);
      queueAfter(state.queue, entry);
  }
}

function change(state: TerminalState, key: string, to: (item: Item) => Partial<Item>): void {
  const item = state.items.get(key);
  if (item !== undefined) state.items.set(key, { ...item, ...to(item) });
}

/** An item as it begins. */
const begun = (sent: SentTransaction): Item => ({
  ...sent,
  status: 'sent',
  code: '',
  rrn: '',
  authCode: '',
  scheme: '',
  clearing: '',
  reason: '98',
  occasions: 0,
  voided: false,
  completed: false,
  refunded: 0,
});

/** Y1: approved offline (domain 2.5). */
function takeOffline(state: TerminalState, { sent, scheme, authCode }: Extract<Entry, { t: 'offline' }>): void {
  state.stan = sent.stan;
  state.items.set(keyOf(sent), { ...begun(sent), status: 'approved', code: 'Y1', authCode, scheme });
  if (sent.batch === state.batch) state.counted += 1;
}

/** The goods are gone: whatever the host says to the advice, the item stays; its reference number is kept. */
function takeDelivered(state: TerminalState, { id, rrn }: Extract<Entry, { t: 'delivered' }>): void {
  const waiting = state.queue.get(id);
  if (waiting?.is === 'offline-sale') change(state, waiting.key, () => ({ rrn }));
}

function takeSent(state: TerminalState, sent: SentTransaction): void {
  state.stan = sent.stan;
  // An inquiry moves nothing, so a lost answer leaves nothing to be cured.
  if (sent.kind !== 'inquiry') state.undecided.add(keyOf(sent));
  state.items.set(keyOf(sent), begun(sent));
}

function takeAnswer(state: TerminalState, entry: Extract<Entry, { t: 'answered' }>): void {
  const item = state.items.get(entry.key);
  if (item === undefined) return;
  const { code, rrn, authCode, scheme, clearing } = entry;
  const status = isApproval(item.kind, code) ? 'approved' : 'declined';
  const amount = entry.part ?? item.amount;
  state.items.set(entry.key, { ...item, amount, code, rrn, authCode, scheme, clearing, status });
  state.undecided.delete(entry.key);
  if (status === 'approved' && sideOf[item.kind] !== null && item.batch === state.batch) state.counted += 1;
  if (status !== 'approved' || item.original === null) return;
  const original = keyOf(item.original);
  switch (item.kind) {
    case 'refund':
      return change(state, original, ({ refunded }) => ({ refunded: refunded + item.amount }));
    case 'completion':
    case 'completion-advice':
      return change(state, original, () => ({ completed: true }));
    case 'completion-void': {
      const hold = state.items.get(original)?.original;
      if (hold) change(state, keyOf(hold), () => ({ completed: false }));
      return change(state, original, () => ({ voided: true }));
    }
    default:
      return change(state, original, () => ({ voided: true }));
  }
}

/** 94 to an advice means that the host has it already (domain 3.10). */
function isApproval(kind: ItemKind, code: string): boolean {
  return code === '00' || code === '10' || code === '11' || (isAdvice(kind) && code === '94');
}

function takeSettled(state: TerminalState, report: BatchReport, next: string): void {
  state.settled.push(report);
  state.batch = next;
  state.counted = 0;
  if (state.settled.length > keptBatches * 4) state.settled.splice(0, state.settled.length - keptBatches * 4);
  const kept = new Set([...state.settled.slice(-keptBatches).map(({ batch }) => batch), next]);
  for (const [key, item] of state.items) if (!kept.has(item.batch)) state.items.delete(key);
}
