import fc from 'fast-check';
import { fen } from '@tillstream/money';
import { isRefused } from '../fact.ts';
import type { Amounts } from '../fact.ts';
import type { PaymentFact } from './events.ts';
import * as decide from './decide.ts';
import { evolvePayment } from './evolve.ts';
import { heldOf, liveRefunds, netOf, newPayment, operationsOf, postedNet } from './state.ts';
import type { Payment, PaymentState } from './state.ts';
import { effectOf } from './parts.ts';
import {
  adviceRequest,
  completionRequest,
  DAY,
  heldContext,
  preAuthApproval,
  preAuthIntent,
  preAuthVoidRequest,
  NEXT_DAY,
  operation,
  priced,
  refundContext,
  refundRequest,
  saleApproval,
  saleIntent,
  trace,
  voidContext,
  voidRequest,
} from './testing.ts';

type Beginning = 'sale' | 'pre-auth';
/** Operations by the first word of their id; what may stand on a sale, and what on a hold. */
const idsOf = {
  sale: ['sale', 'void-1', 'void-2', 'refund-1', 'refund-2', 'refund-3'],
  'pre-auth': [
    ...['pre-auth', 'freeing-1', 'completion-1', 'completion-2', 'advice-1'],
    ...['cancelling-1', 'cancelling-2', 'refund-1', 'refund-2'],
  ],
} as const;
type Id = (typeof idsOf)[Beginning][number];
type Word = 'sale' | 'pre' | 'void' | 'refund' | 'freeing' | 'completion' | 'advice' | 'cancelling';
const wordOf = (id: Id): Word => id.split('-')[0] as Word;
const stepOf = (beginning: Beginning) =>
  fc.record({
    act: fc.constantFrom(
      ...([
        'ask',
        'ask',
        'ask',
        'yes',
        'yes',
        'yes',
        'no',
        'none',
        'undo',
        'undone',
        'undone',
        'late',
        'expire',
      ] as const),
    ),
    id: fc.constantFrom<Id>(...idsOf[beginning]),
    amount: fc.integer({ min: 1, max: 120_000 }),
    code: fc.constantFrom('00', '25', '12', '96'),
    now: fc.constantFrom(0, 0, 0, 2_000),
  });
type Step = ReturnType<typeof stepOf> extends fc.Arbitrary<infer S> ? S : never;
type Policy = 'PROPORTIONAL' | 'NONE';
const reversalTrace = trace('r');
const priceOf = (amount: number) => ({ ...priced, amount: fen(amount), fee: fen(Math.floor(amount / 200)) });
const amountOf = (state: PaymentState, operationId: string): number =>
  state.is === 'payment' ? (operationsOf(state).find(({ ref }) => ref.operationId === operationId)?.amount ?? 0) : 0;

function ask(state: PaymentState, { id, amount }: Step, policy: Policy) {
  switch (wordOf(id)) {
    case 'sale':
      return decide.requestSale(state, saleIntent(), 0);
    case 'pre':
      return decide.requestSale(state, preAuthIntent(), 0);
    case 'void':
      return decide.requestVoid(state, voidRequest(id), voidContext());
    case 'cancelling': {
      const credited = fen(state.is === 'payment' ? (state.priced?.amounts.amount ?? 1) : 1);
      const request = voidRequest(id, { operation: operation(id, 'completion-void'), amount: credited });
      return decide.requestVoid(state, request, voidContext());
    }
    case 'freeing':
      return decide.requestPreAuthVoid(state, preAuthVoidRequest(id), heldContext());
    case 'completion':
      return decide.requestCompletion(state, completionRequest(id, { amount: fen(amount) }), heldContext());
    case 'advice':
      return decide.requestCompletionAdvice(state, adviceRequest(id, { amount: fen(amount) }), 0);
    case 'refund': {
      const other = { operation: operation(id, 'refund', { stan: `0000${id.at(-1)}`, batch: '2' }) };
      const original = { rrn: null, authCode: null };
      return decide.requestRefund(
        state,
        refundRequest(id, amount, { ...other, original }),
        refundContext({ returns: { fee: policy, cost: policy } }),
      );
    }
  }
}

function accepted(state: PaymentState, { id: operationId, now }: Step) {
  const answer = { operationId, responseCode: '00', authCode: '1', clearingDate: DAY, now, reversalTrace };
  const amounts = priceOf(amountOf(state, operationId));
  switch (wordOf(operationId)) {
    case 'sale':
      return decide.recordApproval(state, saleApproval({ now }));
    case 'pre':
      return decide.recordPreAuthApproved(state, preAuthApproval({ now }));
    case 'completion':
      return decide.recordApproval(state, saleApproval({ operationId, now, amounts }));
    case 'advice':
      return decide.recordAdviceApproved(state, { operationId, authCode: '1', clearingDate: DAY, amounts });
    case 'void':
    case 'cancelling':
      return decide.recordVoidAccepted(state, answer);
    case 'freeing':
      return decide.recordPreAuthVoided(state, answer);
    case 'refund':
      return decide.recordRefundAccepted(state, { operationId, authCode: '1', clearingDate: NEXT_DAY });
  }
}

