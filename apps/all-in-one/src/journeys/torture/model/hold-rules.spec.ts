import { DATE, History, type Made } from './testing/history.ts';

const lives = 'a hold is completed within 115 %, voided or lapses, once';
const hold = (history: History): Made => history.done('000001', 'pre-auth');
/** In the payment's stream, after day 30. */
const lapse = (history: History, one: Made, on = '2026-12-25'): string => history.about(one, 'PreAuthExpired', { on });

describe('a hold that lives by the rules breaks none', () => {
  it.each([
    ['held', () => undefined],
    [
      'completed to the last fen that is allowed',
      (h: History, one: Made) => h.done('000002', 'completion', 11_500, one),
    ],
    ['voided', (h: History, one: Made) => h.done('000002', 'pre-auth-void', 10_000, one)],
    [
      'completed, its completion voided, completed again',
      (h: History, one: Made) => {
        const first = h.done('000002', 'completion', 9_000, one);
        h.done('000003', 'completion-void', 9_000, first);
        h.done('000004', 'completion', 10_000, one);
      },
    ],
    [
      'completed, its completion undone, completed again',
      (h: History, one: Made) => {
        h.undo(h.done('000002', 'completion', 9_000, one));
        h.done('000003', 'completion', 10_000, one);
      },
    ],
    ['lapsed', (h: History, one: Made) => lapse(h, one)],
  ])('%s', (_, act) => {
    const history = new History();
    act(history, hold(history));
    expect(history.judged()).toEqual([]);
  });
});

describe(lives, () => {
  it.each([
    ['a completion over 115 %', (h: History, one: Made) => h.done('000002', 'completion', 11_501, one)],
    [
      'a second completion',
      (h: History, one: Made) => {
        h.done('000002', 'completion', 9_000, one);
        h.done('000003', 'completion', 1_000, one);
      },
    ],
    [
      'a completion of what was voided',
      (h: History, one: Made) => {
        h.done('000002', 'pre-auth-void', 10_000, one);
        h.done('000003', 'completion', 9_000, one);
      },
    ],
    [
      'a completion of what has lapsed',
      (h: History, one: Made) => {
        lapse(h, one);
        h.done('000002', 'completion', 9_000, one);
      },
    ],
    [
      'a completion after day 30',
      (h: History, one: Made) => {
        const late = h.made('000002', 'completion', 9_000, one);
        h.ask(late, { tradeDate: '2026-12-25' });
        h.approve(late);
        h.taken(late);
      },
    ],
    ['lapsing on day 30', (h: History, one: Made) => lapse(h, one, '2026-12-24')],
    [
      'lapsing while a completion has no outcome',
      (h: History, one: Made) => {
        h.ask(h.made('000002', 'completion', 9_000, one));
        lapse(h, one);
      },
    ],
    [
      'a void that is taken while a completion has no outcome',
      (h: History, one: Made) => {
        h.ask(h.made('000002', 'completion', 9_000, one));
        h.done('000003', 'pre-auth-void', 10_000, one);
      },
    ],
  ])('is broken by %s', (_, act) => {
    const history = new History();
    act(history, hold(history));
    expect(history.broken()).toContain(lives);
  });
});

describe('store and channel agree about holds', () => {
  it('is broken by a hold that is lost here and stands there', () => {
    const history = new History();
    const one = hold(history);
    const free = history.done('000002', 'pre-auth-void', 10_000, one);
    history.network.operations.delete(`1124100000.${free.stan}.48021000`);
    expect(history.broken()).toContain('store and channel agree');
  });

  it('is broken by a hold that is completed there and held here', () => {
    const history = new History();
    const one = hold(history);
    history.taken(history.made('000002', 'completion', 9_000, one));
    expect(history.broken()).toContain('store and channel agree');
  });
});

describe('a hold ends once', () => {
  it('is broken by two completions that stand at the channel', () => {
    const history = new History();
    const one = hold(history);
    history.done('000002', 'completion', 9_000, one);
    history.taken(history.made('000003', 'completion', 1_000, one));
    expect(history.broken()).toContain('a hold ends once');
  });

  it('holds when the first of them was voided', () => {
    const history = new History();
    const one = hold(history);
    history.done('000003', 'completion-void', 9_000, history.done('000002', 'completion', 9_000, one));
    history.done('000004', 'completion', 1_000, one);
    expect(history.broken()).toEqual([]);
  });
});

describe('an advice is never reversed', () => {
  const advised = (history: History): Made => {
    const one = history.made('000001', 'offline-sale');
    history.promise(one);
    history.approve(one);
    history.taken(one);
    history.told(one, '00');
    history.believes(one, 'approved');
    return one;
  };

  it('holds for one that the channel has taken', () => {
    const history = new History();
    advised(history);
    expect(history.broken()).toEqual([]);
  });

  it('is broken by a reversal that is asked for', () => {
    const history = new History();
    history.about(advised(history), 'ReversalRequested');
    expect(history.broken()).toContain('an advice is never reversed');
  });

  it('is broken by a reversal that the channel has seen', () => {
    const history = new History();
    history.undoneThere(advised(history));
    expect(history.broken()).toContain('an advice is never reversed');
  });
});

describe('a hold lapses on day 31', () => {
  it('is broken by one that is still held', () => {
    const history = new History();
    hold(history);
    expect(history.broken()).toEqual([]);
    expect(history.broken({ afterExpiry: true })).toEqual(['a hold lapses on day 31']);
  });

  it(`holds when it lapsed 31 days after ${DATE}`, () => {
    const history = new History();
    lapse(history, hold(history));
    expect(history.broken({ afterExpiry: true })).toEqual([]);
  });
});

describe('how a completion finds a hold', () => {
  it.each([
    ['open', () => undefined],
    ['lapsed', (h: History, one: Made) => lapse(h, one)],
    ['over', (h: History, one: Made) => h.done('000002', 'completion', 9_000, one)],
    ['over', (h: History, one: Made) => h.done('000002', 'pre-auth-void', 10_000, one)],
    ['over', (h: History, one: Made) => h.ask(h.made('000002', 'completion', 9_000, one))],
  ] as const)('%s', (is, act) => {
    const history = new History();
    act(history, hold(history));
    expect(history.store.holds.standingOf('10000001.000001.000001')).toBe(is);
    expect(history.store.holds.standingOf('10000001.000001.000009')).toBe('over');
  });
});
