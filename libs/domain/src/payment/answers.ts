import { unreachable } from '../fact.ts';
import type { PaymentReply } from './commands.ts';
import { refusalText } from './refusals.ts';
import { effectOf, isAdviceKind } from './parts.ts';
import { isTombstoned, livePreAuthVoid, liveVoid, operationOf } from './state.ts';
import type { Advice, Operation, Payment, PaymentState, Undoable } from './state.ts';

/** F39 of what was undone, is being undone or came after its 0400: never 00 again (design 6, *Repeats*). */
const UNDONE = '12';
/** F39 of the same key with other content; an alarm goes with it. */
const OTHER_CONTENT = '94';
/** F39 of an operation that was given up, said only after the fact is stored. */
const IN_DOUBT = '98';

/** What a repeated message gets. */
export type RepeatAnswer =
  /** Nothing is known of this operation here: it is no repeat. */
  | { readonly is: 'none' }
  /** Undecided: the repeat waits for the same outcome. */
  | { readonly is: 'in-flight' }
  /** The operation lives in the original's stream; ask that one. */
  | { readonly is: 'elsewhere'; readonly originalPaymentId: string }
  | { readonly is: 'answer'; readonly reply: PaymentReply; readonly alarm: boolean };

const bare = (responseCode: string, rrn: string | null): PaymentReply => ({
  kind: 'answer',
  responseCode,
  amount: null,
  rrn,
  authCode: null,
  clearingDate: null,
  scheme: null,
  issuer: null,
  balance: null,
});

/** What was refused says why in words, when its code says too little; a repeat says the same. */
function refusedReply({ refusal, responseCode, operation }: Extract<PaymentState, { is: 'refused' }>): PaymentReply {
  const texts: Readonly<Record<string, string | undefined>> = refusalText;
  const text = texts[refusal];
  return { ...bare(responseCode, operation.rrn), ...(text !== undefined && { text }) };
}

const answer = (reply: PaymentReply, alarm = false): RepeatAnswer => ({ is: 'answer', reply, alarm });

/**
 * The answer to a message whose key is already known (design 6, *Repeats*): undecided joins, decided gets the stored
 * answer, reversed, reversing or voided gets 12, other content gets 94 with an alarm.
 */
export function answerToRepeat(state: PaymentState, operationId: string, contentHash: string): RepeatAnswer {
  if (isTombstoned(state, operationId)) return answer(bare(UNDONE, null));
  if (state.is === 'new' || state.is === 'tombstoned') return { is: 'none' };
  if (state.is === 'linked' || state.is === 'refused') {
    if (state.operation.operationId !== operationId) return { is: 'none' };
    if (state.contentHash !== contentHash) return answer(bare(OTHER_CONTENT, null), true);
    if (state.is === 'linked') return { is: 'elsewhere', originalPaymentId: state.originalPaymentId };
    return answer(refusedReply(state));
  }
  const operation = operationOf(state, operationId);
  if (operation === undefined) return { is: 'none' };
  if (operation.contentHash !== contentHash) return answer(bare(OTHER_CONTENT, null), true);
  if (!isAdviceKind(operation.kind) && operation.standing.is === 'requested') return { is: 'in-flight' };
  return answer(isUndone(state, operation) ? bare(UNDONE, operation.ref.rrn) : outcomeReply(operation));
}

/**
 * The reply to the message that asked for the operation, made from facts alone so that a repeat says the same; null
 * while it is undecided. The balance of an inquiry is not stored: the caller adds it to the first reply.
 */
export function replyOf(state: PaymentState, operationId: string): PaymentReply | null {
  if (isTombstoned(state, operationId)) return bare(UNDONE, null);
  if (state.is === 'refused') return refusedReply(state);
  const operation = operationOf(state, operationId);
  if (operation === undefined) return null;
  if (!isAdviceKind(operation.kind) && operation.standing.is === 'requested') return null;
  return outcomeReply(operation);
}

/** Whether the operation must not be confirmed any more; also while its void is accepted or uncertain. */
function isUndone(payment: Payment, operation: Operation): boolean {
  const { is } = operation.standing;
  if (is === 'in-doubt' || is === 'reversing' || is === 'reversed' || is === 'stuck' || is === 'present') return true;
  const voided = voidOf(payment, operation);
  return voided === 'superseded' || (voided !== undefined && voided.standing.is !== 'requested');
}

/** The void that the channel may hold for done, of what can be voided; a completion that another one followed was voided for good. */
function voidOf(payment: Payment, { kind, ref, standing }: Operation): Undoable | 'superseded' | undefined {
  if (kind === 'pre-auth') return livePreAuthVoid(payment);
  if (effectOf[kind] !== 'pays' || standing.is !== 'approved') return undefined;
  return payment.priced?.operationId === ref.operationId ? liveVoid(payment) : 'superseded';
}

const isAdvice = (operation: Operation): operation is Advice => isAdviceKind(operation.kind);

/** 00 once taken, whatever the channel says to it; the code of our own no otherwise. */
const adviceCode = ({ standing }: Advice): string =>
  standing.is === 'declined' && standing.by === 'host' ? standing.responseCode : '00';

function outcomeReply(operation: Operation): PaymentReply {
  const { ref, request } = operation;
  const card = { scheme: request?.card.scheme ?? null, issuer: request?.card.institution ?? null };
  // What the terminal was told binds: an advice stays answered 00, whatever the channel says to it.
  if (isAdvice(operation)) return { ...bare(adviceCode(operation), ref.rrn), ...card };
  const { standing } = operation;
  switch (standing.is) {
    case 'approved': {
      const { approval } = standing;
      const partial = effectOf[operation.kind] !== 'asks' && approval.amount !== operation.amount;
      const { authCode, clearingDate } = approval;
      const amount = partial ? approval.amount : null;
      return { ...bare(partial ? '10' : '00', ref.rrn), ...card, amount, authCode, clearingDate };
    }
    case 'declined':
      return { ...bare(standing.responseCode, ref.rrn), ...card, clearingDate: standing.clearingDate };
    case 'in-doubt':
      return { ...bare(IN_DOUBT, ref.rrn), ...card };
    case 'reversing':
    case 'reversed':
    case 'stuck':
    case 'present':
      return { ...bare(reversedReply(standing), ref.rrn), ...card };
    case 'requested':
      throw new Error('an undecided operation has no reply');
    default:
      return unreachable(standing);
  }
}

/** Who waits for an operation that the host gave up is told 98; one that the terminal reversed meanwhile is told 12. */
function reversedReply(
  standing: Extract<Operation['standing'], { is: 'reversing' | 'reversed' | 'stuck' | 'present' }>,
): string {
  return standing.is === 'reversing' && standing.by === 'host' ? IN_DOUBT : UNDONE;
}