function decided(state: PaymentState, one: Step, policy: Policy) {
  const operationId = one.id;
  if (one.act === 'ask') return ask(state, one, policy);
  // Only with the last of the codes, so that most histories go on for a while.
  if (one.act === 'expire') return one.code === '96' ? decide.expirePreAuth(state, '2026-12-24') : null;
  const key = { operationId, merchantId: 'm', terminalId: 't', batch: 'b', stan: 's' };
  if (one.act === 'undo')
    return decide.reverseByTerminal(state, { key, reason: '98', trace: reversalTrace, batchSettled: false });
  // The channel answers only what it was asked.
  if (state.is !== 'payment' || !operationsOf(state).some((known) => known.ref.operationId === operationId))
    return null;
  const answer = { operationId, responseCode: '00', authCode: '1', clearingDate: DAY, now: one.now, reversalTrace };
  const word = wordOf(operationId);
  const isAdvice = word === 'refund' || word === 'advice';
  switch (one.act) {
    case 'yes':
      return accepted(state, one);
    case 'no':
      if (word === 'refund') return decide.recordRefundDeclined(state, { operationId, responseCode: '57' });
      if (word === 'advice') return decide.recordAdviceDeclined(state, { operationId, responseCode: '57' });
      return decide.recordDecline(state, { ...answer, responseCode: '51' });
    default:
      if (isAdvice) return null;
      if (one.act === 'none') return decide.recordNoAnswer(state, { operationId, cause: 'no-answer', reversalTrace });
      if (one.act === 'late') return decide.recordLateAnswer(state, answer);
      return decide.recordReversalAnswer(state, { operationId, responseCode: one.code, clearingDate: DAY });
  }
}

const refunds = idsOf.sale.slice(3);

/** Plain and fast: a broken invariant shows by its line and the shrunk example. */
function must(holds: boolean): void {
  if (!holds) throw new Error('an invariant is broken');
}

/** A ledger that knows nothing but the facts: J1, J2, J3 and J12 of domain 4.6. */
class Oracle {
  posted = 0;
  /** Σ of what the channel took of the payer and has not given back, fen. */
  captured = 0;
  readonly held = new Map<string, number>();
  post(fact: PaymentFact): void {
    if (!('operation' in fact.data)) return;
    const { operationId } = fact.data.operation;
    const before = this.held.get(operationId) ?? 0;
    if ('hold' in fact.data && fact.data.hold !== 0) {
      must(fact.data.hold > 0);
      must(before === 0);
      this.held.set(operationId, fact.data.hold);
      must(this.total() <= this.posted);
    }
    if ('release' in fact.data) {
      must(fact.data.release === before);
      this.held.delete(operationId);
    }
    if (fact.type === 'PaymentApproved') this.move(fact.data, 1);
    if (fact.type === 'PaymentVoided' || fact.type === 'RefundAccepted') this.move(fact.data, -1);
    if (fact.type === 'PaymentReversed' && fact.data.undone) this.move(fact.data.undone, -1);
    if (fact.type === 'VoidReversed' && fact.data.restored) this.move(fact.data.restored, 1);
  }
  move(parts: Amounts, sign: 1 | -1): void {
    this.posted += sign * netOf(parts);
    this.captured += sign * parts.amount;
  }
  total = (): number => [...this.held.values()].reduce((a, b) => a + b, 0);
}

const standsNow = ({ standing }: { standing: { is: string } }) => !['declined', 'reversed'].includes(standing.is);

/** What must hold of a payment whatever happened to it. */
function mustHold(state: Payment, oracle: Oracle, policy: Policy): void {
  const refunded = liveRefunds(state).reduce((total, refund) => total + refund.amount, 0);
  const credited = state.priced?.amounts.amount ?? 0;
  must(refunded <= credited);
  // A void that the channel declined and later said yes to is being undone whatever came in between.
  const voided = state.linked.some((one) => one.kind === 'void' && standsNow(one) && !one.approvedLate);
  must(!(voided && refunded > 0));
  must(postedNet(state) === oracle.posted);
  must(heldOf(state) === oracle.total());
  if (policy === 'PROPORTIONAL' && refunded < credited) must(oracle.posted >= 0);
  if (state.first.kind !== 'pre-auth') return;
  must(oracle.captured <= decide.completionLimit(priced.amount));
  // At the channel a hold is captured once, or freed: never both, and never twice (domain 3.6).
  const captures = state.linked.filter((one) => effectOf[one.kind] === 'pays' && one.standing.is === 'approved');
  const cancels = state.linked.filter((one) => effectOf[one.kind] === 'cancels' && one.standing.is === 'approved');
  must(captures.length - cancels.length <= 1);
  const freed = state.linked.some((one) => one.kind === 'pre-auth-void' && one.standing.is === 'approved');
  must(!(freed && captures.length > cancels.length));
}

