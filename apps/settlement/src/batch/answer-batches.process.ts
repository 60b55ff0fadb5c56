import { hostClose } from '@tillstream/domain/batch/close';
import { compareTotals, openForPayment, reconcile } from '@tillstream/domain/batch/decide';
import type { BatchFact } from '@tillstream/domain/batch/events';
import type { HostItem } from '@tillstream/domain/batch/items';
import { isBatchNumber } from '@tillstream/domain/batch/number';
import type { BatchState } from '@tillstream/domain/batch/state';
import { totalsOf } from '@tillstream/domain/batch/totals';
import type { OperationRef } from '@tillstream/domain/payment/events';
import { streamOf } from '@tillstream/domain/stream';
import { crashPoint, derivedFactId, NO_STREAM, type StoredRecord } from '@tillstream/event-store';
import type { RowBatch, RowGroup } from '@tillstream/messaging';
import { LIVE_SCHEMA, useSchema } from '@tillstream/service-kit';
import type { PoolClient } from 'pg';
import { say, type Ground } from '../ground.ts';
import { answerable, batchModel, hostItemsAt, type Answerable } from './batch.model.ts';
import { loadBatch } from './batch-streams.ts';

const mostKnown = 50_000;

/**
 * Answers by facts: a batch number's first payment fact opens it, a question (a terminal's 0500 or end of an upload, a request that the
 * host close the batch) gets its outcome. A question is a fact under the merchant's key, so every earlier payment fact of the merchant has been taken in, and
 * the items are compared as they stood at the question's position (design 9). What was in flight there is waited for.
 *
 * `kill -9`: facts are appended before the transaction of rows and checkpoint commits. If it does not commit, the same facts
 * come again, lead to the same ids, and the store answers as it did the first time.
 */
export class AnswerBatches {
  readonly #ground: Ground;
  readonly #known = new Set<string>();
  /** The last question of a batch that has its answer in the store, until that is taken in. */
  readonly #answered = new Map<string, bigint>();

  constructor(ground: Ground) {
    this.#ground = ground;
  }

  /** The feed group: rows of {@link batchModel} and, in the same order, the answers. */
  group(onTaken: () => void): RowGroup {
    return {
      kind: 'rows',
      group: batchModel.name,
      nouns: batchModel.nouns,
      onBatch: async (batch) => {
        await this.#take(batch);
        onTaken();
      },
    };
  }

  async #take({ facts, client }: RowBatch): Promise<void> {
    await useSchema(client, LIVE_SCHEMA);
    await batchModel.apply(facts, client);
    await Promise.all([...this.#unseen(facts)].map(([stream, first]) => this.#open(stream, first)));
    for (const asked of await answerable(client)) await this.#answer(asked, client);
  }

  /** First payment fact of each batch that is not known to be opened. */
  #unseen(facts: readonly StoredRecord[]): Map<string, StoredRecord> {
    const first = new Map<string, StoredRecord>();
    for (const stored of facts) {
      const stream = batchStreamOf(stored);
      if (stream === undefined || this.#known.has(stream) || first.has(stream)) continue;
      if (stored.type === 'BatchOpened') this.#remember(stream);
      else first.set(stream, stored);
    }
    return first;
  }

  #remember(stream: string): void {
    if (this.#known.size >= mostKnown) this.#known.clear();
    this.#known.add(stream);
  }

  async #open(stream: string, first: StoredRecord): Promise<void> {
    const { state } = await loadBatch(this.#ground.platform.store, stream);
    const operation = operationOf(first);
    const [opened] = operation ? openForPayment(state, operation) : [];
    if (opened) {
      // A conflict means that the batch was opened in the meantime, which is all that is wanted.
      await say(this.#ground, {
        stream,
        key: opened.data.merchantId,
        expected: NO_STREAM,
        facts: [{ id: derivedFactId(first.id, 'batch-opened'), fact: opened }],
        cause: first,
      });
    }
    this.#remember(stream);
  }

  async #answer({ batch, question: asked, at }: Answerable, client: PoolClient): Promise<void> {
    const stream = streamOf.batch(batch);
    if (this.#answered.get(stream) === asked) return;
    const { store } = this.#ground.platform;
    const question = (await store.readStream(stream)).find(({ position }) => position === asked);
    if (question === undefined) throw new Error(`the question at ${asked} is not in ${stream}`);
    const { state } = await loadBatch(store, stream, question.revision);
    const items = await hostItemsAt(client, batch, at);
    const outcome = outcomeOf(question.type as BatchFact['type'], state, items);
    if (outcome.length === 0) return;
    // A conflict means that it is answered, or that the terminal has asked anew and that question is answered instead.
    const appended = await say(this.#ground, {
      stream: question.stream,
      key: question.key,
      expected: question.revision,
      facts: outcome.map((fact, n) => ({ id: derivedFactId(question.id, 'batch-outcome', n), fact })),
      cause: question,
    });
    crashPoint('batch-answered');
    if (this.#answered.size >= mostKnown) this.#answered.clear();
    this.#answered.set(stream, asked);
    if (appended.ok) this.#look(outcome, question.stream);
  }

  /** Terminal and host disagree: a person looks at it (domain 4.1). */
  #look(outcome: readonly BatchFact[], stream: string): void {
    for (const fact of outcome) {
      if (fact.type === 'BatchReconciled' && fact.data.outcome === 'SETTLED_WITH_DIFF') {
        const differences = fact.data.differences.map(({ kind, stan }) => `${kind} ${stan}`);
        this.#ground.alarms.raise('batch-settled-with-differences', stream, { differences });
      }
    }
  }
}

/** What a question comes to. */
function outcomeOf(question: BatchFact['type'], state: BatchState, items: readonly HostItem[]): readonly BatchFact[] {
  switch (question) {
    case 'BatchTotalsPresented':
      return compareTotals(state, totalsOf(items));
    case 'BatchCloseRequested':
      return hostClose(state, totalsOf(items));
    default:
      return reconcile(state, items);
  }
}

/** A fact under its own stream's key (a claim of a STAN, a refusal) does not stand in the merchant's order. */
function operationOf(stored: StoredRecord): OperationRef | undefined {
  if (!stored.stream.startsWith('payment-') || stored.key === stored.stream) return undefined;
  const operation = (stored.data as { readonly operation?: OperationRef }).operation;
  return operation && isBatchNumber(operation.batch) ? operation : undefined;
}

function batchStreamOf(stored: StoredRecord): string | undefined {
  if (stored.type === 'BatchOpened') return stored.stream;
  const operation = operationOf(stored);
  return operation && streamOf.batch(operation);
}
