import type { SentTransaction } from './record.ts';

/** What waits on the terminal for its turn (domain 3.11): the advice of an offline sale, a chip's script result, a signature. */
export interface Queued {
  /** Unique on the terminal; the order of the queue is that of the entries. */
  readonly id: string;
  readonly is: 'offline-sale' | 'script-result' | 'signature';
  /** Key of the transaction that it is about. */
  readonly key: string;
  /** Of the message itself; a signature goes under its transaction's. */
  readonly stan: string;
  /** F55 of a script result, F62 of a signature, hex; '' for an advice. */
  readonly content: string;
}

/** A queued message and how often it was tried. */
export interface Waiting extends Queued {
  readonly tries: number;
}

/** What the terminal writes down about its queue. */
export type QueueEntry =
  /** Approved by terminal and chip alone: counts at once, the host hears of it later. */
  | { readonly t: 'offline'; readonly sent: SentTransaction; readonly scheme: string; readonly authCode: string }
  | { readonly t: 'queued'; readonly queued: Queued }
  | { readonly t: 'tried'; readonly id: string }
  | { readonly t: 'delivered'; readonly id: string; readonly code: string; readonly rrn: string };

/** After so many tries an advice is kept for the batch upload, and what only reports is given up (domain 3.11). */
export const MOST_TRIES = 3;

/** What is still to be sent, in order. */
export const toDeliver = (queue: ReadonlyMap<string, Waiting>): Waiting[] =>
  [...queue.values()].filter(({ tries }) => tries < MOST_TRIES);

/** The queue after one more entry. */
export function queueAfter(queue: Map<string, Waiting>, entry: QueueEntry): void {
  switch (entry.t) {
    case 'offline': {
      const { batch, stan } = entry.sent;
      const key = `${batch}.${stan}`;
      queue.set(key, { id: key, is: 'offline-sale', key, stan, content: '', tries: 0 });
      return;
    }
    case 'queued':
      queue.set(entry.queued.id, { ...entry.queued, tries: 0 });
      return;
    case 'tried': {
      const waiting = queue.get(entry.id);
      if (waiting !== undefined) queue.set(entry.id, { ...waiting, tries: waiting.tries + 1 });
      return;
    }
    case 'delivered':
      queue.delete(entry.id);
  }
}
