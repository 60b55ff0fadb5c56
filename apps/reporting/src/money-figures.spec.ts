import { moneyFigures } from './money-figures.ts';

const accounts = (balances: Record<string, number>) => ({
  ...{ debit: 0, credit: 0, difference: 0 },
  accounts: Object.entries(balances).map(([account, balance]) => ({ account, balance })),
});

describe('figures that must be zero (domain 4.6)', () => {
  it('a reserve that covers what is ordered out of it is no finding', () => {
    expect(moneyFigures(accounts({ '1002': 500, '2002': -500 })).belowZero).toEqual({ '1002': 0, '1002-2002': 0 });
    expect(moneyFigures(accounts({})).belowZero).toEqual({ '1002': 0, '1002-2002': 0 });
  });

  it('a reserve below zero, or below what is ordered out of it, is shown by how much', () => {
    expect(moneyFigures(accounts({ '1002': -3 })).belowZero).toEqual({ '1002': -3, '1002-2002': -3 });
    expect(moneyFigures(accounts({ '1002': 499, '2002': -500 })).belowZero).toEqual({ '1002': 0, '1002-2002': -1 });
  });
});
