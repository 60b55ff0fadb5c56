import { fen } from '@tillstream/money';
import { isRefused, type Decision } from '../fact.ts';
import { takeBankAnswer, type BankAnswer } from './bank-answers.ts';
import { approveResolution, correctAccount, proposeResolution } from './contradictions.ts';
import { approve, sayDue, skip, submit, throughOf } from './decide.ts';
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
const WORD = { correctedBy: 'wang', reason: 'the holder unlocked it' };
const corrected = next(rejected, correctAccount(rejected, WORD));
const MONEY = { covered: true, inFile: false };
const proposal = (outcome: 'paid' | 'released') => ({ n: 1, outcome, proposedBy: 'wang', reason: 'asked the bank' });

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
    const again = { ...due, accountCorrected: true };
    expect(sayDue(rejected, due)).toEqual({ facts: [] });
    expect(sayDue(rejected, again)).toEqual({ facts: [] });
    expect(next(corrected, sayDue(corrected, again))).toMatchObject({ is: 'DUE', attempt: 2 });
    expect(correctAccount(corrected, WORD)).toEqual({ facts: [] });
    for (const state of [submitted, confirmed, answered(submitted, silent)]) {
      expect(correctAccount(state, WORD)).toEqual({ refusal: 'payout-not-rejected' });
    }
  });
  it('an answer of another amount decides nothing, and a known one stays', () => {
    expect(answered(submitted, { ...yes, amount: fen(1) }).is).toBe('UNKNOWN');
    expect(takeBankAnswer(confirmed, { ...yes, amount: fen(1) })).toEqual({ refusal: 'amount-differs' });
    expect(takeBankAnswer(submitted, back)).toEqual({ refusal: 'payout-not-confirmed' });
    expect(takeBankAnswer(approvedState, yes)).toEqual({ refusal: 'payout-not-submitted' });
    expect(takeBankAnswer(dueState, yes)).toEqual({ refusal: 'payout-not-submitted' });
    expect(takeBankAnswer(submitted, yes, 2)).toEqual({ refusal: 'no-such-attempt' });
    expect(submit(dueState, 'f')).toEqual({ refusal: 'payout-not-approved' });
    expect(approve(noPayout, { amount, account: 'a' })).toEqual({ refusal: 'payout-not-due' });
  });
});

describe('an answer that contradicts an earlier one (domain 4.3)', () => {
  it('is a fact that holds what may have left us, said once however often the bank says it', () => {
    for (const [state, answer, how, hold] of [
      [rejected, yes, 'confirmed-after-rejection', amount],
      [confirmed, { ...yes, bankReference: 'B9' }, 'confirmed-twice', amount],
      [answered(confirmed, back), { ...yes, bankReference: 'B9' }, 'confirmed-twice', amount],
      [confirmed, no, 'rejected-after-confirmation', 0],
    ] as const) {
      expect(takeBankAnswer(state, answer)).toMatchObject({
        facts: [{ type: 'PayoutContradicted', data: { n: 1, attempt: 1, how, amount, hold } }],
      });
      expect(takeBankAnswer(answered(state, answer), answer)).toEqual({ facts: [] });
    }
  });
  it('a returned payout names its payment by any reference, which is no second payment', () => {
    const implied: BankAnswer = { outcome: 'confirmed', amount, bankReference: 'B2', implied: true };
    expect(takeBankAnswer(confirmed, implied)).toEqual({ facts: [] });
    expect(answered(submitted, implied).is).toBe('CONFIRMED');
  });
  it('stops a new attempt until two different people agree on what became of the money', () => {
    const contradicted = answered(corrected, yes);
    expect(sayDue(contradicted, { ...due, accountCorrected: true })).toEqual({ facts: [] });
    expect(correctAccount(contradicted, WORD)).toEqual({ refusal: 'contradiction-open' });
    const approval = { n: 1, outcome: 'paid', approvedBy: 'li' } as const;
    expect(approveResolution(contradicted, approval, MONEY)).toEqual({ refusal: 'not-proposed' });
    const proposed = next(contradicted, proposeResolution(contradicted, proposal('paid')));
    expect(approveResolution(proposed, { ...approval, approvedBy: 'wang' }, MONEY)).toEqual({ refusal: 'same-person' });
    expect(approveResolution(proposed, { ...approval, outcome: 'released' }, MONEY)).toEqual({
      refusal: 'proposed-differently',
    });
    expect(approveResolution(proposed, approval, { ...MONEY, covered: false })).toEqual({
      refusal: 'reserve-not-covered',
    });
    expect(approveResolution(proposed, { ...approval, n: 2 }, MONEY)).toEqual({ refusal: 'no-such-contradiction' });
    const paid = next(proposed, approveResolution(proposed, approval, MONEY));
    expect(paid).toMatchObject({ is: 'CONFIRMED', bankReference: 'B1' });
    expect(approveResolution(paid, approval, MONEY)).toEqual({ facts: [] });
    expect(approveResolution(paid, { ...approval, outcome: 'released' }, MONEY)).toEqual({
      refusal: 'resolved-differently',
    });
    for (const answer of [yes, no]) expect(takeBankAnswer(paid, answer)).toEqual({ facts: [] });
  });
  it('released, a rejection is definite again and a confirmation that was none gives the money back', () => {
    const release = (state: PayoutState): PayoutState => {
      const proposed = next(state, proposeResolution(state, proposal('released')));
      return next(proposed, approveResolution(proposed, { n: 1, outcome: 'released', approvedBy: 'li' }, MONEY));
    };
    const free = release(answered(corrected, yes));
    expect(next(free, sayDue(free, { ...due, accountCorrected: true }))).toMatchObject({ is: 'DUE', attempt: 2 });
    expect(takeBankAnswer(free, yes)).toEqual({ facts: [] });
    expect(release(answered(confirmed, no)).is).toBe('RETURNED');
  });
  it('is heard of an earlier attempt too, and a later one that went nowhere yet is withdrawn when that was paid', () => {
    const second = next(corrected, sayDue(corrected, { ...due, accountCorrected: true }));
    const ordered = next(second, approve(second, { amount, account: 'acct-1' }));
    const contradicted = next(ordered, takeBankAnswer(ordered, yes, 1));
    expect(takeBankAnswer(contradicted, yes, 1)).toEqual({ facts: [] });
    expect(takeBankAnswer(contradicted, no, 1)).toEqual({ facts: [] });
    const proposed = next(contradicted, proposeResolution(contradicted, proposal('paid')));
    const approval = { n: 1, outcome: 'paid', approvedBy: 'li' } as const;
    expect(approveResolution(proposed, approval, { ...MONEY, inFile: true })).toEqual({ refusal: 'payout-in-file' });
    const decision = approveResolution(proposed, approval, MONEY);
    expect(decision).toMatchObject({
      facts: [{ type: 'PayoutRejected' }, { type: 'PayoutContradictionResolved', data: { attempt: 1 } }],
    });
    const after = next(proposed, decision);
    expect(after).toMatchObject({ is: 'REJECTED', attempt: 2, past: [{ attempt: 1, ended: 'CONFIRMED' }] });
    expect(takeBankAnswer(after, yes, 1)).toEqual({ facts: [] });
    expect(takeBankAnswer(after, { ...yes, bankReference: 'B9' }, 1)).toMatchObject({
      facts: [{ data: { how: 'confirmed-twice', n: 2 } }],
    });
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
