import type { Metrics, Platform } from '@tillstream/service-kit';
import type { Pool } from 'pg';
import { trialBalance, type AccountBalance, type TrialBalance } from './read/balances.ts';
import { NothingReported, readAt } from './read/snapshot.ts';

/** What must be zero for every moment of the books (domain 4.6). */
export interface MoneyFigures {
  /** Debits less credits over everybody, fen. */
  readonly difference: number;
  /** Of 1002, and of 1002 less what is owed out of it (2002): the amount below zero, fen; 0 when there is none. */
  readonly belowZero: Readonly<Record<'1002' | '1002-2002', number>>;
}

/** The figures of a trial balance. */
export function moneyFigures({
  accounts,
  difference,
}: TrialBalance & { accounts: readonly AccountBalance[] }): MoneyFigures {
  const balanceOf = (account: string): number => accounts.find((one) => one.account === account)?.balance ?? 0;
  // Debits are positive, so what we owe in 2002 is a negative balance.
  const [reserve, ordered] = [balanceOf('1002'), -balanceOf('2002')];
  return { difference, belowZero: { '1002': Math.min(0, reserve), '1002-2002': Math.min(0, reserve - ordered) } };
}

/** Sums over everybody cost what the history is long, so one reading serves a minute of scrapes. */
const FRESH_MS = 60_000;

/** Shows them at each scrape, from the live rows at one position and at most a minute old; zero before the first fact. */
export function showMoney(metrics: Metrics, { pool, machineClock }: Pick<Platform, 'pool' | 'machineClock'>): void {
  let last: { readonly at: number; readonly figures: Promise<MoneyFigures> } | undefined;
  const figures = (): Promise<MoneyFigures> => {
    const at = machineClock.now();
    if (last === undefined || at - last.at >= FRESH_MS || at < last.at) last = { at, figures: read(pool) };
    // A failed reading is tried again at the next scrape.
    last.figures.catch(() => (last = undefined));
    return last.figures;
  };
  metrics.gauge(
    { name: 'trial_balance_difference_fen', help: 'Debits less credits over everybody, fen; anything but 0 is wrong' },
    async (gauge) => gauge.set((await figures()).difference),
  );
  metrics.gauge(
    {
      name: 'account_below_zero_fen',
      help: 'How far the reserve 1002, or 1002 less 2002, is below zero, fen; anything but 0 is wrong',
      labels: ['account'],
    },
    async (gauge) => {
      for (const [account, fen] of Object.entries((await figures()).belowZero)) gauge.set({ account }, fen);
    },
  );
}

const nothing: MoneyFigures = { difference: 0, belowZero: { '1002': 0, '1002-2002': 0 } };

async function read(pool: Pool): Promise<MoneyFigures> {
  try {
    return await readAt(pool, async (view) => moneyFigures(await trialBalance(view, view.mark.position)));
  } catch (error) {
    if (error instanceof NothingReported) return nothing;
    throw error;
  }
}
