import { minus, sum, ZERO } from '@tillstream/money';
import type { Fen } from '@tillstream/money';
import type { Amounts, BusinessDate, PlanRef } from '../fact.ts';
import type { CardClass, CardRef, ChannelTrace, OperationRef, PaymentDates, Scheme, UndoableKind } from './events.ts';
import { effectOf } from './parts.ts';
import type { Approval, Approved, Declined, Requested, Standing } from './standing.ts';

export type { Approval, Standing } from './standing.ts';

/** A refund that the channel took back after it had accepted it (domain 3.5). */
export interface Failed {
  readonly is: 'failed';
  readonly approval: Approval;
}

/** What was stored before the channel was called. */
export interface ChannelRequest {
  readonly card: CardRef;
  readonly entryMode: string;
  readonly tradeDate: BusinessDate;
  readonly channel: string;
  readonly trace: ChannelTrace;
  /** Machine clock, ms since the epoch; null for an advice, which has no deadline. */
  readonly answerBy: number | null;
  readonly feePlan: PlanRef | null;
  readonly costPlan: PlanRef | null;
}

interface OperationCore {
  readonly ref: OperationRef;
  /** As asked for, fen. */
  readonly amount: Fen;
  readonly contentHash: string;
  /** Held now by facts of this operation (J12), fen. */
  readonly held: Fen;
  /** What the terminal reported of the issuer's scripts; absent while it reported nothing. */
  readonly scripts?: readonly ScriptResult[];
  /** SHA-256 of the signature that is in the vault; absent while there is none. */
  readonly signature?: string;
}
/** An 0620 by its own key, with its tags in hex. */
export interface ScriptResult {
  readonly batch: string;
  readonly stan: string;
  readonly chip: string;
}
/** Waits for the channel's answer and can be undone there. */
export interface Undoable extends OperationCore {
  readonly kind: UndoableKind;
  /** Null when a rule of ours declined it before the channel. */
  readonly request: ChannelRequest | null;
  readonly standing: Standing;
  /** An approval came after the operation was given up; the channel holds it for approved. */
  readonly approvedLate: boolean;
  /** F39 of answers that came too late and are on record. */
  readonly lateCodes: readonly string[];
}
/** Moves nothing, so it is never in doubt. */
export interface Inquiry extends OperationCore {
  readonly kind: 'inquiry';
  readonly request: ChannelRequest | null;
  readonly standing: Requested | Approved | Declined;
}
/** An advice that credits the merchant: answered 00 when durable and never reversed. */
export interface PayingAdvice extends OperationCore {
  readonly kind: 'offline-sale' | 'completion-advice';
  /** F38 as the terminal gave it. */
  readonly authCode: string | null;
  /** Null when a rule of ours declined it before it was taken. */
  readonly request: ChannelRequest | null;
  readonly standing: Requested | Approved | Declined;
}
/** An advice that gives money back to the payer. */
export interface Refund extends OperationCore {
  readonly kind: 'refund';
  readonly request: ChannelRequest;
  readonly returned: Amounts;
  readonly standing: Requested | Approved | Declined | Failed;
}
/** What the channel holds for approved and the terminal was not told, on its way back to the payer; our own advice. */
export interface Return extends OperationCore {
  readonly kind: 'return';
  readonly request: ChannelRequest;
  /** Operation id of what is returned. */
  readonly of: string;
  /** The item as the file priced it, when it was kept in 2191. */
  readonly kept: Amounts | null;
  /** The clearing case that it follows from. */
  readonly caseId?: string;
  readonly standing: Requested | Approved | Declined;
}
export type Advice = PayingAdvice | Refund | Return;
export type Operation = Undoable | Inquiry | Advice;

/** What `PaymentApproved` fixed once. */
export interface Priced {
  /** Id of the operation that was priced: the sale, or the completion. */
  readonly operationId: string;
  readonly amounts: Amounts;
  readonly dates: PaymentDates;
  readonly channel: string;
  readonly scheme: Scheme;
  readonly cardClass: CardClass;
  readonly authCode: string;
  readonly feePlan: PlanRef;
  readonly costPlan: PlanRef;
}

/** What `PreAuthApproved` fixed: the payer's money that the issuer holds. */
export interface HeldCard {
  /** Fen. */
  readonly amount: Fen;
  readonly dates: PaymentDates;
  readonly channel: string;
  readonly scheme: Scheme;
  readonly cardClass: CardClass;
  readonly authCode: string;
  readonly expired: boolean;
}

/** A stream that began with a sale, a pre-authorisation or an inquiry and holds all operations on it, the first one first. */
export interface Payment {
  readonly is: 'payment';
  readonly first: Undoable | Inquiry | PayingAdvice;
  /** Voids, completions, refunds and returns in the order in which they were asked for. */
  readonly linked: readonly (Undoable | Advice)[];
  /** Of the sale, or of the last completion that was approved. */
  readonly priced: Priced | null;
  /** Of a pre-authorisation that was approved. */
  readonly card: HeldCard | null;
  /** Amount up to which two people let the next refund pass although the merchant's money does not fund it, fen. */
  readonly forced?: Fen;
  /** Operation ids whose 0400 came before they reached this stream. */
  readonly tombstones: readonly string[];
}

/** A `payment-<id>` stream as far as decisions need it (design 6). */
export type PaymentState =
  | { readonly is: 'new' }
  | { readonly is: 'tombstoned'; readonly operationId: string }
  | {
      readonly is: 'linked';
      readonly operation: OperationRef;
      readonly originalPaymentId: string;
      readonly contentHash: string;
    }
  | {
      readonly is: 'refused';
      readonly operation: OperationRef;
      readonly amount: Fen;
      readonly refusal: string;
      readonly responseCode: string;
      readonly contentHash: string;
    }
  | Payment;

