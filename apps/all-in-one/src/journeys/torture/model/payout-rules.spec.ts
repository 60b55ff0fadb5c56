import { DATE, DUE, History } from './testing/history.ts';

const NET = 9_940;

/** A sale, its file and the bank's money. */
function credited(): History {
  const history = new History();
  history.done('000001');
  history.file();
  history.compare();
  history.credited();
  return history;
}

function paid(): History {
  const history = credited();
  history.order(NET);
  history.confirm(NET);
  history.pays(NET);
  return history;
}

describe('a merchant that is paid what was credited', () => {
  it('breaks no rule', () => expect(paid().judged({ atEnd: true })).toEqual([]));
});

describe('a payout is paid once', () => {
  it('is broken by a reference that goes to the bank a second time', () => {
    const history = paid();
    history.pays(NET);
    expect(history.broken()).toContain('a payout is paid once');
  });
});

describe('payouts are what the bank paid', () => {
  const rule = 'payouts are what the bank paid';

  it('is broken by facts that call paid what was not', () => {
    const history = credited();
    history.order(NET);
    history.confirm(NET);
    history.pays(NET, { times: 0 });
    expect(history.broken()).toEqual([rule]);
  });

  it('is broken at the end by what the bank paid and no fact says', () => {
    const history = credited();
    history.order(NET);
    history.pays(NET);
    expect(history.broken()).toEqual([]);
    expect(history.broken({ atEnd: true })).toEqual([rule]);
  });

  it('is broken at the end by a return that no fact says', () => {
    const history = credited();
    history.order(NET);
    history.confirm(NET);
    history.pays(NET, { returned: true });
    expect(history.broken({ atEnd: true })).toEqual([rule]);
  });

  it('is broken by the bank’s second payment of one order when nobody holds it', () => {
    const history = credited();
    history.order(NET);
    history.confirm(NET);
    history.pays(NET, { times: 2 });
    expect(history.broken({ atEnd: true })).toEqual([rule]);
  });

  it('is broken when a confirmation after a rejection is ignored', () => {
    const history = credited();
    history.order(NET);
    const cause = history.payout('PayoutRejected', {});
    history.entry('J6', cause, [['2002', NET], ['2001', -NET]]); // prettier-ignore
    history.pays(NET);
    expect(history.broken({ atEnd: true })).toEqual([rule]);
  });

  it('holds when it is a contradiction, and what was paid is held', () => {
    const history = credited();
    history.order(NET);
    const rejected = history.payout('PayoutRejected', {});
    history.entry('J6', rejected, [['2002', NET], ['2001', -NET]]); // prettier-ignore
    history.pays(NET);
    const cause = history.payout('PayoutContradicted', { n: 1, hold: NET, how: 'confirmed-after-rejection' });
    history.entry('J12', cause, [['2001', NET], ['2003', -NET]]); // prettier-ignore
    expect(history.broken({ atEnd: true })).toEqual([]);
  });
});

describe('paid out ≤ credited', () => {
  const rule = 'paid out ≤ credited';

  it('is broken by a fen more than the sales by which the bank has paid', () => {
    const history = credited();
    history.order(NET + 1);
    history.confirm(NET + 1);
    history.pays(NET + 1);
    expect(history.broken()).toContain(rule);
  });

  it('is broken by a payout before the network has paid', () => {
    const history = new History();
    history.done('000001');
    history.pays(NET);
    expect(history.broken()).toContain(rule);
  });

  it('is broken by a payout by a file that the bank has not paid', () => {
    const history = new History();
    history.done('000001');
    history.file();
    history.pays(NET);
    expect(history.broken()).toContain(rule);
  });

  it('is broken by a payout of a sale that was voided', () => {
    const history = new History();
    const sale = history.done('000001');
    history.file();
    history.credited();
    history.done('000002', 'void', 10_000, sale);
    history.pays(NET);
    expect(history.broken()).toContain(rule);
  });

  it('holds when the bank paid late what it had rejected, after a new attempt was made: that is the bank’s doing', () => {
    const history = credited();
    history.pays(NET);
    history.pays(NET, { attempt: 2 });
    expect(history.broken()).toContain(rule);
    history.bank.orders.push({ reference: history.bank.paid[0]?.reference ?? '', amount: NET, fate: 'late' });
    expect(history.broken()).not.toContain(rule);
  });

  it('holds when it came back and went out once more', () => {
    const history = credited();
    history.pays(NET, { returned: true });
    history.pays(NET, { attempt: 2 });
    expect(history.broken()).not.toContain(rule);
  });
});

describe('payouts stop until people have looked', () => {
  const rule = 'payouts stop until people have looked';
  const later = '2026-11-26';
  const stops = [
    ['a rejection', (h: History) => h.payout('PayoutRejected', {})],
    ['a return', (h: History) => h.payout('PayoutReturned', { amount: 0 })],
    ['a contradiction', (h: History) => h.payout('PayoutContradicted', { n: 1, hold: 0, how: 'paid-twice' })],
  ] as const;

  it.each(stops)('is broken by an order after %s', (_, stop) => {
    const history = credited();
    stop(history);
    history.order(NET, later);
    expect(history.broken()).toEqual([rule]);
  });

  it.each(stops)('holds when %s was answered first', (what, stop) => {
    const history = credited();
    stop(history);
    if (what === 'a contradiction')
      history.payout('PayoutContradictionResolved', { n: 1, hold: 0, outcome: 'released' });
    else history.payout('PayoutAccountCorrected', {});
    history.order(NET, later);
    expect(history.broken()).toEqual([]);
  });

  it('is broken when only the account was corrected and the contradiction of the day stands', () => {
    const history = credited();
    for (const [, stop] of stops) stop(history);
    history.payout('PayoutAccountCorrected', {});
    history.order(NET, later);
    expect(history.broken()).toEqual([rule]);
  });

  it(`holds for what was due on ${DUE}, of ${DATE}, before any of them`, () => {
    const history = paid();
    for (const [, stop] of stops) stop(history);
    expect(history.broken()).toEqual([]);
  });
});
