import { isRefused } from '@tillstream/domain/fact';
import type { ReturnTerms } from '@tillstream/domain/fee/plan';
import type { PaymentAnswer, RefundPayment } from '@tillstream/domain/payment/commands';
import { repeatedRefund, requestRefund, type RefundContext } from '@tillstream/domain/payment/decide';
import type { PaymentFact } from '@tillstream/domain/payment/events';
import { netOf, payingOf, type PaymentState } from '@tillstream/domain/payment/state';
import { plus, ZERO, type Fen } from '@tillstream/money';
import type { Desk } from '../desk.ts';
import type { Intake } from './card-command.ts';
import { batchStanding } from './batch-standing.ts';
import { takeLinkedAdvice } from './linked-advice.ts';

/** Of a payment that has no price there is nothing to return; its refusal comes before this is asked. */
const NO_PRICE: ReturnTerms = { fee: 'PROPORTIONAL', cost: 'PROPORTIONAL' };

/** Takes a refund advice up (domain 3.5). */
export function takeRefund(desk: Desk, command: RefundPayment, intake: Intake): Promise<PaymentAnswer> {
  return takeLinkedAdvice(desk, { kind: 'refund', command }, intake, async (state, request) => {
    const repeated = repeatedRefund(state, request);
    if (repeated !== undefined) return { repeats: repeated.ref.operationId };
    const context = await contextOf(desk, state);
    const { merchantId } = command;
    if (context === undefined || fundsOf(desk, merchantId) === undefined) return undefined;
    let setAside: (() => void) | undefined;
    return {
      decide: (payment) => {
        // The money is looked at once; from then on nobody else finds it, until the fact itself counts.
        const available = setAside === undefined ? (fundsOf(desk, merchantId) ?? null) : null;
        const decision = requestRefund(payment, request, { ...context(), available });
        if (!isRefused(decision)) setAside ??= desk.funding.reserve(merchantId, netRequested(decision.facts));
        return decision;
      },
      done: () => setAside?.(),
    };
  });
}

/** What a refund of the merchant may take with its debt line, fen; undefined until it is known. */
function fundsOf({ funding, registry, settings }: Desk, merchantId: string): Fen | undefined {
  const available = funding.available(merchantId);
  const line = settings.debtLines[registry.merchant(merchantId)?.merchantType ?? 'MICRO'];
  return available === undefined ? undefined : plus(available, line);
}

const netRequested = (facts: readonly PaymentFact[]): Fen =>
  facts.reduce<Fen>(
    (sum, { type, data }) => (type === 'RefundRequested' ? plus(sum, netOf(data.returned)) : sum),
    ZERO,
  );

/** Undefined when the plans that priced the payment are not known here, so that nothing can be decided. */
async function contextOf(
  desk: Desk,
  state: PaymentState,
): Promise<(() => Omit<RefundContext, 'available'>) | undefined> {
  const payment = state.is === 'payment' ? state : undefined;
  const priced = payment?.priced ?? null;
  const merchantId = payment?.first.ref.merchantId ?? '';
  const returns = priced
    ? desk.registry.returnTerms(merchantId, priced.feePlan, priced.channel, priced.costPlan)
    : NO_PRICE;
  if (returns === undefined) {
    desk.platform.log.error('the plans that priced a payment are not known', { merchantId });
    return undefined;
  }
  const { ref } = (payment && (payingOf(payment) ?? payment.first)) ?? {};
  const { open: batchOpen } = ref ? await batchStanding(desk, ref) : { open: false };
  return () => ({
    batchOpen,
    currentClearingDate: desk.clearingDay.current(),
    sameDayRefund: desk.settings.sameDayRefund,
    windowDays: desk.settings.refundWindowDays,
    barred: null,
    returns,
    now: desk.platform.machineClock.now(),
  });
}
