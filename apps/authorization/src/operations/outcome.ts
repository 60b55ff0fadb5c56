import type { PaymentAnswer } from '@tillstream/domain/payment/commands';
import { recordDecline, recordNoAnswer, replyOf, type PaymentDecision } from '@tillstream/domain/payment/decide';
import type { ChannelTrace } from '@tillstream/domain/payment/parts';
import { isApprovalCode } from '@tillstream/domain/payment/refusals';
import { isUndecided } from '@tillstream/domain/payment/undecided';
import type { PaymentState } from '@tillstream/domain/payment/state';
import { crashPoint } from '@tillstream/event-store';
import type { ChannelAnswer } from '../channel/card-network.ts';
import { byChannel, silence, type Desk } from '../desk.ts';
import { isOvertaken, type BatchPlace } from './batch-standing.ts';

/** F39 of what never left us: the channel cannot be reached (domain 2.5). */
const UNREACHABLE = '91';

/** An operation whose intent is stored. */
export interface Asked {
  readonly streamId: string;
  readonly operationId: string;
  readonly merchantId: string;
  readonly trace: ChannelTrace;
  /** Machine clock, ms. */
  readonly answerBy: number;
  /** Machine clock, ms, when the channel was asked. */
  readonly askedAt: number;
  readonly acquirer: string;
}

/** An answer that says yes. */
export type Approved = Extract<ChannelAnswer, { is: 'answered' }>;

/** How a yes is recorded; `now` is the machine clock when it came, ms. */
export type RecordApproved = (
  state: PaymentState,
  answer: Approved,
  now: number,
  reversalTrace: ChannelTrace,
) => PaymentDecision;

/** What came of a request: the channel's answer, or a yes to what the end of its batch has overtaken. */
export type Heard = ChannelAnswer | { readonly is: 'overtaken' };

/**
 * Asks the channel once, so long that its outcome can still be stored and said before `answerBy`. Meanwhile the batch is read once
 * more: what ended it between the first look and the intent counted nothing of this, and settlement waits for an intent that it sees.
 */
export async function askChannel(
  desk: Desk,
  command: BatchPlace & { readonly answerBy: number },
  send: (timeoutMs: number) => Promise<ChannelAnswer>,
): Promise<Heard> {
  const { settings, platform, figures } = desk;
  crashPoint('payment-intent-stored');
  const started = platform.machineClock.now();
  // The intent is stored, so a failure on the way is an outcome too; what may have left us is in doubt.
  const timeoutMs = Math.min(settings.channelTimeoutMs, command.answerBy - settings.marginMs - started);
  const overtaken = isOvertaken(desk, command);
  const answer = await send(timeoutMs).catch((error: Error): ChannelAnswer => {
    platform.log.error('a request to the channel failed', { why: error.message });
    return { is: 'no-answer' };
  });
  figures.asked(answer.is, platform.machineClock.now() - started);
  crashPoint('channel-answered');
  const isYes = answer.is === 'answered' && isApprovalCode(answer.responseCode);
  return isYes && (await overtaken) ? { is: 'overtaken' } : answer;
}

/**
 * Stores what came of a request and gives the answer to the terminal, made from the facts alone. What is undecided after it
 * is the resolver's, also when nothing could be stored: then we are silent.
 */
export async function conclude(
  desk: Desk,
  asked: Asked,
  answer: Heard,
  recordApproved: RecordApproved,
): Promise<PaymentAnswer> {
  const { streamId, operationId, merchantId, trace, answerBy, askedAt, acquirer } = asked;
  const { machineClock, log } = desk.platform;
  const now = machineClock.now();
  const channelMs = now - askedAt;
  if (answer.is === 'no-answer' || answer.is === 'untrusted') {
    desk.unanswered.remember(trace, { paymentId: streamId, operationId, merchantId });
  }
  try {
    const reversalTrace = await desk.references.trace(acquirer);
    const decider = deciderFor(operationId, answer, now, reversalTrace, recordApproved);
    const { state } = await desk.streams.decide(streamId, { by: byChannel(desk), key: merchantId }, decider);
    crashPoint('payment-outcome-stored');
    if (isUndecided(state, operationId)) desk.owner.own({ paymentId: streamId, operationId, merchantId });
    const reply = replyOf(state, operationId);
    return { ...(reply === null || machineClock.now() > answerBy ? silence : reply), channelMs };
  } catch (error) {
    log.error('an outcome could not be stored', { operationId, why: (error as Error).message });
    desk.owner.own({ paymentId: streamId, operationId, merchantId, delayMs: desk.settings.retryMs[0] ?? 1_000 });
    return { ...silence, channelMs };
  }
}

function deciderFor(
  operationId: string,
  answer: Heard,
  now: number,
  reversalTrace: ChannelTrace,
  recordApproved: RecordApproved,
): (state: PaymentState) => PaymentDecision {
  switch (answer.is) {
    case 'answered': {
      if (isApprovalCode(answer.responseCode)) return (state) => recordApproved(state, answer, now, reversalTrace);
      const { responseCode, clearingDate } = answer;
      return (state) => recordDecline(state, { operationId, responseCode, clearingDate, now, reversalTrace });
    }
    case 'not-sent':
      return (state) =>
        recordDecline(state, { operationId, responseCode: UNREACHABLE, clearingDate: null, now, reversalTrace });
    case 'no-answer':
    case 'untrusted': {
      const cause = answer.is === 'no-answer' ? 'no-answer' : 'answer-untrusted';
      return (state) => recordNoAnswer(state, { operationId, cause, reversalTrace });
    }
    case 'overtaken':
      return (state) => recordNoAnswer(state, { operationId, cause: 'batch-ended', reversalTrace });
  }
}
