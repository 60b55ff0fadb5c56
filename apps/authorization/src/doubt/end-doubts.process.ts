import type { BatchFact } from '@tillstream/domain/batch/events';
import type {
  ClearingCaseResolved,
  ClearingFact,
  DoubtAnsweredByFile,
  RefundFailureReported,
} from '@tillstream/domain/clearing/events';
import { businessDateAt } from '@tillstream/domain/calendar/business-date';
import {
  answerHostOnly,
  decideByFile,
  recordRefundFailed,
  returnToPayer,
  upholdPayment,
  type PaymentDecision,
  type Returning,
} from '@tillstream/domain/payment/decide';
import { operationOf, type PaymentState } from '@tillstream/domain/payment/state';
import { isUndecided } from '@tillstream/domain/payment/undecided';
import { crashPoint, StoreUnavailable, uuidv5, type StoredRecord } from '@tillstream/event-store';
import type { FactGroup } from '@tillstream/messaging';
import { BY_US, channelOf, type Desk } from '../desk.ts';
import { operationIdOf } from '../intake/operation.ts';
import { amountsOf } from '../resolver/advices.ts';
import { askWriter, writerPattern } from '../writer/ask-writer.ts';

/** Name of the feed group. */
export const DOUBTS = 'authorization-doubts';

/**
 * The operation id of our return, derived from the id of what is returned, or of the fact by which people decided it: there is one
 * at most for each.
 */
export const returnIdOf = (causeId: string): string => uuidv5('return', causeId);

/** Types of facts by which doubt ends, or money goes back. */
const ending: ReadonlySet<string> = new Set([
  'DoubtAnsweredByFile',
  'RefundFailureReported',
  'ClearingCaseResolved',
  'BatchReconciled',
]);
const endsDoubt = ({ type }: StoredRecord): boolean => ending.has(type);

interface Place {
  readonly paymentId: string;
  readonly operationId: string;
  readonly merchantId: string;
}

/**
 * Ends doubt by what others have found out: the channel's clearing file, the terminal's upload of a batch that is closed, and two
 * people who return what a clearing case keeps, or leave with the merchant what its payment holds.
 * What follows stands in the payment's stream under ids of the fact that it answers, so a fact taken in twice is answered once;
 * a return that follows is the resolver's from then on, here or at the next start.
 */
export class EndDoubts {
  readonly #desk: Desk;

  constructor(desk: Desk) {
    this.#desk = desk;
  }

