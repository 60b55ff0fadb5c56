import { unreachable } from '@tillstream/domain/fact';
import type { PaymentAnswer } from '@tillstream/domain/payment/commands';
import { answerToRepeat } from '@tillstream/domain/payment/decide';
import { silence, type Desk } from '../desk.ts';
import { batchStanding, type BatchPlace } from './batch-standing.ts';
import { otherContent } from './card-command.ts';

/** A message that may be a repeat, and the stream in which its operation may live. */
export interface MaybeRepeat {
  readonly streamId: string;
  readonly operationId: string;
  readonly contentHash: string;
  /** Machine clock, ms. */
  readonly answerBy: number;
  /** Of a 0200: its batch, after whose end the key is used up (domain 3.10); null for an advice. */
  readonly batch: BatchPlace | null;
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
      case 'answer': {
        const usedUp = message.batch !== null && (await batchStanding(desk, message.batch)).ended;
        return repeat.alarm || usedUp ? otherContent(desk, operationId) : repeat.reply;
      }
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
