import { planAt } from '@tillstream/domain/fee/plan';
import { offlineFaultOf } from '@tillstream/domain/limit/offline';
import type { PaymentAnswer, TakeOfflineSale } from '@tillstream/domain/payment/commands';
import {
  declineByHost,
  replyOf,
  requestOfflineSale,
  type AdviceRequest,
  type PaymentDecision,
} from '@tillstream/domain/payment/decide';
import { responseCodeOf, type PaymentRefusal } from '@tillstream/domain/payment/refusals';
import type { PaymentState } from '@tillstream/domain/payment/state';
import { crashPoint } from '@tillstream/event-store';
import { byTerminal, channelOf, silence, tradeDateNow, type Desk } from '../desk.ts';
import { operationRef } from '../intake/operation.ts';
import { terminalOf } from '../limits/limit-book.ts';
import type { Intake } from './card-command.ts';
import { answerRepeat } from './repeat.ts';
import { ownedIfUnknown } from './unknown-append.ts';

/**
 * Takes an offline sale up: durable, then answered 00, then the channel is told until it answers. Neither load nor a block nor a
 * limit refuses it; the limits count it all the same (design 6, *Undoing and reporting*).
 */
export async function takeOfflineSale(desk: Desk, command: TakeOfflineSale, intake: Intake): Promise<PaymentAnswer> {
  const known = await answerStored(desk, command, intake);
  if (known !== undefined) return known;
  const { opened } = intake;
  if (opened.refusal !== null) return refuse(desk, command, intake, opened.refusal);
  if (command.amount <= 0) return refuse(desk, command, intake, 'invalid-amount');
  const request = await requestOf(desk, command, intake);
  if (request === undefined) return silence;
  await desk.cards.store(opened.pan, opened.ref.token);
  const decider = (state: PaymentState): PaymentDecision =>
    requestOfflineSale(state, request, { now: desk.platform.machineClock.now(), answerBy: command.answerBy });
  const { operationId } = intake;
  const { merchantId } = command;
  const about = { paymentId: operationId, operationId, merchantId };
  const store = () => desk.streams.decide(operationId, authorOf(command, intake), decider);
  const decided = await ownedIfUnknown(desk, about, store, () => counted(desk, request));
  if ('refused' in decided) return (await answerStored(desk, command, intake)) ?? silence;
  crashPoint('advice-stored');
  desk.owner.own(about);
  report(desk, command, intake);
  return replyOf(decided.state, operationId) ?? silence;
}

/** An advice gets its stored answer for ever, also after its batch ended (domain 3.10). */
function answerStored(
  desk: Desk,
  { answerBy }: TakeOfflineSale,
  { operationId, contentHash }: Intake,
): Promise<PaymentAnswer | undefined> {
  return answerRepeat(desk, { streamId: operationId, operationId, contentHash, answerBy, batch: null });
}

/** Undefined when we lack what it would be priced or sent by; the terminal then keeps it, because that is no fault of its own. */
async function requestOf(
  desk: Desk,
  command: TakeOfflineSale,
  { operationId, contentHash, opened }: Intake,
): Promise<AdviceRequest | undefined> {
  const channel = channelOf(desk);
  const merchant = desk.registry.merchant(command.merchantId);
  const tradeDate = tradeDateNow(desk.platform);
  const feePlan = merchant && planAt(merchant.feePlans, tradeDate);
  const costPlan = channel && planAt(channel.costPlans, tradeDate);
  if (channel === undefined || !feePlan || !costPlan) {
    desk.platform.log.error('an offline sale cannot be taken: its merchant, channel or plans are not known', {
      operationId,
      merchantId: command.merchantId,
    });
    return undefined;
  }
  const [rrn, trace] = await Promise.all([desk.references.rrn(), desk.references.trace(channel.acquirer)]);
  const { amount, entryMode, authCode } = command;
  return {
    operation: operationRef(command, 'offline-sale', operationId, rrn),
    ...{ amount, card: opened.ref, entryMode, tradeDate, channel: channel.channel, trace, contentHash, authCode },
    feePlan: { id: feePlan.id, version: feePlan.version },
    costPlan: { id: costPlan.id, version: costPlan.version },
  };
}

/** A refusal of what the message itself says is stored, so that a repeat gets the same answer. */
async function refuse(
  desk: Desk,
  command: TakeOfflineSale,
  intake: Intake,
  refusal: PaymentRefusal,
): Promise<PaymentAnswer> {
  const { operationId, contentHash } = intake;
  const operation = operationRef(command, 'offline-sale', operationId, await desk.references.rrn());
  const tradeDate = tradeDateNow(desk.platform);
  const decline = { operation, amount: command.amount, tradeDate, responseCode: responseCodeOf[refusal], contentHash };
  await desk.streams.decide(operationId, authorOf(command, intake), (state) => declineByHost(state, decline));
  return (await answerStored(desk, command, intake)) ?? silence;
}

/** Nobody knows whether it is stored: it counts until that is known. */
function counted(desk: Desk, { operation, tradeDate, amount, card }: AdviceRequest): () => void {
  const { merchantId } = operation;
  const taken = { tradeDate, merchantId, terminalId: terminalOf(operation), payer: card.cardClass, amount };
  desk.limits.count(taken);
  return () => desk.limits.release(taken);
}

/** A terminal that should have asked first is reported to a person. */
function report(desk: Desk, { amount }: TakeOfflineSale, { operationId, opened }: Intake): void {
  const fault = offlineFaultOf({ amount, withPin: opened.pinBlock !== null });
  if (fault === null) return;
  desk.figures.alarm(fault);
  desk.platform.log.warn('alarm: a terminal approved by itself what it should have asked about', {
    fault,
    operationId,
  });
}

const authorOf = (command: TakeOfflineSale, { generation }: Intake) => ({
  by: byTerminal(command),
  key: command.merchantId,
  correlation: command.correlation,
  generation,
});
