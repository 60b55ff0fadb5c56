import { daysBetween } from '@tillstream/domain/calendar/date';
import type { Operation, Read } from './store-view.ts';

/** How a pre-authorisation stands by the facts (domain 3.14); `closed`: its completion goes back to the payer. */
export type HoldState = 'asked' | 'held' | 'completed' | 'voided' | 'expired' | 'undone' | 'closed';

/** Whether a hold may be completed: it is open, has lapsed, or was ended, undone or never there. */
export type Completable = 'open' | 'lapsed' | 'over';

/** A pre-authorisation. */
export interface Hold {
  readonly operation: Operation;
  state: HoldState;
  /** Fen. */
  amount: number;
  clearingDate: string;
  /** Completion or void that ended it. */
  endedBy: string;
  /** The completion that its last void has cancelled. */
  cancelled: string;
  /** Of the operations on it, the one that has no outcome. */
  open: string | null;
}

const completions: ReadonlySet<string> = new Set(['completion', 'completion-advice']);
/** Kinds that wait for each other on a hold. */
const onHold: ReadonlySet<string> = new Set([...completions, 'completion-void', 'pre-auth-void']);
/** Calendar days for which a hold lasts (domain 3.6). */
const LASTS = 30;

/** The life of every hold, step by step, and the steps that must not be (domain 3.6, 3.14). */
export class HoldView {
  readonly byPayment = new Map<string, Hold>();
  /** Steps that the domain does not allow, in words. */
  readonly wrong: string[] = [];

  /** What the issuer holds by the facts. */
  get held(): Hold[] {
    return [...this.byPayment.values()].filter(({ state }) => state === 'held');
  }

  /** How a completion of the hold of this key (`<terminal>.<batch>.<stan>`) finds it. */
  standingOf(key: string): Completable {
    const hold = [...this.byPayment.values()].find(({ operation }) => operation.key === key);
    if (hold === undefined || hold.open !== null) return 'over';
    if (hold.state === 'expired') return 'lapsed';
    return hold.state === 'held' ? 'open' : 'over';
  }

  /** Takes a fact about an operation of a payment. */
  take(fact: Read, operation: Operation): void {
    const { type, data } = fact;
    if (operation.kind === 'pre-auth' && type === 'ChannelRequested') this.#begin(operation);
    const hold = this.byPayment.get(operation.paymentId);
    if (hold === undefined) return;
    if (operation.kind === 'pre-auth') return this.#ofHold(hold, fact);
    if (!onHold.has(operation.kind) && type !== 'ReturnRequested') return;
    this.#openings(hold, operation, type);
    if (completions.has(operation.kind)) this.#completion(hold, operation, fact);
    else this.#void(hold, operation, type, data);
    if (type === 'ReturnRequested') {
      hold.open = null;
      this.#step(hold, operation, [hold.state], 'closed');
    }
  }

  #begin(operation: Operation): void {
    const unknown = { amount: 0, clearingDate: '', endedBy: '', cancelled: '', open: null };
    this.byPayment.set(operation.paymentId, { operation, state: 'asked', ...unknown });
  }

  #ofHold(hold: Hold, { type, data }: Read): void {
    if (type === 'PreAuthApproved') {
      hold.amount = Number(data['amount']);
      hold.clearingDate = String(data['clearingDate']);
      this.#step(hold, hold.operation, ['asked'], 'held');
    } else if (type === 'PaymentReversed') this.#step(hold, hold.operation, ['asked', 'held'], 'undone');
    else if (type === 'PreAuthExpired') {
      this.#step(hold, hold.operation, ['held'], 'expired');
      const on = String(data['on']);
      if (daysBetween(hold.clearingDate, on) <= LASTS)
        this.wrong.push(`${hold.operation.key} lapses on ${on}, held since ${hold.clearingDate}`);
      if (hold.open !== null) this.wrong.push(`${hold.operation.key} lapses while ${hold.open} is open`);
    }
  }

  /** One thing at a time on a hold: what has no outcome keeps all others off (domain 3.3). */
  #openings(hold: Hold, { id, key, kind }: Operation, type: string): void {
    if (type === 'ChannelRequested' || type === 'AdviceRequested') {
      if (hold.open !== null) this.wrong.push(`${kind} ${key} is taken while ${hold.open} is open on its hold`);
      hold.open = id;
    } else if (type === 'ReversalRequested') hold.open = id;
    else if (ends.has(type) && hold.open === id) hold.open = null;
  }

  #completion(hold: Hold, operation: Operation, { type, data }: Read): void {
    if (type === 'ChannelRequested' || type === 'AdviceRequested') {
      this.#step(hold, operation, ['held'], hold.state);
      this.#within(hold, operation, data);
    } else if (type === 'PaymentApproved') {
      this.#step(hold, operation, ['held'], 'completed');
      this.#within(hold, operation, data);
    } else if (type === 'PaymentReversed' && hold.state === 'completed' && hold.endedBy === operation.id)
      this.#step(hold, operation, ['completed'], 'held');
  }

  #within(hold: Hold, { kind, key }: Operation, data: Read['data']): void {
    const amount = Number(data['amount']);
    const on = String(data['tradeDate']);
    if (amount * 100 > hold.amount * 115)
      this.wrong.push(`${kind} ${key} takes ${amount} fen of a hold of ${hold.amount}`);
    if (daysBetween(hold.clearingDate, on) > LASTS)
      this.wrong.push(`${kind} ${key} on ${on} completes what was held on ${hold.clearingDate}`);
  }

  #void(hold: Hold, operation: Operation, type: string, data: Read['data']): void {
    if (operation.kind === 'pre-auth-void') {
      if (type === 'ChannelRequested') this.#step(hold, operation, ['held'], 'held');
      if (type === 'PreAuthVoided') this.#step(hold, operation, ['held'], 'voided');
      if (type === 'VoidReversed' && hold.endedBy === operation.id) this.#step(hold, operation, ['voided'], 'held');
      return;
    }
    const moves = type === 'PaymentVoided' || (type === 'VoidConfirmed' && data['undone'] !== null);
    if (moves) {
      hold.cancelled = hold.endedBy;
      this.#step(hold, operation, ['completed'], 'held');
    }
    if (type === 'VoidReversed' && data['restored'] !== null) {
      this.#step(hold, operation, ['held'], 'completed');
      hold.endedBy = hold.cancelled;
    }
  }

  #step(hold: Hold, { id, kind, key }: Operation, from: readonly HoldState[], to: HoldState): void {
    if (!from.includes(hold.state))
      this.wrong.push(`${kind} ${key} makes ${to} of the hold ${hold.operation.key}, which is ${hold.state}`);
    if (hold.state !== to) hold.endedBy = id;
    hold.state = to;
  }
}

/** Facts by which an operation on a hold has its outcome. */
const ends: ReadonlySet<string> = new Set([
  'PaymentApproved',
  'OperationDeclined',
  'AdviceDeclined',
  'PaymentReversed',
  'PaymentVoided',
  'PreAuthVoided',
  'VoidReversed',
  'VoidConfirmed',
]);
