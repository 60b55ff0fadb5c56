import { fen, ZERO } from '@tillstream/money';
import type {
  CaseMove,
  ClearingCaseResolved,
  ClearingDifferenceCleared,
  ClearingDifferenceFound,
} from '../clearing/events.ts';
import { dayAfter } from './dates.ts';
import { checkBooks } from './invariants.ts';
import { balanceOf, recoveredOf, type OpenBook } from './state.ts';
import { keptReturnedLines } from './journals.ts';
import { approved, asText, Books, closeOf, entriesOf, priced } from './testing/day.ts';

const MON = '2026-11-23';
const TUE = '2026-11-24';
const WED = '2026-11-25';
const dates = { tradeDate: MON, clearingDate: MON };
const ref = { caseId: 'case', channel: 'unionpay', clearingDate: MON, merchantId: 'M1' };
const move = (receivable: number, issuerCost = 0, networkCost = 0, hold = 0): CaseMove => ({
  receivable: fen(receivable),
  issuerCost: fen(issuerCost),
  networkCost: fen(networkCost),
  hold: fen(hold),
});
const item = {
  kind: 'sale' as const,
  trace: { transmittedAt: '1123101500', stan: '000101', acquirer: '00012345' },
  rrn: '632700000001',
  terminalId: '10000001',
  maskedCard: '620000******0005',
};
const found = (
  outcome: ClearingDifferenceFound['data']['outcome'],
  moved: CaseMove,
  known: Partial<ClearingDifferenceFound['data']> = {},
): ClearingDifferenceFound => ({
  type: 'ClearingDifferenceFound',
  version: 1,
  data: {
    ...{ ...ref, ...item, outcome, version: 1, move: moved, operationId: null, paymentId: null },
    ...{ ours: null, theirs: null, dates: null, ...known },
  },
});
const cleared = (moved: CaseMove, clearingDate = TUE): ClearingDifferenceCleared => ({
  type: 'ClearingDifferenceCleared',
  version: 1,
  data: { ...ref, because: 'appeared-later', foundIn: { clearingDate, version: 1 }, move: moved, dates },
});
const resolved = (
  resolution: ClearingCaseResolved['data']['resolution'],
  suspense: number,
  more: Partial<ClearingCaseResolved['data']['amounts']> = {},
): ClearingCaseResolved => ({
  type: 'ClearingCaseResolved',
  version: 1,
  data: {
    ...{ ...ref, resolution, proposedBy: 'operator:li', approvedBy: 'operator:wang', dates },
    amounts: { suspense: fen(suspense), fee: ZERO, issuerCost: ZERO, networkCost: ZERO, release: ZERO, ...more },
  },
});
const LONG = move(4_975, 23, 2);
const SHORT = move(-7_961, 0, 0, 7_952);
const sale8000 = priced(8_000, 48, 36, 3);
const texts = (facts: Parameters<typeof entriesOf>[0]): string[] =>
  entriesOf(facts).map((entry) => `${entry.journal}: ${asText(entry)}`);

describe('J10, a long item (domain 4.6)', () => {
  it('stands in suspense-long until a person gives it to the merchant, less the fee', () => {
    const books = new Books(MON);
    expect(texts(books.take('M1', found('LONG', LONG)))).toEqual(['J10: 1101 4975, 5001 23, 5002 2, 2191 -5000']);
    expect(texts(books.take('M1', resolved('supplement', 5_000, { fee: fen(30) })))).toEqual([
      'J10-supplement: 2191 5000, 4001 -30, 2001 -4970',
    ]);
    expect(closeOf(books.endDay(MON)).margin).toBe(5);
    expect(checkBooks(books.facts)).toEqual([]);
  });
  it('its costs are covered with own money at the close, because nobody earns on it yet', () => {
    const books = new Books(MON);
    books.take('M1', found('LONG', LONG));
    expect(texts(books.endDay(MON))).toEqual(['J5-margin-cover: 1002 25, 1001 -25']);
    expect(checkBooks(books.facts)).toEqual([]);
  });
  it('returned to the payer is the mirror, on the day of the refund', () =>
    expect(
      asText({
        lines: keptReturnedLines(priced(5_000, 0, 23, 2), { channel: 'unionpay', clearingDate: TUE }),
      }),
    ).toBe('2191 5000, 1101 -4975, 5001 -23, 5002 -2'));
  it('written off is a gain in 5005 (J13)', () => {
    const books = new Books(MON);
    books.take('M1', found('LONG', LONG));
    expect(texts(books.take('M1', resolved('write-off', 5_000)))).toEqual(['J13: 2191 5000, 5005 -5000']);
  });
  it('a credit that the merchant gets waits for the credit of the item’s day', () => {
    const books = new Books(MON);
    books.take('M1', found('LONG', LONG));
    books.take('M1', resolved('supplement', 5_000, { fee: fen(30) }));
    expect((books.stateOf('M1') as OpenBook).notDue).toEqual({ [MON]: 4_970 });
  });
});

