import fc from 'fast-check';
import { fen } from '@tillstream/money';
import { isRefused } from '../fact.ts';
import type { PaymentFact } from './events.ts';
import * as decide from './decide.ts';
import { evolvePayment } from './evolve.ts';
import { heldOf, liveRefunds, netOf, newPayment, operationsOf, postedNet } from './state.ts';
import type { PaymentState } from './state.ts';
import {
  DAY,
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

const ids = ['sale', 'void-1', 'void-2', 'refund-1', 'refund-2', 'refund-3'] as const;
const id = fc.constantFrom(...ids);
const kindOf = (operationId: string) =>
  operationId.startsWith('refund') ? 'refund' : operationId.startsWith('void') ? 'void' : 'sale';
const step = fc.record({
  act: fc.constantFrom('ask', 'ask', 'ask', 'yes', 'yes', 'yes', 'no', 'none', 'undo', 'undone', 'undone', 'late'),
  id,
  amount: fc.integer({ min: 1, max: 100_000 }),
  code: fc.constantFrom('00', '25', '12', '96'),
  now: fc.constantFrom(0, 2_000),
});
type Step = typeof step extends fc.Arbitrary<infer S> ? S : never;
const reversalTrace = trace('r');

function ask(state: PaymentState, { id, amount }: Step, policy: 'PROPORTIONAL' | 'NONE') {
  if (id === 'sale') return decide.requestSale(state, saleIntent(), 0);
  if (kindOf(id) === 'void') return decide.requestVoid(state, voidRequest(id), voidContext());
  const other = { operation: operation(id, 'refund', { stan: `0000${id.at(-1)}`, batch: '2' }) };
  return decide.requestRefund(
    state,
    refundRequest(id, amount, other),
    refundContext({ returns: { fee: policy, cost: policy } }),
  );
}

function decided(state: PaymentState, one: Step, policy: 'PROPORTIONAL' | 'NONE') {
  const operationId = one.id;
  if (one.act === 'ask') return ask(state, one, policy);
  const key = { operationId, merchantId: 'm', terminalId: 't', batch: 'b', stan: 's' };
  if (one.act === 'undo')
    return decide.reverseByTerminal(state, { key, reason: '98', trace: reversalTrace, batchSettled: false });
  // The channel answers only what it was asked.
  if (state.is !== 'payment' || !operationsOf(state).some((known) => known.ref.operationId === operationId))
    return null;
  const answer = { operationId, responseCode: '00', authCode: '1', clearingDate: DAY, now: one.now, reversalTrace };
  const refund = kindOf(operationId) === 'refund';
  switch (one.act) {
    case 'yes':
      if (refund) return decide.recordRefundAccepted(state, { operationId, authCode: '1', clearingDate: NEXT_DAY });
      return operationId === 'sale'
        ? decide.recordApproval(state, saleApproval({ now: one.now }))
        : decide.recordVoidAccepted(state, answer);
    case 'no':
      if (refund) return decide.recordRefundDeclined(state, { operationId, responseCode: '57' });
      return decide.recordDecline(state, { ...answer, responseCode: '51' });
    default:
      if (refund) return null;
      if (one.act === 'none') return decide.recordNoAnswer(state, { operationId, cause: 'no-answer', reversalTrace });
      if (one.act === 'late') return decide.recordLateAnswer(state, answer);
      return decide.recordReversalAnswer(state, { operationId, responseCode: one.code, clearingDate: DAY });
  }
}

/** Plain and fast: a broken invariant shows by its line and the shrunk example. */
function must(holds: boolean): void {
  if (!holds) throw new Error('an invariant is broken');
}

/** A ledger that knows nothing but the facts: J1, J2, J3 and J12 of domain 4.6. */
class Oracle {
  posted = 0;
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
    if (fact.type === 'PaymentApproved') this.posted += netOf(fact.data);
    if (fact.type === 'PaymentVoided' || fact.type === 'RefundAccepted') this.posted -= netOf(fact.data);
    if (fact.type === 'PaymentReversed' && fact.data.undone) this.posted -= netOf(fact.data.undone);
    if (fact.type === 'VoidReversed' && fact.data.restored) this.posted += netOf(fact.data.restored);
  }
  total = (): number => [...this.held.values()].reduce((a, b) => a + b, 0);
}

function run(steps: readonly Step[], policy: 'PROPORTIONAL' | 'NONE') {
  let state: PaymentState = newPayment;
  const oracle = new Oracle();
  const said: PaymentFact[] = [];
  for (const one of steps) {
    const decision = decided(state, one, policy);
    if (decision === null || isRefused(decision)) continue;
    for (const fact of decision.facts) {
      state = evolvePayment(state, fact);
      oracle.post(fact);
      said.push(fact);
    }
    if (state.is !== 'payment') continue;
    const refunded = liveRefunds(state).reduce((total, refund) => total + refund.amount, 0);
    must(refunded <= priced.amount);
    const voided = state.linked.some(
      ({ kind, standing }) => kind === 'void' && !['declined', 'reversed'].includes(standing.is),
    );
    must(!(voided && refunded > 0));
    must(postedNet(state) === oracle.posted);
    must(heldOf(state) === oracle.total());
    if (policy === 'PROPORTIONAL' && refunded < priced.amount) must(oracle.posted >= 0);
  }
  return { state, oracle, said };
}

const property = (policy: 'PROPORTIONAL' | 'NONE') =>
  fc.assert(
    fc.property(fc.array(step, { maxLength: 40 }), (steps) => {
      run([{ act: 'ask', id: 'sale', amount: 1, code: '00', now: 0 }, ...steps], policy);
    }),
    { numRuns: 500 },
  );

describe('any interleaving of sale, void, refund, reversal and their outcomes', () => {
  it('keeps Σ refunds within the amount, never voids what is refunded, and posts and holds what the facts say', () =>
    property('PROPORTIONAL'));
  it('keeps the same when no fee is returned', () => property('NONE'));
  it('reaches approved, voided, refunded, reversed and stuck payments (the generator is no idler)', () => {
    const types = new Set<string>();
    for (const steps of fc.sample(fc.array(step, { minLength: 20, maxLength: 40 }), {
      numRuns: 2_000,
      seed: 20261123,
    })) {
      for (const { type } of run([{ act: 'ask', id: 'sale', amount: 1, code: '00', now: 0 }, ...steps], 'PROPORTIONAL')
        .said)
        types.add(type);
    }
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
          [
            { act: 'ask', id: 'sale', amount: 1, code: '00', now: 0 },
            { act: 'yes', id: 'sale', amount: 1, code: '00', now: 0 },
            ...parts.map((amount, n) => ({ act: 'ask', id: ids[n + 3]!, amount, code: '00', now: 0 }) as Step),
            ...parts.map((_, n) => ({ act: 'yes', id: ids[n + 3]!, amount: 1, code: '00', now: 0 }) as Step),
          ],
          'PROPORTIONAL',
        );
        expect(said.oracle).toMatchObject({ posted: fen(0) });
        expect(said.oracle.total()).toBe(0);
      }),
    );
  });
});
