import { isRefused } from '@tillstream/domain/fact';
import type { PaymentAnswer } from '@tillstream/domain/payment/commands';
import { replyOf, type PaymentDecision, type VoidRequest } from '@tillstream/domain/payment/decide';
import type { OperationRef } from '@tillstream/domain/payment/parts';
import type { PaymentState } from '@tillstream/domain/payment/state';
import { crashPoint } from '@tillstream/event-store';
import { channelOf, silence, type Desk } from '../desk.ts';
import type { RegisteredChannel } from '../registry/registry.ts';
import type { Intake } from './card-command.ts';
import { authorOf, claim, linkedRef, placeOf, refuseLinked, requestOn, type LinkedCommand } from './linked.ts';
import { ownedIfUnknown } from './unknown-append.ts';

/** How an advice is decided; or the operation that it repeats under another key. */
export type PreparedAdvice =
  | {
      readonly decide: (state: PaymentState) => PaymentDecision;
      /** Called when the advice is stored or will not be. */
      readonly done?: () => void;
    }
  | { readonly repeats: string };

/** Prepares an advice on what stands in its original's stream; undefined when nothing can be decided here and now. */
export type PrepareAdvice = (
  state: PaymentState,
  request: VoidRequest,
  channel: RegisteredChannel,
) => PreparedAdvice | undefined | Promise<PreparedAdvice | undefined>;

/**
 * Takes a refund or a completion advice up: durable, then answered 00, then the channel is told until it answers (design 6,
 * domain 3.5). Silent where nothing can be decided, so that the terminal keeps it.
 */
export async function takeLinkedAdvice(
  desk: Desk,
  linked: Extract<LinkedCommand, { kind: 'refund' | 'completion-advice' }>,
  intake: Intake,
  prepare: PrepareAdvice,
): Promise<PaymentAnswer> {
  const place = await placeOf(desk, linked, intake);
  if ('answer' in place) return place.answer;
  const channel = channelOf(desk);
  if ('notReady' in place || channel === undefined) return silence;
  const operation = await linkedRef(desk, linked, intake);
  if ('refusal' in place) return refuseLinked(desk, linked, intake, operation, place.refusal);
  const { originalId, named } = place;
  const original = await desk.streams.load(originalId);
  const request = await requestOn(desk, linked, intake, { operation, acquirer: channel.acquirer, named });
  const prepared = await prepare(original.state, request, channel);
  if (prepared === undefined) return silence;
  if ('repeats' in prepared) return replyOf(original.state, prepared.repeats) ?? silence;
  try {
    return await takeDecided(
      desk,
      linked,
      intake,
      { operation, originalId, original: original.state },
      prepared.decide,
    );
  } finally {
    prepared.done?.();
  }
}

async function takeDecided(
  desk: Desk,
  linked: LinkedCommand,
  intake: Intake,
  at: { readonly operation: OperationRef; readonly originalId: string; readonly original: PaymentState },
  decide: (state: PaymentState) => PaymentDecision,
): Promise<PaymentAnswer> {
  const { operationId, opened } = intake;
  const { operation, originalId } = at;
  const trial = decide(at.original);
  if (isRefused(trial)) return refuseLinked(desk, linked, intake, operation, trial.refusal);
  await desk.cards.store(opened.pan, opened.ref.token);
  const taken = await claim(desk, linked, intake, operation, originalId);
  if (taken !== undefined) return taken;
  const about = { paymentId: originalId, operationId, merchantId: linked.command.merchantId };
  const decided = await ownedIfUnknown(desk, about, () =>
    desk.streams.decide(originalId, authorOf(linked, intake), decide),
  );
  if ('refused' in decided) return refuseLinked(desk, linked, intake, operation, decided.refused);
  crashPoint('advice-stored');
  desk.owner.own(about);
  return replyOf(decided.state, operationId) ?? silence;
}
