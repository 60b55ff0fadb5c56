import {
  approve,
  assign,
  casesOf,
  isOver,
  propose,
  type CaseRefusal,
  type ClearingCase,
} from '@tillstream/domain/clearing/cases';
import { resolutionsOf } from '@tillstream/domain/clearing/resolutions';
import type { CaseResolution, ClearingCaseFact, ClearingFact } from '@tillstream/domain/clearing/events';
import { isRefused, refuse, type Decision } from '@tillstream/domain/fact';
import { NO_STREAM } from '@tillstream/event-store';
import { fen } from '@tillstream/money';
import { Problem } from '@tillstream/service-kit';
import { idOf, say, type Ground } from '../ground.ts';
import { caseRow, openCaseRows, type CaseRow } from '../rows/case-rows.ts';
import type { CasePage, CaseView } from './case-bodies.ts';
import { casesStream } from './reconcile-file.ts';

const DAY_MS = 86_400_000;
const mostAttempts = 5;
/** The payment's own facts took the item out of suspense. */
const BY_PAYMENT = 'RESOLVED_BY_PAYMENT';

/** What each refusal is over HTTP. */
const refusals: Readonly<Record<CaseRefusal, string>> = {
  'case-is-over': 'The case is over',
  'resolution-does-not-fit': 'A case of this kind cannot end so; see resolutions',
  'fee-out-of-range':
    'A fee goes with a supplement, or with an item that only the file has, and is never above its amount',
  'nothing-proposed': 'Nobody has proposed an end; one person proposes, another one approves',
  'needs-second-person': 'Who proposed it cannot approve it',
  'payment-decides': 'The payment itself is on its way to an end; people decide only if that fails',
};

/** What a person's word about a case came to. */
export interface CaseSaid {
  /** False when the same was said before. */
  readonly created: boolean;
  readonly answer: CaseView;
}

/**
 * What people decide about clearing cases (domain 4.5): who owns one, how it should end, and, a second person, that it ends so.
 * Each is one append to the case's stream with an id that follows from its place; two at once are said one after the other.
 * `kill -9`: what is stored stands, and the books follow from it.
 */
export class ClearingCases {
  readonly #ground: Ground;

  constructor(ground: Ground) {
    this.#ground = ground;
  }

  /** Cases that are not over, oldest first. */
  async list(after: string | undefined, limit: number): Promise<CasePage> {
    const rows = await openCaseRows(this.#ground.platform.pool, limit + 1, after);
    const items = rows.slice(0, limit).map((row) => this.#viewOf(row));
    return { items, next: rows.length > limit ? (items.at(-1)?.caseId ?? null) : null };
  }

  /** @throws Problem 404 when there is no such case. */
  async read(caseId: string): Promise<CaseView> {
    const row = await this.#row(caseId);
    const stream = casesStream(row.channel, row.clearingDate, row.merchantId);
    const records = await this.#ground.platform.store.readStream(stream);
    return this.#viewOf(row, casesOf(records as unknown as readonly ClearingFact[]).cases.get(caseId));
  }

  /** @throws Problem 404, 409 with the refusal. */
  assign(caseId: string, owner: string, by: string): Promise<CaseSaid> {
    return this.#say(caseId, by, (state) => assign(state, { owner: person(owner), by: person(by) }));
  }

  /** @throws Problem 404, 409 with the refusal. */
  propose(
    caseId: string,
    proposal: { readonly resolution: CaseResolution; readonly fee: number; readonly by: string; readonly note: string },
  ): Promise<CaseSaid> {
    const { resolution, fee, by, note } = proposal;
    const command = { resolution, fee: fen(fee), by: person(by), note };
    return this.#say(caseId, by, (state, row) =>
      isWithPayment(state, row) ? refuse('payment-decides') : propose(state, command),
    );
  }

  /** @throws Problem 404, 409 with the refusal. */
  approve(caseId: string, by: string): Promise<CaseSaid> {
    return this.#say(caseId, by, (state, row) =>
      isWithPayment(state, row) ? refuse('payment-decides') : approve(state, { by: person(by) }),
    );
  }

