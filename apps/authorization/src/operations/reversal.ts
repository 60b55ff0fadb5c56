import type { PaymentAnswer, ReverseOperation } from '@tillstream/domain/payment/commands';
import { reverseByTerminal, type PaymentDecision, type TerminalReversal } from '@tillstream/domain/payment/decide';
import { alarming, responseCodeOf } from '@tillstream/domain/payment/refusals';
import type { PaymentFact } from '@tillstream/domain/payment/events';
import { evolvePayment } from '@tillstream/domain/payment/evolve';
import { newPayment, operationOf, type PaymentState } from '@tillstream/domain/payment/state';
import { streamOf } from '@tillstream/domain/stream';
import { isUndecided } from '@tillstream/domain/payment/undecided';
import { crashPoint } from '@tillstream/event-store';
import { byTerminal, channelOf, replyWith, silence, type Desk } from '../desk.ts';
import { operationIdOf } from '../intake/operation.ts';
import { batchStanding } from './batch-standing.ts';
import { ownedIfUnknown } from './unknown-append.ts';

/** The operation turned out to live in another stream while we decided. */
class LivesElsewhere extends Error {}

/**
 * Takes an 0400 up by its key (domain 3.3): answered once what follows is durable, and silent when nothing can be stored,
 * so that the terminal keeps it. It joins nothing and no limit or load refuses it.
 */
export async function takeReversal(desk: Desk, command: ReverseOperation): Promise<PaymentAnswer> {
  if (desk.platform.machineClock.now() > command.answerBy) return silence;
  const operationId = operationIdOf(command);
  const { acquirer, merchantId, terminalId, batch, stan, reason } = command;
  const channel = channelOf(desk);
  const trace = await desk.references.trace(channel?.acquirer ?? acquirer);
  const { settledAt } = await batchStanding(desk, { acquirer, terminalId, batch });
  const key = { operationId, merchantId, terminalId, batch, stan };
  for (;;) {
    const own = await desk.streams.load(operationId);
    const paymentId = own.state.is === 'linked' ? own.state.originalPaymentId : operationId;
    const batchSettled = settledAt !== null && (await wasApprovedBefore(desk, paymentId, operationId, settledAt));
    const reversal: TerminalReversal = { key, reason, trace, batchSettled };
    try {
      return await reverseIn(desk, paymentId, command, reversal);
    } catch (error) {
      if (!(error instanceof LivesElsewhere)) throw error;
    }
  }
}

/**
 * Whether the totals that agreed counted the operation: a terminal that lost its 0510 may have traded on in the same batch, and
 * what it reverses of that was in no comparison.
 */
async function wasApprovedBefore(
  { platform }: Desk,
  paymentId: string,
  operationId: string,
  settledAt: bigint,
): Promise<boolean> {
  let state: PaymentState = newPayment;
  for (const { type, version, data, position } of await platform.store.readStream(streamOf.payment(paymentId))) {
    if (position >= settledAt) return false;
    state = evolvePayment(state, { type, version, data } as PaymentFact);
    if (operationOf(state, operationId)?.standing.is === 'approved') return true;
  }
  return false;
}

async function reverseIn(
  desk: Desk,
  paymentId: string,
  command: ReverseOperation,
  reversal: TerminalReversal,
): Promise<PaymentAnswer> {
  const { operationId, merchantId } = reversal.key;
  let responseCode = '00';
  const decider = (state: PaymentState): PaymentDecision => {
    if (state.is === 'linked') throw new LivesElsewhere();
    const decision = reverseByTerminal(state, reversal);
    if ('responseCode' in decision) ({ responseCode } = decision);
    return decision;
  };
  const author = { by: byTerminal(command), key: merchantId, correlation: command.correlation };
  const about = { paymentId, operationId, merchantId };
  const decided = await ownedIfUnknown(desk, about, () => desk.streams.decide(paymentId, author, decider));
  const rrn = operationOf(decided.state, operationId)?.ref.rrn ?? null;
  if ('refused' in decided) {
    if (alarming.has(decided.refused)) {
      desk.figures.alarm(decided.refused);
      desk.platform.log.warn('alarm: a reversal was refused', { refusal: decided.refused, operationId });
    }
    return replyWith(responseCodeOf[decided.refused], rrn);
  }
  crashPoint('reversal-stored');
  const begun = decided.facts.some(({ type }) => type === 'ReversalRequested');
  // One whose append got no answer is owned by nobody before it is repeated.
  const unowned = !desk.owner.owns(operationId) && isUndecided(decided.state, operationId);
  if (begun || unowned) desk.owner.own(about);
  return replyWith(responseCode, rrn);
}
