import { unreachable } from '@tillstream/domain/fact';
import type { PaymentAnswer } from '@tillstream/domain/payment/commands';
import { answerToRepeat } from '@tillstream/domain/payment/decide';
import { silence, type Desk } from '../desk.ts';
import { otherContent } from './card-command.ts';

/** A message that may be a repeat, and the stream in which its operation may live. */
export interface MaybeRepeat {
  readonly streamId: string;
  readonly operationId: string;
  readonly contentHash: string;
  /** Machine clock, ms. */
  readonly answerBy: number;
}

/**
 * The answer to a message whose operation the stream knows, waiting for its outcome until `answerBy`; undefined when it
 * is no repeat. A claim alone is none: its operation goes on in the original's stream.
 */
export async function answerRepeat(desk: Desk, message: MaybeRepeat): Promise<PaymentAnswer | undefined> {
  const { streamId, operationId, contentHash, answerBy } = message;
  let stream = await desk.streams.load(streamId);
  for (;;) {
    const repeat = answerToRepeat(stream.state, operationId, contentHash);
    switch (repeat.is) {
      case 'none':
        return undefined;
      case 'answer':
        return repeat.alarm ? otherContent(desk, operationId) : repeat.reply;
      case 'elsewhere':
        return answerRepeat(desk, { ...message, streamId: repeat.originalPaymentId });
      case 'in-flight': {
        const grown = await desk.streams.grown(streamId, stream.revision, answerBy);
        if (grown === undefined) return silence;
        stream = grown;
        break;
      }
      default:
        return unreachable(repeat);
    }
  }
}
