import { History, traceOf, type Made } from './testing/history.ts';

const isCase = 'a difference of a clearing file is a case, and nothing else is';

/** Two sales. */
function sold(): { readonly history: History; readonly first: Made; readonly second: Made } {
  const history = new History();
  return { history, first: history.done('000001'), second: history.done('000002', 'sale', 20_000) };
}

/** The second sale is missing in the file, and the bank pays without it. */
function short(): { readonly history: History; readonly second: Made } {
  const { history, second } = sold();
  history.file(history.truth().slice(0, 1));
  history.credited();
  history.compare();
  return { history, second };
}

const NET = 20_000 - 48;
const HELD = 20_000 - 120;

describe('a clearing file that says what the network did', () => {
  it('breaks no rule and makes no case', () => {
    const { history } = sold();
    history.file();
    history.credited();
    history.compare();
    expect(history.judged({ atEnd: true })).toEqual([]);
  });
});

describe(isCase, () => {
  it('is broken by a short line without a case', () => {
    expect(short().history.broken()).toContain(isCase);
  });

  it('holds when it is short by its amount, held and topped up', () => {
    const { history, second } = short();
    history.short(history.differs('SHORT', traceOf(second), { receivable: -NET, hold: HELD }), second);
    expect(history.judged({ atEnd: true })).toEqual([]);
  });

  it('is broken by a case of another amount', () => {
    const { history, second } = short();
    history.differs('SHORT', traceOf(second), { receivable: 1 - NET, hold: HELD });
    expect(history.broken()).toContain(isCase);
  });

  it.each(['SHORT', 'LONG', 'AMOUNT_DIFF', 'FEE_DIFF', 'DUPLICATE'])(
    'is broken by a case too many: %s of a line that is right',
    (outcome) => {
      const { history, first } = sold();
      history.file();
      history.credited();
      history.compare();
      history.differs(outcome, traceOf(first), { receivable: 5 });
      expect(history.broken()).toContain(isCase);
    },
  );

  it.each([
    ['AMOUNT_DIFF', { amount: 1_000, net: 1_000 }],
    ['FEE_DIFF', { amount: 0, net: -3 }],
  ])('is broken by a line that differs without %s, and holds with it', (outcome, by) => {
    const { history, first } = sold();
    history.file(history.truth().map((line) => (line.key === traceOf(first) ? { ...line, amount: line.amount + by.amount, net: line.net + by.net } : line))); // prettier-ignore
    history.compare();
    expect(history.broken()).toEqual([isCase]);
    const caseOf = { caseId: `case ${outcome} ${first.stan}` };
    const cause = history.differs(outcome, traceOf(first), { receivable: by.net });
    history.entry('J10', cause, [['1101', by.net], [by.net > 0 ? '2191' : '1191', -by.net]], caseOf); // prettier-ignore
    if (by.net < 0) history.entry('J11-top-up', cause, [['1002', -by.net], ['1001', by.net]], caseOf); // prettier-ignore
    expect(history.broken()).toEqual([]);
  });

  describe('a channel that took the refunds of one sale in another order', () => {
    const refunded = (n: number, by: number): History => {
      const { history, first } = sold();
      const refunds = ['000003', '000004'].slice(0, n).map((stan) => history.made(stan, 'refund', 1_000, first));
      for (const refund of refunds) history.refund(refund, 6);
      history.file();
      history.compare();
      for (const [at, refund] of refunds.entries())
        history.differs('FEE_DIFF', traceOf(refund), { receivable: at === 0 ? by : -by });
      return history;
    };

    it('may split the costs a fen otherwise', () => {
      expect(refunded(2, 1).broken()).not.toContain(isCase);
    });

    it.each([
      ['more than that', 2, 3],
      ['a refund that is the only one', 1, 1],
    ])('breaks the rule by %s', (_what, n, by) => {
      expect(refunded(n, by).broken()).toContain(isCase);
    });
  });

  it('is broken by a doubled line without DUPLICATE', () => {
    const { history } = sold();
    const truth = history.truth();
    history.file([...truth, ...truth.slice(0, 1)]);
    history.compare();
    expect(history.broken()).toEqual([isCase]);
  });

  it('is broken by a case of what neither the file nor the network names', () => {
    const { history } = sold();
    history.file();
    history.compare();
    history.differs('LONG', '1124030303.900001.48021000', { receivable: 0 });
    expect(history.broken()).toEqual([isCase]);
  });

  it('is broken by an invented line without LONG', () => {
    const { history } = sold();
    history.file([...history.truth(), { kind: 'sale', key: '1124030303.900001.48021000', amount: 500, net: 498 }]);
    history.compare();
    expect(history.broken()).toEqual([isCase]);
  });
});

describe('suspense is of open cases', () => {
  it('is broken by a case whose money is not in 1191', () => {
    const { history, second } = short();
    const cause = history.differs('SHORT', traceOf(second), { receivable: -NET, hold: HELD });
    history.entry('J11-top-up', cause, [['1002', NET], ['1001', -NET]]); // prettier-ignore
    expect(history.broken()).toContain('suspense is of open cases');
  });

  it('is broken by a case that has ended and is still in 1191', () => {
    const { history, second } = short();
    history.short(history.differs('SHORT', traceOf(second), { receivable: -NET, hold: HELD }), second);
    history.fact('clearing-2026-11-24', 'ClearingDifferenceCleared', {
      ...{ caseId: 'case SHORT 000002', merchantId: '898310000000001', because: 'moved' },
      move: { receivable: -NET, issuerCost: 0, networkCost: 0, hold: HELD },
    });
    expect(history.broken()).toContain('suspense is of open cases');
  });
});

describe('what is short is topped up', () => {
  it('is broken by a short case without own money in 1002', () => {
    const { history, second } = short();
    const cause = history.differs('SHORT', traceOf(second), { receivable: -NET, hold: HELD });
    history.entry('J11', cause, [['1191', NET], ['1101', -NET]], { caseId: 'case SHORT 000002' }); // prettier-ignore
    history.entry('J12', cause, [['2001', HELD], ['2003', -HELD]]); // prettier-ignore
    expect(history.broken()).toEqual(['what is short is topped up']);
  });
});

describe('what is short is held', () => {
  it('is broken by a short case that holds a fen less than the merchant’s net', () => {
    const { history, second } = short();
    const cause = history.differs('SHORT', traceOf(second), { receivable: -NET, hold: HELD - 1 });
    history.short(cause, second);
    expect(history.broken()).toContain('what is short is held');
  });
});

describe('every file is compared', () => {
  it('is broken at the end by a day that the bank has paid and nobody compared', () => {
    const { history } = sold();
    history.file();
    history.credited();
    expect(history.broken()).toEqual([]);
    expect(history.broken({ atEnd: true })).toEqual(['every file is compared']);
  });

  it('is broken at the end by a second version that nobody compared', () => {
    const { history } = sold();
    history.file(history.truth(), 2);
    history.credited();
    history.compare(1);
    expect(history.broken({ atEnd: true })).toEqual(['every file is compared']);
  });
});
