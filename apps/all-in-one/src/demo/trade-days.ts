import { writeFileSync } from 'node:fs';
import { nextWorkingDay } from '@tillstream/domain/calendar/working-days';
import { verifyEventStore, type EventStore } from '@tillstream/event-store';
import { checkInvariants } from '@tillstream/reporting';
import { rebuildReadModels } from '@tillstream/service-kit';
import type { Pool } from 'pg';
import type { StartOptions } from '../arguments.ts';
import type { NodeFolder } from '../host/data-folder.ts';
import { readModels } from '../host/read-models.ts';
import type { ApiClient } from './api-client.ts';
import { Conductor, type NodeWork } from './conductor.ts';
import type { DemoClock } from './demo-clock.ts';
import { readDiary, writeDiary } from './diary.ts';
import { ProgressLine } from './progress-line.ts';
import type { SimulatorProcess } from './simulator-process.ts';
import { type DaySummary, summaryText } from './summary.ts';

/** What trades: the single node or a cluster, and the world around it. */
export interface Trader {
  readonly api: ApiClient;
  readonly work: NodeWork;
  readonly clock: DemoClock;
  readonly simulator: SimulatorProcess;
  readonly pool: Pool;
  readonly store: EventStore;
  readonly folder: NodeFolder;
}

/** Trades the days that were asked for and prints what each came to; a day that does not hold makes the process end with 1. */
export async function tradeDays(trader: Trader, options: StartOptions): Promise<void> {
  const { clock, simulator, api, work, folder } = trader;
  const line = new ProgressLine(process.stdout);
  const conductor = new Conductor({ simulator, clock, api, work, line });
  const before = readDiary(folder);
  if (before?.stage === 'trading') {
    console.log(`\nBusiness day ${before.date} was interrupted; it is finished first.`);
    await conductor.finish(before.date);
    writeDiary(folder, { date: before.date, stage: 'done' });
  }
  for (let n = 0; n < options.days; n++) {
    const date = tradingDate(clock, options.date);
    console.log(
      `\nTrading ${date}: ${options.payments.toLocaleString('en-US')} payments on ${options.terminals} terminals in about ${options.seconds} s`,
    );
    writeDiary(folder, { date, stage: 'trading' });
    const traded = await conductor.day({ date, payments: options.payments, seconds: options.seconds });
    writeDiary(folder, { date, stage: 'done' });
    const summary = await checked(trader, traded);
    console.log(summaryText(summary));
    if (options.figures !== undefined) writeFileSync(options.figures, JSON.stringify(traded.figures, null, 2));
    if (isBroken(summary)) process.exitCode = 1;
  }
}

/** Holds the store, the rows and the books against the whole history. */
async function checked({ pool, store }: Trader, traded: Pick<DaySummary, 'fleet' | 'figures'>): Promise<DaySummary> {
  const verified = await verifyEventStore(store, pool);
  if (verified.firstBad)
    throw new Error(`position ${verified.firstBad.position} of the store: ${verified.firstBad.why}`);
  const replay = await rebuildReadModels({ store, pool, models: readModels, swap: false });
  const { breaches } = await checkInvariants(pool, store);
  return { ...traded, replay, verified: Number(verified.facts), breaches };
}

const isBroken = ({ figures, fleet, replay, breaches }: DaySummary): boolean =>
  breaches.length > 0 ||
  !replay.equal ||
  figures.trialBalance.difference !== 0 ||
  fleet.differences.some((difference) => !difference.planned);

/** The date asked for when it lies ahead; else today by the business clock, or the next working day when today is under way. */
function tradingDate(clock: DemoClock, wished: string | undefined): string {
  const today = clock.today();
  if (wished !== undefined && wished > today) return wished;
  if (!clock.isPastOpening(today)) return today;
  const next = nextWorkingDay(today);
  if (!next.ok) throw new Error(`the calendar has no year ${next.year}; give --date`);
  return next.date;
}