  /** The feed group; a merchant's facts stay in order, merchants do not wait for each other. */
  group(): FactGroup {
    return {
      kind: 'facts',
      group: DOUBTS,
      nouns: ['clearing', 'batch'],
      onBatch: async (facts) => {
        const byKey = Map.groupBy(facts, ({ key }) => key);
        const done = await Promise.allSettled([...byKey].map(([key, ofKey]) => this.#take(key, ofKey)));
        const failed = done.find((result) => result.status === 'rejected');
        if (failed) throw failed.reason;
      },
    };
  }

  /** What one fact ends, by the key's writer; the fact named by its place. Rejects when it cannot be read or nothing can be stored. */
  async takeAt(stream: string, revision: number): Promise<void> {
    const [stored] = await this.#desk.platform.store.readStream(stream, revision);
    if (stored?.revision !== revision) throw new StoreUnavailable(`${stream} has no revision ${revision} yet`);
    await this.#takeAll([stored]);
  }

  /** Whoever feeds this group need not be the key's writer: what changes its payments is stored by the writer, which remembers it. */
  async #take(key: string, facts: readonly StoredRecord[]): Promise<void> {
    if (this.#desk.platform.ownership.holds(key)) return this.#takeAll(facts);
    for (const { stream, revision } of facts.filter(endsDoubt))
      await askWriter<null>(this.#desk, writerPattern.endDoubt, key, { stream, revision });
  }

  async #takeAll(facts: readonly StoredRecord[]): Promise<void> {
    for (const stored of facts) {
      const fact = stored as unknown as ClearingFact | BatchFact;
      if (fact.type === 'DoubtAnsweredByFile') await this.#answered(stored, fact.data);
      if (fact.type === 'RefundFailureReported') await this.#refundFailed(stored, fact.data);
      if (fact.type === 'ClearingCaseResolved') await this.#resolved(stored, fact.data);
      if (fact.type === 'BatchReconciled') {
        for (const { kind, stan } of fact.data.differences) {
          if (kind === 'HOST_ONLY') await this.#hostOnly(stored, operationIdOf({ ...fact.data, stan }), stan);
        }
      }
    }
  }

  async #answered(stored: StoredRecord, data: DoubtAnsweredByFile['data']): Promise<void> {
    const { found, theirs, clearingDate, caseId } = data;
    const returning = await this.#returning(stored, returnIdOf(data.operationId));
    await this.#decide(stored, 'doubt', data, (state) => {
      const { operationId } = data;
      const priced = found === 'present' ? this.#priceOf(state, operationId) : null;
      return decideByFile(state, { operationId, found, theirs, clearingDate, caseId, returning, priced });
    });
  }

  /** What an advice that pays is priced by, should the file be the first to accept it. */
  #priceOf(state: PaymentState, operationId: string) {
    const operation = operationOf(state, operationId);
    const pays = operation?.kind === 'offline-sale' || operation?.kind === 'completion-advice';
    return pays ? amountsOf(this.#desk, operation) : null;
  }

  async #refundFailed(stored: StoredRecord, data: RefundFailureReported['data']): Promise<void> {
    const { operationId, clearingDate } = data;
    await this.#decide(stored, 'refund-failed', data, (state) =>
      recordRefundFailed(state, { operationId, clearingDate }),
    );
  }

  /** Two people said that the money of a case goes back to its payer (domain 4.5), each such decision by a return of its own, or stays. */
  async #resolved(stored: StoredRecord, data: ClearingCaseResolved['data']): Promise<void> {
    const { returns, upholds, caseId, merchantId } = data;
    if (upholds !== undefined) {
      const { operationId } = upholds;
      await this.#decide(stored, 'case', { ...upholds, merchantId }, (state) =>
        upholdPayment(state, { operationId, caseId }),
      );
    }
    if (returns === undefined) return;
    const { paymentId, operationId, kept } = returns;
    const returning = await this.#returning(stored, returnIdOf(stored.id));
    const place = { paymentId, operationId: returning.operationId, merchantId };
    await this.#decide(stored, 'case', place, (state) =>
      returnToPayer(state, { operationId, caseId, kept, returning }),
    );
  }

  /** The terminal's upload lacks what we approved, so it believes that it failed (domain 4.1). */
  async #hostOnly(stored: StoredRecord, operationId: string, stan: string): Promise<void> {
    const own = await this.#desk.streams.load(operationId);
    const paymentId = own.state.is === 'linked' ? own.state.originalPaymentId : operationId;
    const returning = await this.#returning(stored, returnIdOf(operationId));
    const currentClearingDate = this.#desk.clearingDay.current();
    const place = { paymentId, operationId, merchantId: stored.key };
    const said = await this.#decide(stored, `host-only/${stan}`, place, (state) =>
      answerHostOnly(state, { operationId, currentClearingDate, returning }),
    );
    if (said === 0) this.#alarm('host-only', operationId);
  }

  /** The keys under which a return goes out. They are fixed by the fact that is stored first; those of a second look are not used. */
  async #returning({ at }: StoredRecord, operationId: string): Promise<Returning> {
    const { references, platform } = this.#desk;
    const channel = channelOf(this.#desk);
    if (channel === undefined) throw new Error('the channel is not registered');
    const [rrn, trace] = await Promise.all([references.rrn(), references.trace(channel.acquirer)]);
    const tradeDate = businessDateAt(Date.parse(at), platform.cutOffMinutes);
    return { operationId, rrn, trace, tradeDate };
  }

  /** How many facts were stored; the resolver owns what is undecided after them. */
  async #decide(
    stored: StoredRecord,
    rule: string,
    { paymentId, operationId, merchantId }: Place,
    decider: (state: PaymentState) => PaymentDecision,
  ): Promise<number> {
    const { streams, owner } = this.#desk;
    const author = { by: BY_US, key: merchantId, cause: { factId: stored.id, rule } };
    const decided = await streams.decide(paymentId, author, decider);
    if ('refused' in decided) {
      this.#alarm(decided.refused, operationId);
      return 0;
    }
    crashPoint('doubt-answered');
    for (const type of decided.facts.map((fact) => fact.type)) {
      // The terminal was told that the void failed and the payer has the money all the same.
      if (type === 'VoidConfirmed') this.#alarm('void-confirmed-by-file', operationId);
    }
    for (const id of [operationId, returnIdOf(operationId)]) {
      if (!isUndecided(decided.state, id) || owner.owns(id)) continue;
      owner.own({ paymentId, operationId: id, merchantId });
    }
    return decided.facts.length;
  }

  #alarm(what: string, operationId: string): void {
    this.#desk.figures.alarm(what);
    this.#desk.platform.log.warn('alarm: an operation needs a person', { what, operationId });
  }
}
