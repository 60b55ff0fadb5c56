import { requestClose, type CloseRefusal, type ClosingBatch } from '@tillstream/domain/batch/close';
import type { BatchRef } from '@tillstream/domain/batch/events';
import type { BatchState } from '@tillstream/domain/batch/state';
import { isRefused } from '@tillstream/domain/fact';
import { streamOf } from '@tillstream/domain/stream';
import { crashPoint, type StoredRecord } from '@tillstream/event-store';
import { Problem } from '@tillstream/service-kit';
import { idOf, say, type Ground } from '../ground.ts';
import { loadBatch } from './batch-streams.ts';

/** A batch by its number. */
export type BatchPlace = Omit<BatchRef, 'merchantId'>;

/** What a request came to. */
export interface CloseSaid {
  /** False when the same was stored before. */
  readonly created: boolean;
  readonly batch: BatchRef;
  readonly state: BatchState['is'];
}

const mostAttempts = 5;

const refusals: Readonly<Record<CloseRefusal, { readonly status: number; readonly title: string }>> = {
  'batch-never-opened': { status: 404, title: 'There is no such batch' },
  'batch-not-open': { status: 409, title: 'Its terminal ends the batch itself, or has ended it' },
};

/**
 * Asks that batches be closed in the host's name (domain S11). The request is one append to the batch's stream; whoever feeds the batches
 * closes it when nothing in it is in flight (`AnswerBatches`), so a `kill -9` after it leaves a question that is answered at the next start.
 */
export class CloseBatches {
  readonly #ground: Ground;

  constructor(ground: Ground) {
    this.#ground = ground;
  }

  /** @param cause the fact that asks for it, when no person does @throws Problem 404, 409 with the refusal, 503 when others are at work on it. */
  async request(place: BatchPlace, closing: ClosingBatch, cause?: StoredRecord): Promise<CloseSaid> {
    const stream = streamOf.batch(place);
    for (let attempt = 0; attempt < mostAttempts; attempt += 1) {
      const { state, revision } = await loadBatch(this.#ground.platform.store, stream);
      const decision = requestClose(state, closing);
      if (isRefused(decision)) throw new Problem({ code: decision.refusal, ...refusals[decision.refusal] });
      if (state.is === 'NONE') throw new Error('a batch that was never opened is refused');
      const [fact] = decision.facts;
      if (fact === undefined) return { created: false, batch: state.ref, state: state.is };
      const appended = await say(this.#ground, {
        ...{ stream, key: state.ref.merchantId, expected: revision, by: closing.by },
        facts: [{ id: idOf(stream, revision + 1, fact.type), fact }],
        ...(cause && { cause }),
      });
      crashPoint('batch-asked');
      if (appended.ok) return { created: true, batch: state.ref, state: state.is };
    }
    throw new Problem({ status: 503, code: 'busy', title: 'The terminal is at work on this batch; try again' });
  }
}