const beginsWith = (beginning: Beginning): Step => ({ act: 'ask', id: beginning, amount: 1, code: '00', now: 0 });

function run(beginning: Beginning, steps: readonly Step[], policy: Policy) {
  let state: PaymentState = newPayment;
  const oracle = new Oracle();
  const said: PaymentFact[] = [];
  for (const one of [beginsWith(beginning), ...steps]) {
    const decision = decided(state, one, policy);
    if (decision === null || isRefused(decision)) continue;
    for (const fact of decision.facts) {
      state = evolvePayment(state, fact);
      oracle.post(fact);
      said.push(fact);
    }
    if (state.is === 'payment') mustHold(state, oracle, policy);
  }
  return { state, oracle, said };
}

const property = (beginning: Beginning, policy: Policy) =>
  fc.assert(
    fc.property(fc.array(stepOf(beginning), { maxLength: 60 }), (steps) => {
      run(beginning, steps, policy);
    }),
    { numRuns: 500 },
  );

const reached = (beginning: Beginning): ReadonlySet<string> => {
  const histories = fc.sample(fc.array(stepOf(beginning), { minLength: 20, maxLength: 60 }), {
    numRuns: 2_000,
    seed: 20261123,
  });
  return new Set(histories.flatMap((steps) => run(beginning, steps, 'PROPORTIONAL').said.map(({ type }) => type)));
};

describe('any interleaving of sale, void, refund, reversal and their outcomes', () => {
  it('keeps Σ refunds within the amount, never voids what is refunded, and posts and holds what the facts say', () =>
    property('sale', 'PROPORTIONAL'));
  it('keeps the same when no fee is returned', () => property('sale', 'NONE'));
  it('reaches approved, voided, refunded, reversed and stuck payments (the generator is no idler)', () => {
    const types = reached('sale');
    for (const type of [
      'PaymentApproved',
      'OperationDeclined',
      'OperationInDoubt',
      'PaymentVoided',
      'RefundRequested',
      'RefundAccepted',
      'RefundDeclined',
      'ReversalRequested',
      'PaymentReversed',
      'VoidReversed',
      'ReversalStuck',
      'LateResponseReceived',
      'OperationTombstoned',
    ]) {
      expect(types).toContain(type);
    }
  });
  it('a refund in any parts returns exactly the fee once the whole amount is refunded', () => {
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 99_999 }), fc.integer({ min: 1, max: 99_998 }), (a, b) => {
        const [first, second] = [
          Math.min(a, b),
          Math.max(a, b) === Math.min(a, b) ? Math.min(a, b) + 1 : Math.max(a, b),
        ];
        const parts = [first, second - first, 100_000 - second];
        const said = run(
          'sale',
          [
            { act: 'yes', id: 'sale', amount: 1, code: '00', now: 0 },
            ...parts.map((amount, n) => ({ act: 'ask', id: refunds[n]!, amount, code: '00', now: 0 }) as Step),
            ...parts.map((_, n) => ({ act: 'yes', id: refunds[n]!, amount: 1, code: '00', now: 0 }) as Step),
          ],
          'PROPORTIONAL',
        );
        expect(said.oracle).toMatchObject({ posted: fen(0) });
        expect(said.oracle.total()).toBe(0);
      }),
    );
  });
});

describe('any interleaving of pre-authorisation, completions, their voids, refunds, reversals and their outcomes', () => {
  it('captures at most 115 percent of the hold, once, never after it was freed, and posts and holds what the facts say', () =>
    property('pre-auth', 'PROPORTIONAL'));
  it('keeps the same when no fee is returned', () => property('pre-auth', 'NONE'));
  it('reaches held, completed, voided, refunded, expired and stuck payments (the generator is no idler)', () => {
    const types = reached('pre-auth');
    for (const type of [
      'PreAuthApproved',
      'PreAuthVoided',
      'PreAuthExpired',
      'PaymentApproved',
      'PaymentVoided',
      'AdviceRequested',
      'AdviceDeclined',
      'RefundAccepted',
      'PaymentReversed',
      'VoidReversed',
      'ReversalStuck',
    ]) {
      expect(types).toContain(type);
    }
  });
});
