import { unreachable } from '@tillstream/domain/fact';
import { price } from '@tillstream/domain/fee/price';
import {
  recordAdviceApproved,
  recordAdviceDeclined,
  recordRefundAccepted,
  recordRefundDeclined,
  recordReturnAccepted,
  recordReturnDeclined,
  type PaymentDecision,
} from '@tillstream/domain/payment/decide';
import { isApprovalCode } from '@tillstream/domain/payment/refusals';
import {
  operationOf,
  payingOf,
  type Advice,
  type Operation,
  type PayingAdvice,
  type Payment,
  type PaymentState,
} from '@tillstream/domain/payment/state';
import { isAdviceKind } from '@tillstream/domain/payment/parts';
import { sentAs } from '../channel/card-network.ts';
import type { AdvisedOriginal, ChannelAnswer } from '../channel/card-network.ts';
import type { Desk } from '../desk.ts';

/** What the channel said to an advice. */
export type AdviceAnswer = Pick<
  Extract<ChannelAnswer, { is: 'answered' }>,
  'responseCode' | 'authCode' | 'clearingDate'
>;

/**
 * Answers that say nothing about an advice: try again (domain 2.5, class E and its like). 94 says that it was there before, not
 * what came of it; taken for a decline it would release a hold for money that the payer has. An advice is never approved in part.
 */
const undecisive = new Set(['10', '68', '90', '91', '92', '94', '96', '98', 'A0', 'A7', 'C1']);

/** Whether the answer decides the advice. */
export const isDecisive = ({ responseCode }: Pick<AdviceAnswer, 'responseCode'>): boolean =>
  !undecisive.has(responseCode);

/** The advice of a payment with this id. @throws Error when the payment holds none: the caller read the wrong stream. */
export function adviceIn(state: PaymentState, operationId: string): { payment: Payment; advice: Advice } {
  const advice = operationOf(state, operationId);
  if (state.is !== 'payment' || advice === undefined || !isAdvice(advice)) {
    throw new Error('the stream holds no such advice');
  }
  return { payment: state, advice };
}

const isAdvice = (operation: Operation): operation is Advice => isAdviceKind(operation.kind);

/** What the advice is about, as the channel knows it; null for an offline sale, which stands on nothing. */
export function originalOf(payment: Payment, advice: Advice): AdvisedOriginal | null {
  if (advice.kind === 'offline-sale') return null;
  return sentAs(originalOperation(payment, advice));
}

function originalOperation(payment: Payment, advice: Exclude<Advice, { kind: 'offline-sale' }>): Operation | undefined {
  switch (advice.kind) {
    case 'refund':
      return payingOf(payment) ?? payment.first;
    case 'return':
      return operationOf(payment, advice.of);
    default:
      return payment.first;
  }
}

/** How a decisive answer is recorded; what pays is priced now, by the plans of its intent. @throws Error for unknown plans. */
export function recordAnswer(
  desk: Desk,
  state: PaymentState,
  operationId: string,
  { responseCode, authCode, clearingDate }: AdviceAnswer,
): PaymentDecision {
  const { advice } = adviceIn(state, operationId);
  const approved = isApprovalCode(responseCode);
  const netted = clearingDate ?? desk.clearingDay.current();
  switch (advice.kind) {
    case 'refund':
      if (!approved) return recordRefundDeclined(state, { operationId, responseCode });
      return recordRefundAccepted(state, { operationId, authCode: authCode ?? '', clearingDate: netted });
    case 'offline-sale':
    case 'completion-advice':
      if (!approved) return recordAdviceDeclined(state, { operationId, responseCode });
      return recordAdviceApproved(state, {
        operationId,
        authCode,
        clearingDate: netted,
        amounts: amountsOf(desk, advice),
      });
    case 'return':
      if (!approved) return recordReturnDeclined(state, { operationId, responseCode });
      return recordReturnAccepted(state, { operationId, authCode: authCode ?? '', clearingDate: netted });
    default:
      return unreachable(advice);
  }
}

/** The price of an advice that pays, fen, under the plans that its intent named. */
export function amountsOf(desk: Desk, { ref, amount, request }: PayingAdvice) {
  const merchant = desk.registry.merchant(ref.merchantId);
  const plans = request && desk.registry.plansOf(ref.merchantId, request);
  if (merchant === undefined || !request || !plans) throw new Error('the plans of an advice are not known');
  const priceable = { amount, merchantClass: merchant.feeClass, cardClass: request.card.cardClass };
  const { fee, issuerCost, networkCost } = price(priceable, plans.feePlan, plans.costPlan);
  return { amount, fee, issuerCost, networkCost };
}
