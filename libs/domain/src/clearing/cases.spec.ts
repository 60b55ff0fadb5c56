import { fen, ZERO } from '@tillstream/money';
import { isRefused } from '../fact.ts';
import { approve, casesOf, clearedFact, propose, reopen } from './cases.ts';
import type { ClearingCaseFact, ClearingDifferenceFound } from './events.ts';
import { resolutionsOf } from './resolutions.ts';

const theirs = { amount: fen(5_000), issuerCost: fen(23), networkCost: fen(2) };
const data: ClearingDifferenceFound['data'] = {
  ...{ caseId: 'c', channel: 'unionpay', clearingDate: '2026-11-23', merchantId: 'M1', outcome: 'DUPLICATE' },
  ...{ version: 1, kind: 'sale', rrn: 'rrn', terminalId: '10000001', maskedCard: '620000******0005' },
  ...{ trace: { transmittedAt: '1123100000', stan: '000001', acquirer: '1' }, operationId: 'o', paymentId: 'p' },
  ...{ ours: null, theirs, dates: null },
  move: { receivable: fen(4_975), issuerCost: fen(23), networkCost: fen(2), hold: ZERO },
};
const found: ClearingDifferenceFound = { type: 'ClearingDifferenceFound', version: 1, data };
const assigned: ClearingCaseFact = {
  type: 'ClearingCaseAssigned',
  version: 1,
  data: { caseId: 'c', channel: 'unionpay', clearingDate: '2026-11-23', merchantId: 'M1', owner: 'wang', by: 'li' },
};
const after = (...facts: readonly ClearingCaseFact[]) => {
  const one = casesOf(facts).cases.get('c');
  if (one === undefined) throw new Error('the case is not there');
  return one;
};
/** The facts of a case that two people ended. */
function ended(resolution: 'return-to-payer' | 'write-off'): readonly ClearingCaseFact[] {
  const proposed = propose(after(found), { resolution, fee: ZERO, by: 'wang', note: 'looked at' });
  if (isRefused(proposed)) throw new Error(proposed.refusal);
  const approved = approve(after(found, ...proposed.facts), { by: 'li' });
  if (isRefused(approved)) throw new Error(approved.refusal);
  return [found, ...proposed.facts, ...approved.facts];
}

describe('a clearing case', () => {
  it('that is found again while people work on it stays as it is; after a correction took it back it begins anew', () => {
    expect(after(found, assigned, found)).toEqual(after(found, assigned));
    const cleared = clearedFact(data, 'corrected', { clearingDate: '2026-11-23', version: 2 });
    expect(after(found, assigned, cleared, found)).toEqual(after(found));
    expect(after(...ended('write-off'), found).status).toBe('RESOLVED');
  });

  it('whose money goes back to the payer names the payment and what stands in 2191; another end names nothing', () => {
    const kept = { ...theirs, fee: ZERO };
    expect(ended('return-to-payer').at(-1)?.data).toMatchObject({
      returns: { paymentId: 'p', operationId: 'o', kept },
      amounts: { suspense: 0 },
    });
    expect(ended('write-off').at(-1)?.data).not.toHaveProperty('returns');
  });

  it('is opened again by a return that the channel declined, for its owner, and by nothing else', () => {
    const over = ended('return-to-payer');
    const again = reopen(after(found, assigned, ...over.slice(1)), { responseCode: '57' });
    if (isRefused(again)) throw new Error('it was refused');
    expect(again.facts).toMatchObject([{ type: 'ClearingCaseReopened', data: { caseId: 'c', responseCode: '57' } }]);
    expect(after(found, assigned, ...over.slice(1), ...again.facts)).toMatchObject({
      ...{ status: 'ASSIGNED', owner: 'wang', proposal: null },
    });
    for (const facts of [[found], ended('write-off'), [...over, ...again.facts]]) {
      expect(reopen(after(...facts), { responseCode: '57' })).toMatchObject({ facts: [] });
    }
  });

  it('may end only as its money can go', () => {
    const ways = (more: Partial<ClearingDifferenceFound['data']>) => resolutionsOf({ ...data, ...more });
    const move = { receivable: ZERO, issuerCost: ZERO, networkCost: ZERO, hold: ZERO };
    const ours = { ...theirs, fee: fen(30) };
    expect(ways({})).toEqual(['supplement', 'return-to-payer', 'write-off']);
    expect(ways({ operationId: null, paymentId: null })).toEqual(['supplement', 'write-off']);
    expect(ways({ merchantId: 'house', operationId: null, paymentId: null })).toEqual(['write-off']);
    expect(ways({ outcome: 'STATUS_DIFF', ours, move })).toEqual(['accept-file', 'return-to-payer']);
    expect(ways({ outcome: 'FEE_DIFF', ours, move })).toEqual(['accept-file']);
    expect(ways({ outcome: 'DECLINED', theirs: null, move })).toEqual(['no-entry']);
    expect(ways({ outcome: 'DECLINED', theirs: null, ours, move })).toEqual(['supplement', 'return-to-payer']);
  });
});
