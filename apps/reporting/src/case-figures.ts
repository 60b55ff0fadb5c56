import type { Metrics, Platform } from '@tillstream/service-kit';
import { openCases, type OpenCases } from './read/open-cases.ts';

/** Shows open cases by kind, of the clearing and of payouts, as reporting's rows have them; a kind of which none is open any more says zero. */
export function showCases(metrics: Metrics, { pool, businessClock }: Pick<Platform, 'pool' | 'businessClock'>): void {
  const labels = ['kind'] as const;
  const seen = new Set<string>();
  const figures = async (set: (kind: string, open: OpenCases | undefined) => void): Promise<void> => {
    const open = new Map((await openCases(pool)).map((one) => [one.kind, one]));
    for (const kind of open.keys()) seen.add(kind);
    for (const kind of seen) set(kind, open.get(kind));
  };
  metrics.gauge(
    { name: 'open_cases', help: 'Cases of the clearing and of payouts that wait for a person', labels },
    (gauge) => figures((kind, open) => gauge.set({ kind }, open?.count ?? 0)),
  );
  const help = 'Age of the oldest open case by the business clock, s; 0 when none is open';
  metrics.gauge({ name: 'open_cases_oldest_seconds', help, labels }, (gauge) =>
    figures((kind, open) => {
      const now = businessClock.now().getTime();
      gauge.set({ kind }, open === undefined ? 0 : Math.max(0, (now - Date.parse(open.oldest)) / 1_000));
    }),
  );
}
