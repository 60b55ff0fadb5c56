import { History } from './testing/history.ts';

describe('payments that everybody agrees about break no rule', () => {
  it.each([
    ['a sale', (h: History) => void h.done('000001')],
    ['a sale and its void', (h: History) => void h.done('000002', 'void', 10_000, h.done('000001'))],
    ['a sale that was undone', (h: History) => h.undo(h.done('000001'))],
    ['a sale and a refund', (h: History) => h.refund(h.made('000002', 'refund', 5_000, h.done('000001')), 30)],
  ])('%s', (_, act) => {
    const history = new History();
    act(history);
    expect(history.judged({ atEnd: true })).toEqual([]);
  });
});

describe('the model knows every fact', () => {
  it('so one of a new type is a fault of the model, said at once', () => {
    const history = new History();
    history.about(history.done('000001'), 'PaymentForgotten');
    expect(history.broken()).toEqual(['the model knows every fact']);
  });
});

describe('no payment without an owner', () => {
  it('is broken by one that was asked for and has no outcome', () => {
    const history = new History();
    history.ask(history.made('000001'));
    expect(history.broken()).toEqual(['no payment without an owner']);
  });

  it('is broken by one that is in doubt when nobody has anything left to do', () => {
    const history = new History();
    const sale = history.made('000001');
    history.ask(sale);
    history.about(sale, 'OperationInDoubt');
    expect(history.broken()).toEqual(['no payment without an owner']);
  });

  it('is broken by what the channel has taken and no fact names', () => {
    const history = new History();
    history.taken(history.made('000001'));
    expect(history.broken()).toEqual(['no payment without an owner']);
  });

  it('holds for what the resolver could not undo and keeps', () => {
    const history = new History();
    const sale = history.made('000001');
    history.ask(sale);
    history.taken(sale);
    history.about(sale, 'OperationInDoubt');
    history.about(sale, 'ReversalStuck');
    expect(history.broken()).toEqual([]);
  });
});

describe('store and channel agree', () => {
  it('is broken when the channel has undone what the store keeps', () => {
    const history = new History();
    history.undoneThere(history.done('000001'));
    expect(history.broken()).toEqual(['store and channel agree']);
  });

  it('is broken when the store has undone what the channel keeps', () => {
    const history = new History();
    const sale = history.done('000001');
    history.undo(sale);
    history.taken(sale);
    expect(history.broken()).toContain('store and channel agree');
  });

  it('is broken when the channel took another amount', () => {
    const history = new History();
    history.taken(history.done('000001'), { amount: 9_999 });
    expect(history.broken()).toEqual(['store and channel agree']);
  });

  it('is broken when the channel has never seen what the store calls approved', () => {
    const history = new History();
    history.done('000001');
    history.network.operations.clear();
    expect(history.broken()).toEqual(['store and channel agree']);
  });

  it('is broken when the channel has declined what the store calls approved', () => {
    const history = new History();
    history.taken(history.done('000001'), { code: '51' });
    expect(history.broken()).toEqual(['store and channel agree']);
  });
});

describe('one approval fact per approval told', () => {
  const rule = ['one approval fact per approval told'];

  it('is broken by a terminal that was told 00 for what was declined', () => {
    const history = new History();
    const sale = history.made('000001');
    history.ask(sale);
    history.about(sale, 'OperationDeclined');
    history.taken(sale, { code: '51' });
    history.told(sale, '00');
    expect(history.broken()).toEqual(rule);
  });

  it('is broken by a reply over another amount', () => {
    const history = new History();
    history.told(history.done('000001'), '00', { repliedAmount: 9_000 });
    expect(history.broken()).toEqual(rule);
  });

  it('is broken by a reply with another reference', () => {
    const history = new History();
    history.told(history.done('000001'), '00', { rrn: 'another' });
    expect(history.broken()).toEqual(rule);
  });

  it('holds when the same reply was given twice', () => {
    const history = new History();
    history.told(history.done('000001'), '00');
    expect(history.broken()).toEqual([]);
  });
});

describe('no 00 for something undone', () => {
  const rule = ['no 00 for something undone'];

  it.each(['00', '25'])('is broken by an approval after an 0400 that was answered %s', (code) => {
    const history = new History();
    const sale = history.done('000001');
    history.told({ ...sale, kind: 'reversal' }, code);
    history.told(sale, '00');
    expect(history.broken()).toEqual(rule);
  });

  it('is broken by an approval after 98', () => {
    const history = new History();
    const sale = history.made('000001');
    history.told(sale, '98');
    history.done('000001');
    expect(history.broken()).toEqual(rule);
  });

  it('holds when the 0400 was answered 12: it had no effect', () => {
    const history = new History();
    const sale = history.done('000001');
    history.told({ ...sale, kind: 'reversal' }, '12');
    history.told(sale, '00');
    expect(history.broken()).toEqual([]);
  });
});

describe('no approval that the ledger lacks', () => {
  const rule = 'no approval that the ledger lacks';

  it('is broken by a terminal that believes in what no fact names', () => {
    const history = new History();
    history.believes(history.made('000001'), 'approved');
    expect(history.broken()).toEqual([rule]);
  });

  it('is broken by a terminal that believes in what was undone', () => {
    const history = new History();
    const sale = history.done('000001');
    history.undo(sale);
    history.believes(sale, 'approved');
    expect(history.broken()).toEqual([rule]);
  });

  it('is broken by a terminal that believes in a void of what still pays', () => {
    const history = new History();
    history.believes(history.done('000001'), 'approved', true);
    expect(history.broken()).toEqual([rule]);
  });
});

describe('what the terminal does not know is returned or held', () => {
  const rule = ['what the terminal does not know is returned or held'];

  it('is broken at the end by money that the channel took and the terminal has given up', () => {
    const history = new History();
    history.believes(history.done('000001'), 'dropped');
    expect(history.broken({ atEnd: true })).toEqual(rule);
  });

  it('is broken by it once the batch has been settled', () => {
    const history = new History();
    history.believes(history.done('000001'), 'dropped');
    const batch = { terminalId: '10000001', batch: '000001' };
    history.fact('batch-10000001.000001', 'BatchBalanced', batch);
    expect(history.broken()).toEqual(rule);
  });

  it('holds at the end for what is stuck, with its money held until the file decides', () => {
    const history = new History();
    const sale = history.done('000001');
    const cause = history.about(sale, 'ReversalStuck');
    history.entry('J12', cause, [['2001', 9_940], ['2003', -9_940]]); // prettier-ignore
    history.believes(sale, 'dropped');
    expect(history.broken({ atEnd: true })).toEqual([]);
  });

  it('holds as long as the batch is open: its comparison will find it', () => {
    const history = new History();
    history.believes(history.done('000001'), 'dropped');
    expect(history.broken()).toEqual([]);
  });
});

describe('one refund per advice', () => {
  it('is broken when it comes under the number of another batch and is taken again', () => {
    const history = new History();
    const sale = history.done('000001');
    const refund = history.made('000002', 'refund', 5_000, sale);
    history.refund(refund, 30);
    const ref = { operationId: 'again', kind: 'refund', terminalId: '10000001', batch: '000002', stan: '000002' };
    const again = { ...ref, merchantId: '898310000000001', rrn: 'R000002' };
    history.about(refund, 'RefundRequested', { operation: again, returned: { fee: 30 } });
    history.about(refund, 'RefundDeclined', { operation: again });
    expect(history.broken()).toEqual(['one refund per advice']);
  });
});