describe('J11, a short item (domain 4.6)', () => {
  const short = (): Books => {
    const books = new Books(MON);
    books.take('M1', approved(sale8000, dates));
    expect(texts(books.take('M1', found('SHORT', SHORT)))).toEqual([
      'J11: 1101 -7961, 1191 7961, 2001 7952, 2003 -7952',
      'J11-top-up: 1002 7961, 1001 -7961',
    ]);
    books.credit(MON, ZERO);
    return books;
  };
  it('moves to suspense-short with the merchant’s part held, and own money takes its place', () => {
    const books = short();
    expect((books.stateOf('M1') as OpenBook).notDue).toEqual({});
    books.endDay(MON);
    expect(checkBooks(books.facts)).toEqual([]);
  });
  it('what the merchant was paid already becomes debt at the close (J4)', () => {
    const books = new Books(TUE);
    expect(texts(books.take('M1', found('SHORT', SHORT)))).toHaveLength(2);
    expect(texts(books.endDay(TUE)).slice(0, 2)).toEqual([
      'J4: 1131 7952, 2001 -7952',
      'J4-top-up: 1002 7952, 1001 -7952',
    ]);
  });
  it('is mirrored when it appears; the top-up leaves with the payout, so the reserve is never short in between', () => {
    const books = short();
    // The margin of the sale has left before the channel pays: a top-up taken back at once would overdraw the reserve.
    const margin = { channel: 'unionpay', clearingDate: MON, amount: fen(9), bankReference: 'B' };
    books.endDay(MON);
    books.take('house', { type: 'MarginWithdrawn', version: 1, data: margin });
    books.on(TUE);
    expect(texts(books.take('M1', cleared(SHORT)))).toEqual([
      'J11-cleared: 1101 7961, 1191 -7961, 2003 7952, 2001 -7952',
    ]);
    expect(recoveredOf(books.stateOf('M1'))).toBe(7_961);
    books.credit(TUE, fen(7_961));
    books.endDay(TUE);
    books.on(WED).due('M1', WED, TUE);
    expect(texts(books.confirm('M1', WED, fen(7_952)))).toEqual([
      'J6-success: 2002 7952, 1002 -7952',
      'J4-recovery: 1001 7961, 1002 -7961',
    ]);
    books.endDay(WED);
    expect(checkBooks(books.facts)).toEqual([]);
  });
  it('confirmed short, the merchant’s held part and our fee go, and so do the costs', () => {
    const books = short();
    const amounts = { fee: fen(-48), issuerCost: fen(-36), networkCost: fen(-3), release: fen(7_952) };
    expect(texts(books.take('M1', resolved('accept-file', -7_961, amounts)))).toEqual([
      'J11-confirmed: 1191 -7961, 2003 7952, 4001 48, 5001 -36, 5002 -3',
    ]);
    expect(balanceOf(books.stateOf('M1') as OpenBook, '2003')).toBe(0);
    books.endDay(MON);
    books.on(dayAfter(MON)).endDay(TUE);
    expect(checkBooks(books.facts)).toEqual([]);
  });
  it('written off, the merchant gets the held part back and the loss is ours (J13)', () => {
    const books = short();
    expect(texts(books.take('M1', resolved('write-off', -7_961, { release: fen(7_952) })))).toEqual([
      'J13: 1191 -7961, 2003 7952, 2001 -7952, 5005 7961',
    ]);
    books.endDay(MON);
    expect(checkBooks(books.facts)).toEqual([]);
  });
});

describe('what a file says of amounts and fees', () => {
  it('leaves 1101 for suspense, by the difference alone', () => {
    const books = new Books(MON);
    books.take('M1', approved(sale8000, dates));
    expect(texts(books.take('M1', found('AMOUNT_DIFF', move(1_000))))).toEqual(['J10: 1101 1000, 2191 -1000']);
    expect(texts(books.take('M1', found('FEE_DIFF', move(-10))))).toEqual([
      'J11: 1101 -10, 1191 10',
      'J11-top-up: 1002 10, 1001 -10',
    ]);
    expect(texts(books.take('M1', resolved('accept-file', -10, { issuerCost: fen(10) })))).toEqual([
      'J11-confirmed: 1191 -10, 5001 10',
    ]);
  });
  it('moves nothing when file and books agree on the money: the case is about the standing', () =>
    expect(new Books(MON).take('M1', found('STATUS_DIFF', move(0)))).toEqual([]));
  it('each entry names its case', () =>
    expect(entriesOf(new Books(MON).take('M1', found('LONG', LONG)))).toMatchObject([{ caseId: 'case' }]));
});