  async #row(caseId: string): Promise<CaseRow> {
    const row = await caseRow(this.#ground.platform.pool, caseId);
    if (row === undefined) throw new Problem({ status: 404, code: 'not-found', title: 'There is no such case' });
    return row;
  }

  async #say(
    caseId: string,
    by: string,
    decide: (state: ClearingCase, row: CaseRow) => Decision<ClearingCaseFact, CaseRefusal>,
  ): Promise<CaseSaid> {
    const row = await this.#row(caseId);
    if (row.status === BY_PAYMENT) throw problem('case-is-over');
    const stream = casesStream(row.channel, row.clearingDate, row.merchantId);
    for (let attempt = 0; attempt < mostAttempts; attempt += 1) {
      const records = await this.#ground.platform.store.readStream(stream);
      const facts = records as unknown as readonly ClearingFact[];
      const state = casesOf(facts).cases.get(caseId);
      if (state === undefined) throw new Error('a row names a case that its stream does not hold');
      const decision = decide(state, row);
      if (isRefused(decision)) throw problem(decision.refusal);
      const [fact] = decision.facts;
      if (fact === undefined) return { created: false, answer: this.#viewOf(row, state) };
      const revision = (records.at(-1)?.revision ?? NO_STREAM) + 1;
      const appended = await say(this.#ground, {
        ...{ stream, key: row.merchantId, expected: revision - 1, by: person(by) },
        facts: [{ id: idOf(stream, revision, `${fact.type} ${JSON.stringify(fact.data)}`), fact }],
      });
      if (!appended.ok) continue;
      const after = casesOf([...facts, fact]).cases.get(caseId);
      return { created: true, answer: this.#viewOf(row, after) };
    }
    throw new Problem({ status: 503, code: 'busy', title: 'Others are at work on this merchant’s cases; try again' });
  }

  #viewOf(row: CaseRow, state?: ClearingCase): CaseView {
    const { found, caseId, channel, clearingDate, merchantId, outcome, suspense, foundAt } = row;
    const { kind, paymentId, rrn, terminalId, maskedCard, ours, theirs, move } = found;
    const ageDays = Math.floor((this.#ground.platform.businessClock.now().getTime() - Date.parse(foundAt)) / DAY_MS);
    const { resolution, proposedBy, note, fee } = row;
    const proposed = resolution === null ? null : { resolution, fee, by: proposedBy, note };
    const proposal = state?.proposal ?? null;
    const over = row.isOver || (state !== undefined && isOver(state));
    return {
      ...{ caseId, channel, clearingDate, merchantId, outcome, kind, paymentId, rrn, terminalId, maskedCard },
      ...{ ours, theirs, suspense, hold: move.hold, foundAt, ageDays, ageing: bucketOf(ageDays) },
      status: row.status === BY_PAYMENT ? 'RESOLVED' : (state?.status ?? row.status),
      withPayment: row.withPayment && !row.returnDeclined && !over,
      owner: (state ? state.owner : row.owner)?.replace(/^operator:/, '') ?? null,
      proposal: proposal
        ? { resolution: proposal.resolution, fee: proposal.fee, by: proposal.by, note: proposal.note }
        : proposed,
      resolutions: over ? [] : resolutionsOf(found),
      escalated: !over && ageDays > 7,
    };
  }
}

const isWithPayment = (state: ClearingCase, row: CaseRow): boolean => state.withPayment && !row.returnDeclined;

const person = (name: string): string => `operator:${name}`;

const problem = (refusal: CaseRefusal): Problem =>
  new Problem({ status: 409, code: refusal, title: refusals[refusal] });

/** Ageing of domain 4.5. */
function bucketOf(days: number): string {
  if (days <= 1) return 'D1';
  if (days <= 3) return 'D2-3';
  if (days <= 7) return 'D4-7';
  return days <= 30 ? 'D8-30' : '>30';
}
