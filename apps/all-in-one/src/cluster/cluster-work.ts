import type { Pool } from 'pg';
import type { NodeWork } from '../demo/conductor.ts';
import type { Cluster } from './cluster.ts';

/** How long the clock may take to reach every process before it is said which one is behind. */
const CLOCK_DEADLINE_MS = 30_000;
/** So often in a row nothing must be left: facts lead to facts. */
const QUIET_LOOKS = 3;

interface Positions {
  readonly groups: readonly { readonly group: string; readonly lag: number }[];
}
interface SettlementProgress {
  readonly dayEnded: boolean;
  readonly paidOut: boolean;
  readonly idle: boolean;
}

/** What the conductor asks of a cluster, asked of its processes and its rows. */
export function workOf(cluster: Cluster, pool: Pool): NodeWork {
  const lag = async (): Promise<number> => {
    const { groups } = await cluster.api.get<Positions>('/positions');
    return groups.reduce((most, group) => Math.max(most, group.lag), 0);
  };
  const inDoubt = async (): Promise<number> => {
    const found = await pool.query<{ count: number }>(
      'select count(*)::int as count from read.authorization_operation where undecided',
    );
    return found.rows[0]?.count ?? 0;
  };
  const progress = (date: string): Promise<SettlementProgress[]> =>
    cluster.ask<SettlementProgress>('settlement', `/settlement-progress/${date}`);
  const isQuiet = async (): Promise<boolean> =>
    (await lag()) === 0 && (await progress(ANY_DATE)).every(({ idle }) => idle);
  return {
    lag,
    // Rows are behind their facts, so none is said only when nothing is left to take in.
    inDoubt: async () => ((await lag()) > 0 ? Math.max(1, await inDoubt()) : inDoubt()),
    settled: async () => {
      for (let quiet = 0; quiet < QUIET_LOOKS;) {
        quiet = (await isQuiet()) ? quiet + 1 : 0;
        await new Promise((resolve) => setTimeout(resolve, 50));
      }
    },
    dayEnded: async (date) => (await progress(date)).every(({ dayEnded }) => dayEnded),
    paidOut: async (dueDate) => (await progress(dueDate)).every(({ paidOut }) => paidOut),
  };
}

const ANY_DATE = '2000-01-01';

/** Resolves when the business clock of every running process has come to an instant. Rejects after 30 s. */
export async function clockFollowed(cluster: Cluster, at: Date): Promise<void> {
  const deadline = Date.now() + CLOCK_DEADLINE_MS;
  for (;;) {
    const clocks = await cluster.figures('tillstream_business_clock_seconds');
    const slowest = Math.min(...clocks);
    if (slowest * 1_000 >= at.getTime()) return;
    if (Date.now() > deadline)
      throw new Error(`a process’s business clock stands at ${slowest}, not ${at.getTime() / 1_000}`);
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
}
