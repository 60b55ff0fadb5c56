import { isRefused } from '@tillstream/domain/fact';
import type { PaymentAnswer, VoidPayment } from '@tillstream/domain/payment/commands';
import { recordVoidAccepted, requestVoid, type VoidContext, type VoidRequest } from '@tillstream/domain/payment/decide';
import type { Payment, PaymentState } from '@tillstream/domain/payment/state';
import { channelOf, notTaken, takesNew, tradeDateNow, type Desk } from '../desk.ts';
import { translatePin } from '../intake/translate-pin.ts';
import type { RegisteredChannel } from '../registry/registry.ts';
import type { Intake } from './card-command.ts';
import { batchStanding } from './batch-standing.ts';
import { claim, claimsOf, authorOf, linkedRef, placeOf, refuseLinked } from './linked.ts';
import { askChannel, conclude, type RecordApproved } from './outcome.ts';
import { ownedIfUnknown } from './unknown-append.ts';

/** Takes a void up: its key claimed, its intent in the original's stream, then the channel (design 6, domain 3.4). */
export async function takeVoid(desk: Desk, command: VoidPayment, intake: Intake): Promise<PaymentAnswer> {
  const linked = { kind: 'void', command } as const;
  const place = await placeOf(desk, linked, intake);
  if ('answer' in place) return place.answer;
  const channel = channelOf(desk);
  if ('notReady' in place || !takesNew(desk, command.merchantId) || channel === undefined) return notTaken();
  const operation = await linkedRef(desk, linked, intake);
  if (command.barred !== undefined) return refuseLinked(desk, linked, intake, operation, command.barred);
  if ('refusal' in place) return refuseLinked(desk, linked, intake, operation, place.refusal);
  const { originalId } = place;
  const request = await requestOf(desk, command, intake, operation, channel);
  const original = await desk.streams.load(originalId);
  const context = await contextOf(desk, original.state);
  const decide = (state: PaymentState) => requestVoid(state, request, context());
  const trial = decide(original.state);
  if (isRefused(trial)) return refuseLinked(desk, linked, intake, operation, trial.refusal);
  const { pinKey } = command.card;
  const { pinFormat } = desk.settings.channel;
  const [pin] = await Promise.all([
    translatePin(desk.platform.security, desk.keys, {
      ...intake.opened,
      pinKey,
      zonePinKey: channel.zonePinKey,
      pinFormat,
    }),
    desk.cards.store(intake.opened.pan, intake.opened.ref.token),
  ]);
  // The PIN of a void confirms nothing that the original's did not; one that cannot be carried over is left out.
  const pinBlock = 'block' in pin ? pin.block : null;
  const taken = await claim(desk, linked, intake, operation, originalId);
  if (taken !== undefined) return taken;
  const about = { paymentId: originalId, operationId: intake.operationId, merchantId: command.merchantId };
  const author = authorOf(linked);
  const decided = await ownedIfUnknown(desk, about, () => desk.streams.decide(originalId, author, decide));
  if ('refused' in decided) return refuseLinked(desk, linked, intake, operation, decided.refused);
  return send(desk, { command, intake, request, originalId, channel, pinBlock }, decided.state as Payment);
}

async function requestOf(
  desk: Desk,
  command: VoidPayment,
  { contentHash, opened }: Intake,
  operation: VoidRequest['operation'],
  channel: RegisteredChannel,
): Promise<VoidRequest> {
  const { amount, entryMode, answerBy } = command;
  const trace = await desk.references.trace(channel.acquirer);
  const tradeDate = tradeDateNow(desk.platform);
  const original = claimsOf({ kind: 'void', command });
  return { operation, amount, card: opened.ref, entryMode, tradeDate, trace, contentHash, answerBy, original };
}

async function contextOf(desk: Desk, state: PaymentState): Promise<() => VoidContext> {
  const { open: batchOpen } = state.is === 'payment' ? await batchStanding(desk, state.first.ref) : { open: false };
  return () => ({
    batchOpen,
    currentClearingDate: desk.clearingDay.current(),
    barred: null,
    now: desk.platform.machineClock.now(),
  });
}

interface Sending {
  readonly command: VoidPayment;
  readonly intake: Intake;
  readonly request: VoidRequest;
  readonly originalId: string;
  readonly channel: RegisteredChannel;
  readonly pinBlock: Buffer | null;
}

async function send(desk: Desk, sending: Sending, payment: Payment): Promise<PaymentAnswer> {
  const { command, intake, request, originalId, channel, pinBlock } = sending;
  const { operation, trace, amount, entryMode, tradeDate, answerBy } = request;
  const { operationId, merchantId } = operation;
  const mcc = desk.registry.merchant(merchantId)?.mcc ?? merchantId.slice(7, 11);
  const card = { ...intake.opened, cardSequence: command.cardSequence, pinBlock };
  const message = { operation, trace, amount, entryMode, tradeDate, mcc };
  const sale = payment.first.request?.trace ?? trace;
  const askedAt = desk.platform.machineClock.now();
  const answer = await askChannel(desk, answerBy, (timeoutMs) => desk.network.void(message, card, sale, timeoutMs));
  const recordApproved: RecordApproved = (state, { responseCode, authCode, clearingDate }, now, reversalTrace) =>
    recordVoidAccepted(state, {
      operationId,
      responseCode,
      authCode: authCode ?? '',
      clearingDate: clearingDate ?? tradeDate,
      now,
      reversalTrace,
    });
  const asked = { streamId: originalId, operationId, merchantId, trace, answerBy, askedAt, acquirer: channel.acquirer };
  return conclude(desk, asked, answer, recordApproved);
}
