import { nextWorkingDay } from '@tillstream/domain/calendar/working-days';
import { verifyStore } from '@tillstream/event-store';
import { checkInvariants } from '@tillstream/reporting';
import { rebuildReadModels, stopOrder } from '@tillstream/service-kit';
import type { StartOptions } from './arguments.ts';
import { Conductor } from './demo/conductor.ts';
import { DemoClock } from './demo/demo-clock.ts';
import { readDiary, writeDiary } from './demo/diary.ts';
import { startForeignWorld, writeTillFile, type ForeignWorld } from './demo/foreign-world.ts';
import { ProgressLine } from './demo/progress-line.ts';
import { registerDemo } from './demo/registration.ts';
import { demoTerminals, handTerminals, loadTerminals } from './demo/roster.ts';
import { startBlock } from './demo/start-block.ts';
import { summaryText } from './demo/summary.ts';
import { openNodeFolder, type NodeFolder } from './host/data-folder.ts';
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
  lifecycle.onStop('a word to the person', stopOrder.intake, () =>
    console.log('\nStopping: what is at work is finished first …'),
  );
  lifecycle.onStop('a last word', stopOrder.last + 1, () => console.log('Stopped; nothing is lost.'));
  try {
    const world = await startForeignWorld({
      folder,
      seed: options.seed,
      answerTimerMs: settings.answerTimer,
      onDeath: (error) => {
        if (lifecycle.stopping) return;
        console.error(`The simulator died: ${error.message}`);
        void lifecycle.stop('simulator died').then(() => process.exit(1));
      },
    });
    // Stopped after the node has drained: what it still asks the network is answered.
    lifecycle.onStop('simulator', stopOrder.http, () => world.simulator.stop(10_000), 15_000);
    const services = await startServices(node, settings, options, world);
    const terminals = demoTerminals(options.terminals);
    console.log(startBlock({ node, services, world, folder, options }));
    await registerDemo(services.api, [...terminals, ...loadTerminals(), ...handTerminals()]);
    writeTillFile(folder, services.terminalAddress);
    await services.ready();
    world.fleet(terminals, services.terminalAddress);
    await node.clock.simulate();
    if (options.trade) await trade(node, services, world, folder, options);
    else console.log('No trade asked for; the node is up. Ctrl-C stops it.');
    if (options.exitAfter)
      await lifecycle.stop('asked to exit after the summary').then(() => process.exit(process.exitCode ?? 0));
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
  folder: NodeFolder,
  options: StartOptions,
): Promise<void> {
  const clock = new DemoClock(node.clock, world.simulator, node.platform.cutOffMinutes);
  const line = new ProgressLine(process.stdout);
  const conductor = new Conductor({ simulator: world.simulator, clock, api: services.api, work: services.work, line });
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
    const { fleet, figures } = await conductor.day({ date, payments: options.payments, seconds: options.seconds });
    writeDiary(folder, { date, stage: 'done' });
    const verified = await verifyStore(node.pool);
    if (verified.firstBad)
      throw new Error(`position ${verified.firstBad.position} of the store: ${verified.firstBad.why}`);
    const replay = await rebuildReadModels({
      store: node.platform.store,
      pool: node.pool,
      models: readModels,
      swap: false,
    });
    const invariants = await checkInvariants(node.pool, node.platform.store);
    console.log(
      summaryText({ figures, fleet, replay, verified: Number(verified.facts), breaches: invariants.breaches }),
    );
    const broken =
      invariants.breaches.length > 0 ||
      !replay.equal ||
      figures.trialBalance.difference !== 0 ||
      fleet.differences.some((d) => !d.planned);
    if (broken) process.exitCode = 1;
  }
  if (!options.exitAfter)
    console.log('The node stays up; Ctrl-C stops it, the next start trades the next business day.');
}

/** The date asked for when it lies ahead; else today by the business clock, or the next working day when today is under way. */
function tradingDate(clock: DemoClock, wished: string | undefined): string {
  const today = clock.today();
  if (wished !== undefined && wished > today) return wished;
  if (!clock.isPastOpening(today)) return today;
  const next = nextWorkingDay(today);
  if (!next.ok) throw new Error(`the calendar has no year ${next.year}; give --date`);
  return next.date;
}
