import { nextWorkingDay } from '@tillstream/domain/calendar/working-days';
import { addDays } from '@tillstream/domain/calendar/date';
import { businessDateAt } from '@tillstream/domain/calendar/business-date';
import { verifyStore } from '@tillstream/event-store';
import { rebuildReadModels, stopOrder } from '@tillstream/service-kit';
import type { StartOptions } from './arguments.ts';
import { ApiClient } from './demo/api-client.ts';
import { Conductor } from './demo/conductor.ts';
import { DemoClock } from './demo/demo-clock.ts';
import { startForeignWorld, type ForeignWorld } from './demo/foreign-world.ts';
import { ProgressLine } from './demo/progress-line.ts';
import { registerDemo } from './demo/registration.ts';
import { demoTerminals, type DemoTerminal } from './demo/roster.ts';
import { startBlock } from './demo/start-block.ts';
import { summaryText } from './demo/summary.ts';
import { openNodeFolder } from './host/data-folder.ts';
import { openNode, type Node } from './host/node.ts';
import { readModels } from './host/read-models.ts';
import { startServices, type Services } from './host/services.ts';
import { readNodeSettings } from './host/settings.ts';

/** Starts the node and the simulator, trades the asked days, and stays up until it is told to stop. */
export async function run(options: StartOptions): Promise<void> {
  const settings = readNodeSettings(process.env);
  const folder = openNodeFolder(options.dataDir);
  const node = await openNode(settings, folder);
  const { lifecycle } = node.platform;
  lifecycle.stopOnSignals();
  try {
    const answerTimerMs = settings.answerTimer;
    const world = await startForeignWorld({ folder, seed: options.seed, answerTimerMs });
    // Stopped after the node has drained: what it still asks the network is answered.
    lifecycle.onStop('simulator', stopOrder.http, () => world.simulator.stop(10_000), 15_000);
    const services = await startServices(node, settings, options, world);
    const terminals = demoTerminals(options.terminals);
    console.log(startBlock({ node, services, world, folder, options }));
    await registerDemo(services.api, terminals);
    await services.ready();
    world.fleet(terminals, services.terminalAddress);
    await node.clock.simulate();
    if (options.trade) await trade(node, services, world, options, terminals);
    else console.log('No trade asked for; the node is up. Ctrl-C stops it.');
    if (options.exitAfter) await lifecycle.stop('asked to exit after the summary').then(() => process.exit(process.exitCode ?? 0));
  } catch (error) {
    if (lifecycle.stopping) return;
    node.platform.log.error('the run failed', { why: (error as Error).stack });
    await lifecycle.stop('failed');
    throw error;
  }
}

async function trade(
  node: Node,
  services: Services,
  world: ForeignWorld,
  options: StartOptions,
  terminals: readonly DemoTerminal[],
): Promise<void> {
  const clock = new DemoClock(node.clock, world.simulator, node.platform.cutOffMinutes);
  const api = new ApiClient(services.url, services.token);
  const line = new ProgressLine(process.stdout);
  const conductor = new Conductor({ simulator: world.simulator, clock, api, work: services.work, line });
  for (let n = 0; n < options.days; n++) {
    const date = await nextTradingDate(node, options);
    console.log(`\nTrading ${date}: ${options.payments.toLocaleString('en-US')} payments on ${terminals.length} terminals in about ${options.seconds} s`);
    const { fleet, figures } = await conductor.day({ date, payments: options.payments, seconds: options.seconds });
    const verified = await verifyStore(node.pool);
    if (verified.firstBad) throw new Error(`position ${verified.firstBad.position} of the store: ${verified.firstBad.why}`);
    const replay = await rebuildReadModels({ store: node.platform.store, pool: node.pool, models: readModels, swap: false });
    console.log(summaryText(figures, fleet, replay, Number(verified.facts)));
    const broken = !replay.equal || figures.trialBalance.difference !== 0 || fleet.differences.some((d) => !d.planned);
    if (broken) process.exitCode = 1;
  }
  console.log('The node stays up; Ctrl-C stops it, the next start trades the next business day.');
}

/** A new folder begins with the date asked for, or the next working day; an old one goes on where its clock stands. */
async function nextTradingDate(node: Node, options: StartOptions): Promise<string> {
  const { businessClock, store, cutOffMinutes } = node.platform;
  const today = businessDateAt(businessClock.now().getTime(), cutOffMinutes);
  const traded = await store.readAll(0n, { nouns: ['settlement'], limit: 1 });
  if (traded.length > 0) return today;
  if (options.date !== undefined) {
    if (options.date < today) throw new Error(`--date ${options.date} lies before the business clock's date ${today}, which never goes back`);
    return options.date;
  }
  const next = nextWorkingDay(addDays(today, -1));
  if (!next.ok) throw new Error(`the calendar has no year ${next.year}; give --date`);
  return next.date;
}