/** A stream of which nothing is stored. */
export const newPayment: PaymentState = { is: 'new' };

/** Every operation of a payment, the first one first. */
export const operationsOf = (payment: Payment): readonly Operation[] => [payment.first, ...payment.linked];

/** The operation with this id in the stream, or undefined when the stream does not hold it. */
export function operationOf(state: PaymentState, operationId: string): Operation | undefined {
  if (state.is !== 'payment') return undefined;
  return operationsOf(state).find((operation) => operation.ref.operationId === operationId);
}

/** Whether an 0400 buried this operation before it came. */
export function isTombstoned(state: PaymentState, operationId: string): boolean {
  if (state.is === 'tombstoned') return state.operationId === operationId;
  return state.is === 'payment' && state.tombstones.includes(operationId);
}

/** The operation that credits the merchant now: the sale, or the last completion that was approved; undefined before. */
export function payingOf(payment: Payment): Undoable | PayingAdvice | undefined {
  const { priced } = payment;
  if (priced === null) return undefined;
  return operationsOf(payment).find(
    (one): one is Undoable | PayingAdvice => one.ref.operationId === priced.operationId,
  );
}

/** Whether the channel's file found it approved and its money is on its way back to the payer, or there. */
export const isGoingBack = (operation: Operation | undefined): boolean =>
  operation?.standing.is === 'present' && operation.standing.upheld === undefined;

/** The voids of what credits the merchant now, in the order in which they were asked for; those of an earlier completion left out. */
function voidsOf(payment: Payment): readonly Undoable[] {
  const at = payment.linked.findIndex(({ ref }) => ref.operationId === payment.priced?.operationId);
  return payment.linked.slice(at + 1).filter((one): one is Undoable => effectOf[one.kind] === 'cancels');
}

const isLive = ({ standing }: Operation): boolean => standing.is !== 'declined' && standing.is !== 'reversed';

/** The void of what credits the merchant that the channel may hold for done: neither declined nor undone. */
export const liveVoid = (payment: Payment): Undoable | undefined => voidsOf(payment).find(isLive);

/** The void of the pre-authorisation that the channel may hold for done. */
export function livePreAuthVoid(payment: Payment): Undoable | undefined {
  return payment.linked.find((one): one is Undoable => one.kind === 'pre-auth-void' && isLive(one));
}

/**
 * The completion that counts: asked for and neither declined nor undone, nor cancelled by a void that was accepted. A
 * pre-authorisation takes one only (domain 3.6). A void stands after the completion that it cancels, whatever was completed,
 * and undone, since.
 */
export function liveCompletion(payment: Payment): Undoable | PayingAdvice | undefined {
  const at = payment.linked.findLastIndex((one) => effectOf[one.kind] === 'pays' && isLive(one));
  const last = payment.linked[at] as Undoable | PayingAdvice | undefined;
  const isCancelled = payment.linked
    .slice(at + 1)
    .some(({ kind, standing: { is } }) => effectOf[kind] === 'cancels' && (is === 'approved' || is === 'present'));
  return isCancelled ? undefined : last;
}

/** The refunds that count, from REQUESTED on (domain 3.5): all but the declined and the failed. */
export function liveRefunds(payment: Payment): readonly Refund[] {
  return payment.linked.filter(
    (one): one is Refund => one.kind === 'refund' && one.standing.is !== 'declined' && one.standing.is !== 'failed',
  );
}

/** Σ of the parts that count as returned to the payer, fen per part; zeros when nothing is. */
export function returnedOf(payment: Payment): Amounts {
  const parts = liveRefunds(payment).map((one) => one.returned);
  return {
    amount: sum(parts.map((one) => one.amount)),
    fee: sum(parts.map((one) => one.fee)),
    issuerCost: sum(parts.map((one) => one.issuerCost)),
    networkCost: sum(parts.map((one) => one.networkCost)),
  };
}

/** What the merchant gets of these parts: amount − fee, fen. */
export const netOf = (parts: Amounts): Fen => minus(parts.amount, parts.fee);

/** The approval on which an operation's entry was posted, or null when it posted nothing or its entry was mirrored. */
export function postedApproval(operation: Undoable | PayingAdvice): Approval | null {
  const { standing } = operation;
  switch (standing.is) {
    case 'approved':
    case 'reversing':
    case 'stuck':
    case 'present':
      return standing.approval;
    default:
      return null;
  }
}

/** Whether a J1 of the payment stands now: approved, not undone, not mirrored by a void or a return that was accepted. */
export function isPosted(payment: Payment): boolean {
  const paying = payingOf(payment);
  if (paying === undefined || postedApproval(paying) === null) return false;
  if (voidsOf(payment).some((one) => postedApproval(one) !== null)) return false;
  return !payment.linked.some(
    (one) =>
      // What was kept in 2191 goes from there; the entry of what it is named after stands.
      one.kind === 'return' && one.kept === null && one.of === paying.ref.operationId && one.standing.is === 'approved',
  );
}

/** The merchant's net that this payment's entries have posted, holds left aside, fen: J1 − J2 − Σ J3. */
export function postedNet(payment: Payment): Fen {
  const refunded = liveRefunds(payment).filter((one) => one.standing.is === 'approved');
  const base = isPosted(payment) && payment.priced ? netOf(payment.priced.amounts) : ZERO;
  return minus(base, sum(refunded.map((one) => netOf(one.returned))));
}

/** What facts of this payment hold now (J12), fen. */
export const heldOf = (payment: Payment): Fen => sum(operationsOf(payment).map((operation) => operation.held));
