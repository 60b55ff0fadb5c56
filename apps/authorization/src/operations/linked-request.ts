import { isRefused } from '@tillstream/domain/fact';
import type { PaymentAnswer } from '@tillstream/domain/payment/commands';
import type { VoidRequest } from '@tillstream/domain/payment/decide';
import { payingOf, type Payment } from '@tillstream/domain/payment/state';
import { sentAs } from '../channel/card-network.ts';
import { channelOf, notTaken, takesNew, type Desk } from '../desk.ts';
import { translatePin } from '../intake/translate-pin.ts';
import type { RegisteredChannel } from '../registry/registry.ts';
import { refusalUnder } from './batch-standing.ts';
import type { Intake } from './card-command.ts';
import { authorOf, claim, linkedRef, placeOf, refuseLinked, requestOn, type RequestOnPayment } from './linked.ts';
import { askChannel, conclude } from './outcome.ts';
import { preparedFor, type Prepared } from './prepared-request.ts';
import { ownedIfUnknown } from './unknown-append.ts';

/**
 * Takes a void or a completion up: its key claimed, its intent in the original's stream, then the channel (design 6,
 * domain 3.4, 3.6).
 */
export async function takeLinkedRequest(desk: Desk, linked: RequestOnPayment, intake: Intake): Promise<PaymentAnswer> {
  const { command } = linked;
  const place = await placeOf(desk, linked, intake);
  if ('answer' in place) return place.answer;
  const channel = channelOf(desk);
  if ('notReady' in place || !takesNew(desk, command.merchantId) || channel === undefined) return notTaken;
  const [operation, refusal] = await Promise.all([linkedRef(desk, linked, intake), refusalUnder(desk, command)]);
  if (refusal !== null) return refusal;
  if (command.barred !== undefined) return refuseLinked(desk, linked, intake, operation, command.barred);
  if ('refusal' in place) return refuseLinked(desk, linked, intake, operation, place.refusal);
  const { originalId, named } = place;
  const request = await requestOn(desk, linked, intake, { operation, acquirer: channel.acquirer, named });
  const original = await desk.streams.load(originalId);
  const prepared = await preparedFor(desk, linked, request, channel, original.state);
  if (typeof prepared === 'string') return refuseLinked(desk, linked, intake, operation, prepared);
  try {
    const trial = prepared.decide(original.state);
    if (isRefused(trial)) return await refuseLinked(desk, linked, intake, operation, trial.refusal);
    return await store(desk, { linked, intake, request, originalId, channel, prepared });
  } finally {
    prepared.end();
  }
}

interface Asking {
  readonly linked: RequestOnPayment;
  readonly intake: Intake;
  readonly request: VoidRequest;
  readonly originalId: string;
  readonly channel: RegisteredChannel;
  readonly prepared: Prepared;
}

async function store(desk: Desk, asking: Asking): Promise<PaymentAnswer> {
  const { linked, intake, request, originalId, channel, prepared } = asking;
  const { command } = linked;
  const { operation } = request;
  const { pinKey } = command.card;
  const { zonePinKey } = channel;
  const { pinFormat } = desk.settings.channel;
  const [pin] = await Promise.all([
    translatePin(desk.platform.security, desk.keys, { ...intake.opened, pinKey, zonePinKey, pinFormat }),
    desk.cards.store(intake.opened.pan, intake.opened.ref.token),
  ]);
  // A PIN here confirms nothing that the original's did not; one that cannot be carried over is left out.
  const pinBlock = 'block' in pin ? pin.block : null;
  const taken = await claim(desk, linked, intake, operation, originalId);
  if (taken !== undefined) return taken;
  const about = { paymentId: originalId, operationId: intake.operationId, merchantId: command.merchantId };
  const append = () => desk.streams.decide(originalId, authorOf(linked, intake), prepared.decide);
  const decided = await ownedIfUnknown(desk, about, append, prepared.keep);
  if ('refused' in decided) return refuseLinked(desk, linked, intake, operation, decided.refused);
  prepared.end();
  return send(desk, asking, pinBlock, decided.state as Payment);
}

async function send(desk: Desk, asking: Asking, pinBlock: Buffer | null, payment: Payment): Promise<PaymentAnswer> {
  const { linked, intake, request, originalId, channel, prepared } = asking;
  const { operation, trace, amount, entryMode, tradeDate, answerBy } = request;
  const { operationId, merchantId } = operation;
  const mcc = desk.registry.merchant(merchantId)?.mcc ?? merchantId.slice(7, 11);
  const card = { ...intake.opened, cardSequence: linked.command.cardSequence, pinBlock };
  const message = { operation, trace, amount, entryMode, tradeDate, mcc };
  const isVoidOfMoney = linked.kind === 'void' || linked.kind === 'completion-void';
  const original = sentAs(isVoidOfMoney ? (payingOf(payment) ?? payment.first) : payment.first);
  const about = { original, authCode: payment.card?.authCode ?? null };
  const askedAt = desk.platform.machineClock.now();
  const answer = await askChannel(desk, linked.command, (timeoutMs) =>
    desk.network.linked(message, card, about, timeoutMs),
  );
  const asked = { streamId: originalId, operationId, merchantId, trace, answerBy, askedAt, acquirer: channel.acquirer };
  return conclude(desk, asked, answer, prepared.recordApproved);
}
