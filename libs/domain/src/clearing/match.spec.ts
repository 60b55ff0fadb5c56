import { fen } from '@tillstream/money';
import type { ClearingFile } from './file.ts';
import { compare, type OpenCase } from './match.ts';
import type { OurOperation } from './operations.ts';

const [MON, TUE] = ['2026-11-23', '2026-11-24'];
const amounts = { amount: fen(100_000), fee: fen(600), issuerCost: fen(450), networkCost: fen(33) };
const trace = { transmittedAt: '1123101500', stan: '000101', acquirer: '00012345' };

/** A sale posted on Monday that its terminal reversed when Monday's file had been compared; the channel said 12. */
const stuck: OurOperation = {
  ...{ operationId: 'sale', paymentId: 'sale', merchantId: 'M1', terminalId: '10000001', kind: 'sale', advice: false },
  ...{
    channel: 'unionpay',
    amount: amounts.amount,
    trace,
    rrn: 'r',
    maskedCard: '620000******0005',
    askedAt: `${MON}T02:00:00.000Z`,
  },
  ...{ standing: 'stuck', posted: { clearingDate: MON, amounts }, failed: null, answered: null },
  dates: { tradeDate: MON, clearingDate: MON },
};
const empty = (clearingDate: string): ClearingFile =>
  ({ channel: 'unionpay', clearingDate, version: 1, items: [] }) as unknown as ClearingFile;
const doubtsOf = (clearingDate: string, openCases: readonly OpenCase[] = [], compared = [MON]) =>
  compare(empty(clearingDate), {
    ...{ operations: [stuck], openCases, merchants: new Set(['M1']), decidedBefore: Date.parse(`${TUE}T15:00:00Z`) },
    compared: new Set(compared),
    caseIdOf: (merchant, item) => `${merchant} ${item}`,
  }).doubts;

describe('doubt that began after the file of its day was compared', () => {
  it('is answered present by the next file: nothing was short of that day, so the channel has it', () =>
    expect(doubtsOf(TUE)).toMatchObject([
      { found: 'present', theirs: { amount: 100_000, issuerCost: 450, networkCost: 33 }, caseId: null },
    ]));
  it('is answered by nobody while the file of its day is missing', () => expect(doubtsOf(TUE, [], [])).toEqual([]));
  it('is answered absent when it was short of that day', () => {
    const move = { receivable: fen(-99_517), issuerCost: fen(0), networkCost: fen(0), hold: fen(99_400) };
    const short = { caseId: 'c', channel: 'unionpay', clearingDate: MON, merchantId: 'M1', outcome: 'SHORT' as const };
    expect(doubtsOf(TUE, [{ ...short, move, dates: stuck.dates, operationId: 'sale' }])).toMatchObject([
      { found: 'absent' },
    ]);
  });
  it('in its own day’s file, not being there is absence', () =>
    expect(doubtsOf(MON)).toMatchObject([{ found: 'absent', theirs: null }]));
});
