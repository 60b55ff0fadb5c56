import { fen } from '@tillstream/money';
import { isRefused, type Decision } from '../fact.ts';
import { approve, sayDue, skip, submit, takeBankAnswer, throughOf, type BankAnswer } from './decide.ts';
import type { PayoutFact } from './events.ts';
import { payoutFileBytes, payoutFileOf, payoutReference } from './file.ts';
import { evolve, noPayout, type PayoutState } from './state.ts';

const due = { merchantId: 'M1', dueDate: '2026-11-30', through: '2026-11-29', minimum: fen(100) };
const amount = fen(99_400);
const next = (state: PayoutState, decision: Decision<PayoutFact, string>): PayoutState => {
  if (isRefused(decision)) throw new Error(decision.refusal);
  return decision.facts.reduce(evolve, state);
};
const answered = (state: PayoutState, answer: BankAnswer): PayoutState => next(state, takeBankAnswer(state, answer));
const dueState = next(noPayout, sayDue(noPayout, due));
const approvedState = next(dueState, approve(dueState, { amount, account: 'acct-1' }));
const submitted = next(approvedState, submit(approvedState, 'payoutfile-20261130.1'));
const yes: BankAnswer = { outcome: 'confirmed', amount, bankReference: 'B1' };
const no: BankAnswer = { outcome: 'rejected', amount, reason: 'account closed' };
const back: BankAnswer = { outcome: 'returned', amount, bankReference: 'B2', reason: 'name differs' };
const silent: BankAnswer = { outcome: 'unknown', cause: 'no answer' };
const confirmed = answered(submitted, yes);
const rejected = answered(submitted, no);

describe('a payout (domain 4.3)', () => {
  it('goes DUE, APPROVED, SUBMITTED, CONFIRMED, RETURNED', () => {
    expect([dueState, approvedState, submitted, confirmed, answered(confirmed, back)].map(({ is }) => is)).toEqual([
      'DUE',
      'APPROVED',
      'SUBMITTED',
      'CONFIRMED',
      'RETURNED',
    ]);
  });
  it('pays through the day before its due date', () => expect(throughOf('2026-12-01')).toBe('2026-11-30'));
  it('every step said twice is said once', () => {
    expect(sayDue(dueState, due)).toEqual({ facts: [] });
    expect(approve(approvedState, { amount, account: 'acct-1' })).toEqual({ facts: [] });
    expect(submit(submitted, 'other')).toEqual({ facts: [] });
    for (const [state, answer] of [
      [confirmed, yes],
      [rejected, no],
      [answered(confirmed, back), back],
      [answered(confirmed, back), yes],
      [answered(submitted, silent), silent],
    ] as const) {
      expect(takeBankAnswer(state, answer)).toEqual({ facts: [] });
    }
  });
  it('a skipped payout is not needed, said once', () => {
    const skipped = next(dueState, skip(dueState, { available: fen(3), because: 'below-minimum' }));
    expect(skipped.is).toBe('NOT_NEEDED');
    expect(skip(skipped, { available: fen(3), because: 'below-minimum' })).toEqual({ facts: [] });
  });
  it('UNKNOWN is asked, never sent again, and ends as confirmed or rejected', () => {
    const unknown = answered(submitted, silent);
    expect(unknown.is).toBe('UNKNOWN');
    expect(submit(unknown, 'again')).toEqual({ facts: [] });
    expect(sayDue(unknown, { ...due, accountCorrected: true })).toEqual({ facts: [] });
    expect([answered(unknown, yes).is, answered(unknown, no).is]).toEqual(['CONFIRMED', 'REJECTED']);
  });
  it('a new attempt needs a definite rejection and a corrected account, under the same root', () => {
    expect(sayDue(rejected, due)).toEqual({ facts: [] });
    expect(next(rejected, sayDue(rejected, { ...due, accountCorrected: true }))).toMatchObject({
      is: 'DUE',
      attempt: 2,
    });
  });
  it('contradicting answers are cases for a person, each with its word', () => {
    expect(takeBankAnswer(rejected, yes)).toEqual({ refusal: 'confirmed-after-rejection' });
    expect(takeBankAnswer(confirmed, { ...yes, bankReference: 'B9' })).toEqual({ refusal: 'confirmed-twice' });
    expect(takeBankAnswer(confirmed, no)).toEqual({ refusal: 'rejected-after-confirmation' });
    expect(takeBankAnswer(submitted, { ...yes, amount: fen(1) })).toEqual({ refusal: 'amount-differs' });
    expect(takeBankAnswer(submitted, back)).toEqual({ refusal: 'payout-not-confirmed' });
    expect(takeBankAnswer(approvedState, yes)).toEqual({ refusal: 'payout-not-submitted' });
    expect(takeBankAnswer(dueState, yes)).toEqual({ refusal: 'payout-not-submitted' });
    expect(submit(dueState, 'f')).toEqual({ refusal: 'payout-not-approved' });
    expect(approve(noPayout, { amount, account: 'a' })).toEqual({ refusal: 'payout-not-due' });
  });
});

describe('the payout file', () => {
  const line = (merchantId: string, fenAmount: number) => ({
    merchantId,
    amount: fen(fenAmount),
    account: `acct-${merchantId}`,
    reference: payoutReference(merchantId, '2026-11-30', 1),
  });
  it('has bytes that follow from the cut alone, whatever order the payouts came in', () => {
    const one = payoutFileOf('2026-11-30', 1, [line('M2', 5), line('M1', 99_400)]);
    const other = payoutFileOf('2026-11-30', 1, [line('M1', 99_400), line('M2', 5)]);
    expect(new TextDecoder().decode(payoutFileBytes(one))).toBe(
      'payouts,2026-11-30,1,2,99405\nreference,merchant,account,amount_fen\nM1.20261130.1,M1,acct-M1,99400\nM2.20261130.1,M2,acct-M2,5\n',
    );
    expect(payoutFileBytes(other)).toEqual(payoutFileBytes(one));
  });
  it('refuses a field that could end a column or begin a formula', () => {
    expect(() => payoutFileBytes(payoutFileOf('2026-11-30', 1, [{ ...line('M1', 1), account: '=1,2' }]))).toThrow(
      'payout file',
    );
  });
});
