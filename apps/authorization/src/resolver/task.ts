import type { BusinessDate } from '@tillstream/domain/fact';
import { operationOf, type PaymentState } from '@tillstream/domain/payment/state';
import type { Undecided } from '@tillstream/domain/payment/undecided';

/** An undecided operation, as people are shown it. */
export interface OwnedOperation {
  readonly paymentId: string;
  readonly operationId: string;
  readonly merchantId: string;
  /** What will be tried next; null until the payment was looked at. */
  readonly work: Undecided['work'] | null;
  readonly kind: string | null;
  /** Business clock, ms since the epoch: the time of the fact with which it began. */
  readonly since: number;
  /** Tries since then; those of an earlier process as the schedule had them due. */
  readonly attempts: number;
  /** Machine clock, ms since the epoch. */
  readonly nextAt: number;
}

/** What an earlier process left undecided, as its rows say. */
export interface Inherited {
  readonly paymentId: string;
  readonly operationId: string;
  readonly merchantId: string;
  readonly kind: string;
  readonly doubt: string | null;
  /** ISO 8601; null for a row of before it was known. */
  readonly doubtSince: string | null;
}

/** An operation with all that its resolver knows of it. */
export interface Task extends Omit<OwnedOperation, 'work' | 'kind' | 'attempts' | 'nextAt'> {
  work: Undecided['work'] | null;
  kind: string | null;
  attempts: number;
  nextAt: number;
  /** A message of this work may have left us before, so that it is a repeat now. */
  sent: boolean;
  /** Clearing date of the operation, whose cut-off ends the repeats of its reversal; null until the payment was looked at. */
  clearingDate: BusinessDate | null;
  /** Known from the rows of an earlier process. */
  readonly inherited: boolean;
  /** Another process may be asking the channel: nothing is given up before its `answerBy`. */
  readonly patient: boolean;
  /** Machine clock, ms: when to look again, whatever the schedule says. */
  notBefore: number | null;
  readonly unlessStored: (() => void) | undefined;
  timer: NodeJS.Timeout | undefined;
  running: boolean;
  /** Asked for while it ran: look once more. */
  again: boolean;
}

/** What a task begins with. */
export interface Taken extends Pick<
  Task,
  'paymentId' | 'operationId' | 'merchantId' | 'inherited' | 'since' | 'attempts'
> {
  readonly delayMs?: number;
  readonly unlessStored?: () => void;
  readonly patient?: boolean;
}

/** The day on which the channel has the operation: that of its approval, else the trade date of its intent. */
export function clearingDateOf(state: PaymentState, operationId: string): BusinessDate | null {
  const operation = operationOf(state, operationId);
  if (operation === undefined) return null;
  const { standing, request } = operation;
  const approval = 'approval' in standing ? standing.approval : null;
  return approval?.clearingDate ?? request?.tradeDate ?? null;
}
