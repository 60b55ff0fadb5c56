import { isRefused } from '@tillstream/domain/fact';
import type { ReturnTerms } from '@tillstream/domain/fee/plan';
import type { PaymentAnswer, RefundPayment } from '@tillstream/domain/payment/commands';
import {
  repeatedRefund,
  replyOf,
  requestRefund,
  type RefundContext,
  type RefundRequest,
} from '@tillstream/domain/payment/decide';
import type { PaymentState } from '@tillstream/domain/payment/state';
import { crashPoint } from '@tillstream/event-store';
import { channelOf, silence, tradeDateNow, type Desk } from '../desk.ts';
import type { Intake } from './card-command.ts';
import { batchStanding } from './batch-standing.ts';
import { authorOf, claim, claimsOf, linkedRef, placeOf, refuseLinked } from './linked.ts';
import { ownedIfUnknown } from './unknown-append.ts';

/** Of a payment that has no price there is nothing to return; its refusal comes before this is asked. */
const NO_PRICE: ReturnTerms = { fee: 'PROPORTIONAL', cost: 'PROPORTIONAL' };

/** Takes a refund advice up: durable, then answered 00, then the channel is told until it answers (domain 3.5). */
export async function takeRefund(desk: Desk, command: RefundPayment, intake: Intake): Promise<PaymentAnswer> {
  const linked = { kind: 'refund', command } as const;
  const { operationId, opened } = intake;
  const place = await placeOf(desk, linked, intake);
  if ('answer' in place) return place.answer;
  const channel = channelOf(desk);
  if ('notReady' in place || channel === undefined) return silence;
  const operation = await linkedRef(desk, linked, intake);
  if ('refusal' in place) return refuseLinked(desk, linked, intake, operation, place.refusal);
  const { originalId } = place;
  const original = await desk.streams.load(originalId);
  const request = await requestOf(desk, command, intake, operation, channel.acquirer);
  const repeated = repeatedRefund(original.state, request);
  if (repeated !== undefined) return replyOf(original.state, repeated.ref.operationId) ?? silence;
  const context = await contextOf(desk, original.state);
  if (context === undefined) return silence;
  const decide = (state: PaymentState) => requestRefund(state, request, context());
  const trial = decide(original.state);
  if (isRefused(trial)) return refuseLinked(desk, linked, intake, operation, trial.refusal);
  await desk.cards.store(opened.pan, opened.ref.token);
  const taken = await claim(desk, linked, intake, operation, originalId);
  if (taken !== undefined) return taken;
  const about = { paymentId: originalId, operationId, merchantId: command.merchantId };
  const author = authorOf(linked);
  const decided = await ownedIfUnknown(desk, about, () => desk.streams.decide(originalId, author, decide));
  if ('refused' in decided) return refuseLinked(desk, linked, intake, operation, decided.refused);
  crashPoint('advice-stored');
  desk.owner.own(about);
  return replyOf(decided.state, operationId) ?? silence;
}

async function requestOf(
  desk: Desk,
  command: RefundPayment,
  { contentHash, opened }: Intake,
  operation: RefundRequest['operation'],
  acquirer: string,
): Promise<RefundRequest> {
  const { amount, entryMode, answerBy } = command;
  const trace = await desk.references.trace(acquirer);
  const tradeDate = tradeDateNow(desk.platform);
  const original = claimsOf({ kind: 'refund', command });
  return { operation, amount, card: opened.ref, entryMode, tradeDate, trace, contentHash, answerBy, original };
}

/** Undefined when the plans that priced the payment are not known here, so that nothing can be decided. */
async function contextOf(desk: Desk, state: PaymentState): Promise<(() => RefundContext) | undefined> {
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
  const { open: batchOpen } = payment ? await batchStanding(desk, payment.first.ref) : { open: false };
  return () => ({
    batchOpen,
    currentClearingDate: desk.clearingDay.current(),
    sameDayRefund: desk.settings.sameDayRefund,
    windowDays: desk.settings.refundWindowDays,
    // Without a funding rule every merchant may refund; the book covers what 2001 lacks as debt (J4).
    available: null,
    barred: null,
    returns,
    now: desk.platform.machineClock.now(),
  });
}
