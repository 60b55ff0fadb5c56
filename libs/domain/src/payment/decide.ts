/**
 * What authorization decides about a payment. Reading is elsewhere and free to all: state in `state.ts` and
 * `evolve.ts`, the words of refusals in `refusals.ts`.
 */
export { recordAdviceApproved, recordAdviceDeclined, requestOfflineSale } from './advice.ts';
export type { AdviceApproval, AdviceRequest } from './advice.ts';
export { answerToRepeat, replyOf } from './answers.ts';
export type { RepeatAnswer } from './answers.ts';
export { completionLimit, requestCompletion, requestCompletionAdvice } from './completion.ts';
export type { CompletionRequest } from './completion.ts';
export type { LateAnswer, PaymentDecision } from './decision.ts';
export type { DoubtCause } from './doubt.ts';
export { recordScriptResult, recordSignature } from './evidence.ts';
export type { ScriptResult, Signature } from './evidence.ts';
export { answerHostOnly, decideByFile } from './file-decision.ts';
export type { FileAnswer, HostOnly } from './file-decision.ts';
export { linkOperation, refuseOperation } from './linked.ts';
export type { Refusal } from './linked.ts';
export type { Barred, OriginalClaims } from './original.ts';
export { recordDecline, recordLateAnswer, recordNoAnswer } from './outcome.ts';
export type { ChannelDecline, NoAnswer } from './outcome.ts';
export {
  expirePreAuth,
  isHeldOpen,
  PRE_AUTH_DAYS,
  recordPreAuthApproved,
  recordPreAuthVoided,
  requestPreAuthVoid,
} from './pre-auth.ts';
export type { HeldContext, PreAuthApproval } from './pre-auth.ts';
export {
  forceRefund,
  recordRefundAccepted,
  recordRefundDeclined,
  recordRefundFailed,
  REFUND_WINDOW_DAYS,
  remainingOf,
  repeatedRefund,
  requestRefund,
} from './refund.ts';
export type { RefundAnswer, RefundContext, RefundRequest, SameDayRefund } from './refund.ts';
export { recordReturnAccepted, recordReturnDeclined, returnedBy, returnToPayer, upholdPayment } from './return.ts';
export type { CaseReturn, CaseUphold, Returning } from './return.ts';
export { recordReversalAnswer, reverseByHost, reverseByTerminal } from './reversal.ts';
export type { ReversalAnswer, ReversalDecision, TerminalReversal } from './reversal.ts';
export { declineByHost, recordApproval, recordBalance, requestInquiry, requestSale } from './sale.ts';
export type { HostDecline, Intent, SaleApproval } from './sale.ts';
export { undecided } from './undecided.ts';
export type { Undecided } from './undecided.ts';
export { recordVoidAccepted, requestVoid } from './void.ts';
export type { VoidAnswer, VoidContext, VoidRequest } from './void.ts';
