import { businessDateAt } from '@tillstream/domain/calendar/business-date';
import { casesOf, reopen } from '@tillstream/domain/clearing/cases';
import type { ClearingDifferenceFound, ClearingFact } from '@tillstream/domain/clearing/events';
import { nothingMoved } from '@tillstream/domain/clearing/moves';
import { operationAfter, type OurOperation } from '@tillstream/domain/clearing/operations';
import { isRefused } from '@tillstream/domain/fact';
import type { PaymentFact } from '@tillstream/domain/payment/events';
import { crashPoint, derivedFactId, NO_STREAM, uuidv5, type StoredRecord } from '@tillstream/event-store';
import type { FactGroup } from '@tillstream/messaging';
import { factGroup } from '../feed-groups.ts';
import { say, type Ground } from '../ground.ts';
import { caseRow } from '../rows/case-rows.ts';
import { CASES, casesStream } from './reconcile-file.ts';

/** Name of the feed group. */
export const DECLINES = 'settlement-declines';

type Declined = Extract<PaymentFact, { type: 'AdviceDeclined' | 'RefundDeclined' | 'ReturnDeclined' }>;

const isDeclined = (fact: PaymentFact): fact is Declined =>
  fact.type === 'AdviceDeclined' || fact.type === 'RefundDeclined' || fact.type === 'ReturnDeclined';

/**
 * Gives a person what the channel declined after somebody was told yes (domain 3.5, 4.1): a refund or an advice that was answered
 * 00, and a return of ours. A return that ended a case opens that case again; all else is a case of its own.
 *
 * Ids follow from the decline, so that one taken in twice, after a `kill -9` or by two services, is one case.
 */
export class OpenCases {
  readonly #ground: Ground;

  constructor(ground: Ground) {
    this.#ground = ground;
  }

  /** The feed group. */
  group(onTaken: () => void): FactGroup {
    const concerns = (stored: StoredRecord): boolean => isDeclined(stored as unknown as PaymentFact);
    return factGroup({ group: DECLINES, nouns: ['payment'], concerns, take: (stored) => this.#take(stored), onTaken });
  }

  async #take(stored: StoredRecord): Promise<void> {
    const fact = stored as unknown as Declined;
    const caseId = fact.type === 'ReturnDeclined' ? fact.data.caseId : undefined;
    if (caseId === undefined) await this.#open(stored, fact);
    else await this.#reopen(stored, caseId, fact.data.responseCode);
  }

  async #open(stored: StoredRecord, fact: Declined): Promise<void> {
    const { operation } = fact.data;
    const about = await this.#operation(stored, fact.type === 'ReturnDeclined' ? fact.data.of : operation.operationId);
    const clearingDate = businessDateAt(Date.parse(stored.at), this.#ground.platform.cutOffMinutes);
    const stream = casesStream(about.channel, clearingDate, about.merchantId);
    const found: ClearingDifferenceFound = {
      type: 'ClearingDifferenceFound',
      version: 1,
      data: {
        caseId: uuidv5(`${stream}/declined/${operation.operationId}`, CASES),
        ...{ channel: about.channel, clearingDate, merchantId: about.merchantId, outcome: 'DECLINED', version: 0 },
        ...{ kind: about.kind, trace: about.trace, rrn: about.rrn, terminalId: about.terminalId },
        ...{ maskedCard: about.maskedCard, operationId: about.operationId, paymentId: about.paymentId },
        ...{ ours: about.posted?.amounts ?? null, theirs: null, move: nothingMoved, dates: about.dates },
      },
    };
    await this.#say(stored, stream, about.merchantId, (facts) =>
      casesOf(facts).cases.has(found.data.caseId) ? undefined : found,
    );
  }

  async #reopen(stored: StoredRecord, caseId: string, responseCode: string): Promise<void> {
    const row = await caseRow(this.#ground.platform.pool, caseId);
    // Its rows are behind: the fact comes again.
    if (row === undefined) throw new Error('a return names a case that no row has yet');
    const stream = casesStream(row.channel, row.clearingDate, row.merchantId);
    await this.#say(stored, stream, row.merchantId, (facts) => {
      const state = casesOf(facts).cases.get(caseId);
      const decision = state && reopen(state, { responseCode });
      return decision === undefined || isRefused(decision) ? undefined : decision.facts[0];
    });
  }

  /** The operation as its payment's stream tells. @throws Error when the stream does not hold it: a defect. */
  async #operation({ stream }: StoredRecord, operationId: string): Promise<OurOperation> {
    const paymentId = stream.slice('payment-'.length);
    let one: OurOperation | undefined;
    for (const stored of await this.#ground.platform.store.readStream(stream)) {
      const fact = stored as unknown as PaymentFact;
      if (!('operation' in fact.data) || fact.data.operation.operationId !== operationId) continue;
      one = operationAfter(one, fact, paymentId, stored.at);
    }
    if (one === undefined) throw new Error('a payment does not hold what the channel declined');
    return one;
  }

  async #say(
    cause: StoredRecord,
    stream: string,
    key: string,
    decide: (facts: readonly ClearingFact[]) => ClearingFact | undefined,
  ): Promise<void> {
    const id = derivedFactId(cause.id, 'case');
    for (;;) {
      const records = await this.#ground.platform.store.readStream(stream);
      if (records.some((record) => record.id === id)) return;
      const fact = decide(records as unknown as readonly ClearingFact[]);
      if (fact === undefined) return;
      const expected = records.at(-1)?.revision ?? NO_STREAM;
      const appended = await say(this.#ground, { stream, key, expected, facts: [{ id, fact }], cause });
      crashPoint('clearing-case-said');
      if (appended.ok) return;
    }
  }
}
