import { DATE, feeFor, History, MERCHANT } from './testing/history.ts';

describe('one journal per fact that moves money', () => {
  const rule = 'one journal per fact that moves money';

  it('is broken by an approval without J1', () => {
    const history = new History();
    const sale = history.made('000001');
    history.ask(sale);
    history.about(sale, 'PaymentApproved', { fee: 60 });
    history.taken(sale);
    expect(history.broken()).toContain(rule);
  });

  it('is broken by a second J1', () => {
    const history = new History();
    const sale = history.made('000001');
    history.ask(sale);
    const cause = history.about(sale, 'PaymentApproved', { fee: 60 });
    history.entry('J1', cause, history.sold(10_000));
    history.entry('J1', cause, history.sold(10_000));
    history.taken(sale);
    expect(history.broken()).toContain(rule);
  });
});

describe('no entry without a fact', () => {
  it('is broken by one that follows from nothing', () => {
    const history = new History();
    history.entry('J1', 'no fact', []);
    expect(history.broken()).toEqual(['no entry without a fact']);
  });
});

describe('an entry sums to zero', () => {
  it('is broken by a fen, and the trial balance with it', () => {
    const history = new History();
    const cause = history.fact('channel-money', 'ChannelCharged', {});
    history.entry('J6', cause, [['5003', 51], ['1001', -50]]); // prettier-ignore
    expect(history.broken()).toEqual(['an entry sums to zero', 'the trial balance is zero']);
  });
});

describe('1002 is never below zero or below 2002', () => {
  const rule = ['1002 is never below zero or below 2002'];

  it('is broken by what leaves before it has come', () => {
    const history = new History();
    const cause = history.fact('channel-money', 'MarginMoved', {});
    history.entry('margin', cause, [['1001', 1], ['1002', -1]]); // prettier-ignore
    expect(history.broken()).toEqual(rule);
  });

  it('is broken by an order of more than has come', () => {
    const history = new History();
    history.done('000001');
    history.file();
    history.credited();
    history.order(9_953);
    expect(history.broken()).toEqual(rule);
  });
});

describe('fees are those of the plan', () => {
  const rule = 'fees are those of the plan';

  it('is broken by a fen', () => {
    const history = new History();
    const sale = history.made('000001');
    history.ask(sale);
    history.approve(sale, { fee: 61 });
    history.taken(sale);
    expect(history.broken()).toContain(rule);
  });

  it('is broken by refunds that give back more than their part', () => {
    const history = new History();
    const sale = history.done('000001');
    history.refund(history.made('000002', 'refund', 5_000, sale), 31);
    expect(history.broken()).toEqual([rule]);
  });

  it('holds for two refunds that share what does not divide', () => {
    const history = new History();
    const sale = history.done('000001', 'sale', 9_990);
    expect(feeFor(9_990)).toBe(60);
    history.refund(history.made('000002', 'refund', 83, sale), 0);
    history.refund(history.made('000003', 'refund', 1, sale), 1);
    expect(history.broken()).toEqual([]);
  });
});

describe('refunds never exceed their payment', () => {
  it('is broken by a fen', () => {
    const history = new History();
    const sale = history.done('000001');
    history.refund(history.made('000002', 'refund', 5_000, sale), 30);
    history.refund(history.made('000003', 'refund', 5_001, sale), 30);
    expect(history.broken()).toContain('refunds never exceed their payment');
  });
});

describe('the books owe what the payments come to', () => {
  const rule = ['the books owe what the payments come to'];

  it('is broken by money that the books owe and no payment brought', () => {
    const history = new History();
    const cause = history.fact('people', 'Adjusted', {});
    history.entry('J13', cause, [['5005', 100], ['2001', -100]]); // prettier-ignore
    expect(history.broken()).toEqual(rule);
  });

  it('is broken by a hold that nothing asks for', () => {
    const history = new History();
    history.done('000001');
    const cause = history.fact('people', 'Held', {});
    history.entry('J12', cause, [['2001', 100], ['2003', -100]]); // prettier-ignore
    expect(history.broken()).toEqual(rule);
  });

  it('is broken by a stuck payment whose money is not held', () => {
    const history = new History();
    const sale = history.done('000001');
    history.about(sale, 'ReversalStuck');
    history.believes(sale, 'dropped');
    expect(history.broken()).toEqual(rule);
  });

  it('holds when it is', () => {
    const history = new History();
    const sale = history.done('000001');
    const cause = history.about(sale, 'ReversalStuck');
    history.entry('J12', cause, [['2001', 9_940], ['2003', -9_940]]); // prettier-ignore
    history.believes(sale, 'dropped');
    expect(history.broken()).toEqual([]);
  });
});

describe('credits are the network’s nets', () => {
  const rule = 'credits are the network’s nets';
  const day = (): History => {
    const history = new History();
    history.done('000001');
    history.file();
    history.credited();
    return history;
  };

  it('holds when bank, file and books say the same', () => {
    expect(day().broken({ atEnd: true })).not.toContain(rule);
  });

  it('is broken when bank and books agree about another sum than the file’s', () => {
    const history = day();
    history.file([]);
    expect(history.broken()).toEqual([rule]);
  });

  it('is broken when the bank has paid what the file says and the books took in another sum', () => {
    const history = new History();
    history.done('000001');
    history.file();
    history.bank.credits.set(DATE, 9_952);
    history.fact('channel-money', 'ChannelCredited', { clearingDate: DATE, amount: 9_951 });
    expect(history.broken()).toContain(rule);
  });
});

describe('receivables are cleared', () => {
  it('is broken by what the network’s money does not cover', () => {
    const history = new History();
    history.done('000001');
    history.done('000002');
    const [first] = history.truth();
    history.file(first === undefined ? [] : [first]);
    history.credited();
    expect(history.broken()).toContain('receivables are cleared');
  });

  it('holds for what could not be undone any more: the file decides about it', () => {
    const history = new History();
    history.done('000001');
    const stuck = history.made('000002');
    history.ask(stuck);
    history.about(stuck, 'OperationInDoubt');
    history.about(stuck, 'ReversalStuck');
    history.taken(stuck);
    history.file();
    history.credited();
    expect(history.broken()).toEqual([]);
  });

  it(`holds merchant by merchant (${MERCHANT})`, () => {
    const history = new History();
    history.done('000001');
    history.done('000002', 'void', 10_000, history.done('000003'));
    history.file(history.truth().filter(({ kind }) => kind === 'sale').slice(0, 1)); // prettier-ignore
    history.credited();
    expect(history.broken()).toEqual([]);
  });
});
