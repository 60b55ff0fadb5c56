import { fen, ZERO } from '@tillstream/money';
import { daysToEnd } from '../settlement/decide.ts';
import {
  clearingDatesOf,
  creditableDates,
  creditedThrough,
  credit,
  evolve,
  noClearing,
  withdrawableMargin,
  withdrawMargin,
} from './decide.ts';

const control = { reserve: fen(1_000), inTransit: fen(400) };
const line = { channel: 'unionpay', clearingDate: '2026-11-23', amount: fen(500), bankReference: 'B1' };
const dayOf = (expected: number) => ({ expected: fen(expected), isOver: true, control });
const credited = evolve(noClearing, { type: 'ChannelCredited', version: 1, data: line });

describe('bank credits (domain 4.5, design 7)', () => {
  it('one clearing day is credited once; the same line again stores nothing, another one is refused', () => {
    expect(credit(noClearing, line, dayOf(500))).toMatchObject({ facts: [{ type: 'ChannelCredited' }] });
    expect(credit(credited, line, dayOf(500))).toEqual({ facts: [] });
    expect(credit(credited, { ...line, amount: fen(501) }, dayOf(500))).toEqual({ refusal: 'credited-differently' });
  });
  it('tolerance is zero, and the day must be over', () => {
    expect(credit(noClearing, line, dayOf(499))).toEqual({ refusal: 'amount-not-expected' });
    expect(credit(noClearing, line, { ...dayOf(500), isOver: false })).toEqual({ refusal: 'date-not-over' });
  });
  it('a debit waits until the reserve can bear it beside what is in transit', () => {
    expect(credit(noClearing, { ...line, amount: fen(-600) }, dayOf(-600))).toMatchObject({ facts: [{}] });
    expect(credit(noClearing, { ...line, amount: fen(-601) }, dayOf(-601))).toEqual({ refusal: 'reserve-not-covered' });
  });
  it('dates are credited oldest first, those of zero as well, none while a book of it or before it is open', () => {
    const day = {
      from: '2026-11-23',
      endedThrough: '2026-11-25',
      openBookDates: [] as string[],
      credited: new Set(['2026-11-23']),
    };
    expect(creditableDates(day)).toEqual(['2026-11-24', '2026-11-25']);
    expect(creditableDates({ ...day, openBookDates: ['2026-11-25', '2026-11-26'] })).toEqual(['2026-11-24']);
    expect(creditableDates({ ...day, endedThrough: null })).toEqual([]);
  });
  it('payouts go through the last date that every channel has credited without a gap', () => {
    expect(
      creditedThrough('2026-11-23', [new Set(['2026-11-23', '2026-11-24']), new Set(['2026-11-23', '2026-11-25'])]),
    ).toBe('2026-11-23');
    expect(creditedThrough('2026-11-23', [new Set(['2026-11-24'])])).toBeNull();
    expect(creditedThrough('2026-11-23', [])).toBeNull();
  });
});

describe('margin (domain 4.6)', () => {
  const day = { withdrawable: fen(117), uncovered: ZERO, control };
  const margin = { ...line, amount: fen(117) };
  it('only positive book margins move out', () =>
    expect(withdrawableMargin([{ margin: fen(117) }, { margin: fen(-47) }, { margin: ZERO }])).toBe(117));
  it('moves once, after the credit, never more than there is, and leaves what open books lack', () => {
    expect(withdrawMargin(noClearing, margin, day)).toEqual({ refusal: 'not-credited' });
    expect(withdrawMargin(credited, margin, day)).toMatchObject({ facts: [{ type: 'MarginWithdrawn' }] });
    expect(withdrawMargin(credited, { ...margin, amount: fen(118) }, day)).toEqual({ refusal: 'margin-exceeded' });
    expect(withdrawMargin(credited, margin, { ...day, uncovered: fen(484) })).toEqual({
      refusal: 'reserve-not-covered',
    });
    const moved = evolve(credited, { type: 'MarginWithdrawn', version: 1, data: margin });
    expect(withdrawMargin(moved, margin, day)).toEqual({ facts: [] });
    expect(withdrawMargin(moved, { ...margin, amount: fen(1) }, day)).toEqual({ refusal: 'withdrawn-differently' });
    expect(withdrawMargin(credited, { ...margin, amount: ZERO }, day)).toEqual({ facts: [] });
  });
  it('a book names the clearing dates that its margin waits for', () => {
    const lines = [
      { account: '1101' as const, amount: fen(1), channel: 'u', clearingDate: '2026-11-24' },
      { account: '2001' as const, amount: fen(-1) },
    ];
    expect([
      ...clearingDatesOf([
        { merchantId: 'M', date: '2026-11-23', journal: 'J1', lines, cause: 'c', taken: { store: 's', position: '1' } },
      ]),
    ]).toEqual(['2026-11-24']);
  });
});

describe('day ends (design 7)', () => {
  const books = [
    { merchantId: 'house', date: '2026-11-24' },
    { merchantId: 'M2', date: '2026-11-23' },
    { merchantId: 'M1', date: '2026-11-24' },
  ];
  it('are said for every open book of an ended date, the house like a merchant, each with its own date', () => {
    expect(daysToEnd(books, '2026-11-24').map(({ data }) => `${data.merchantId} ${data.date}`)).toEqual([
      'M2 2026-11-23',
      'M1 2026-11-24',
      'house 2026-11-24',
    ]);
    expect(daysToEnd(books, '2026-11-23')).toHaveLength(1);
    expect(daysToEnd(books, null)).toEqual([]);
  });
});
