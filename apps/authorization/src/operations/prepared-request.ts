import type { Amounts } from '@tillstream/domain/fact';
import { planAt, type CostPlan, type FeePlan } from '@tillstream/domain/fee/plan';
import { price } from '@tillstream/domain/fee/price';
import {
  recordApproval,
  recordPreAuthVoided,
  recordVoidAccepted,
  requestCompletion,
  requestPreAuthVoid,
  requestVoid,
  type HeldContext,
  type PaymentDecision,
  type VoidContext,
  type VoidRequest,
} from '@tillstream/domain/payment/decide';
import type { PaymentRefusal } from '@tillstream/domain/payment/refusals';
import { payingOf, type PaymentState } from '@tillstream/domain/payment/state';
import type { Desk } from '../desk.ts';
import { entryOf, terminalOf } from '../limits/limit-book.ts';
import type { Merchant, RegisteredChannel } from '../registry/registry.ts';
import { batchStanding } from './batch-standing.ts';
import type { RequestOnPayment } from './linked.ts';
import type { RecordApproved } from './outcome.ts';

/** How one kind of request is decided, and how the channel's yes to it is recorded. */
export interface Prepared {
  readonly decide: (state: PaymentState) => PaymentDecision;
  readonly recordApproved: RecordApproved;
  /** Keeps what it took of the limits because nobody knows whether it is stored; what it gives gives that back. */
  readonly keep?: () => () => void;
  /** Gives back what it took of the limits, once; after it is stored its own facts count. */
  readonly end: () => void;
}

const nothing = (): void => undefined;

/** Prepares a request for its kind; the refusal that needs no look into the payment otherwise. */
export async function preparedFor(
  desk: Desk,
  { kind }: RequestOnPayment,
  request: VoidRequest,
  channel: RegisteredChannel,
  state: PaymentState,
): Promise<Prepared | PaymentRefusal> {
  const { machineClock } = desk.platform;
  const held = (): HeldContext => ({ barred: null, now: machineClock.now() });
  switch (kind) {
    case 'completion':
      return completion(desk, request, channel);
    case 'pre-auth-void':
      return {
        decide: (payment) => requestPreAuthVoid(payment, request, held()),
        recordApproved: (payment, answer, now, reversalTrace) =>
          recordPreAuthVoided(payment, { ...saidTo(request, answer), now, reversalTrace }),
        end: nothing,
      };
    default: {
      const context = await voidContext(desk, state);
      return {
        decide: (payment) => requestVoid(payment, request, context()),
        recordApproved: (payment, answer, now, reversalTrace) =>
          recordVoidAccepted(payment, { ...saidTo(request, answer), now, reversalTrace }),
        end: nothing,
      };
    }
  }
}

type Said = Parameters<RecordApproved>[1];

const saidTo = ({ operation, tradeDate }: VoidRequest, { responseCode, authCode, clearingDate }: Said) => ({
  operationId: operation.operationId,
  responseCode,
  authCode: authCode ?? '',
  clearingDate: clearingDate ?? tradeDate,
});

async function voidContext(desk: Desk, state: PaymentState): Promise<() => VoidContext> {
  const payment = state.is === 'payment' ? state : undefined;
  const { ref } = (payment && (payingOf(payment) ?? payment.first)) ?? {};
  const { open: batchOpen } = ref ? await batchStanding(desk, ref) : { open: false };
  return () => ({
    batchOpen,
    currentClearingDate: desk.clearingDay.current(),
    barred: null,
    now: desk.platform.machineClock.now(),
  });
}

interface Plans {
  readonly merchant: Merchant;
  readonly feePlan: FeePlan;
  readonly costPlan: CostPlan;
}

/** The plans of a completion's own trade date; the refusal of a merchant that may not trade (design 6). */
export function plansAt(
  desk: Desk,
  merchantId: string,
  channel: RegisteredChannel,
  tradeDate: string,
): Plans | PaymentRefusal {
  const merchant = desk.registry.merchant(merchantId);
  const feePlan = merchant && planAt(merchant.feePlans, tradeDate);
  const costPlan = planAt(channel.costPlans, tradeDate);
  if (merchant === undefined || feePlan === undefined || costPlan === undefined) return 'merchant-not-valid';
  return { merchant, feePlan, costPlan };
}

/** The request with the plans by which it will be priced. */
export const underPlans = <R>(request: R, { feePlan, costPlan }: Plans) => ({
  ...request,
  feePlan: { id: feePlan.id, version: feePlan.version },
  costPlan: { id: costPlan.id, version: costPlan.version },
});

function completion(desk: Desk, request: VoidRequest, channel: RegisteredChannel): Prepared | PaymentRefusal {
  const { operation, amount, card, entryMode, tradeDate } = request;
  const { merchantId } = operation;
  const plans = plansAt(desk, merchantId, channel, tradeDate);
  if (typeof plans === 'string') return plans;
  const { merchant, feePlan, costPlan } = plans;
  if (merchant.blocked) return 'terminal-not-valid';
  const asked = { tradeDate, merchantId, terminalId: terminalOf(operation), payer: card.cardClass, amount };
  const limit = desk.limits.admit(desk.settings.limits[merchant.merchantType], { ...asked, entry: entryOf(entryMode) });
  let taken = limit.ok;
  const end = (): void => {
    if (taken && limit.ok) desk.limits.release(limit.reservation);
    taken = false;
  };
  const keep = (): (() => void) => {
    taken = false;
    return () => limit.ok && desk.limits.release(limit.reservation);
  };
  const barred = limit.ok ? null : 'limit-exceeded';
  const priceable = { amount, merchantClass: merchant.feeClass, cardClass: card.cardClass };
  const { fee, issuerCost, networkCost } = price(priceable, feePlan, costPlan);
  const whole: Amounts = { amount, fee, issuerCost, networkCost };
  const completing = underPlans(request, plans);
  return {
    decide: (payment) => requestCompletion(payment, completing, { barred, now: desk.platform.machineClock.now() }),
    recordApproved: (payment, answer, now, reversalTrace) => {
      // A part is not what was asked for: the decider undoes it.
      const amounts = answer.responseCode === '10' ? { ...whole, amount: answer.amount ?? amount } : whole;
      const said = saidTo(request, answer);
      return recordApproval(payment, { ...said, amounts, partialAllowed: false, now, reversalTrace });
    },
    keep,
    end,
  };
}
