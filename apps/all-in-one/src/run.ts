import { stopOrder } from '@tillstream/service-kit';
import type { StartOptions } from './arguments.ts';
import { DemoClock } from './demo/demo-clock.ts';
import { startForeignWorld, writeTillFile } from './demo/foreign-world.ts';
import { registerDemo } from './demo/registration.ts';
import { demoTerminals, handTerminals, loadTerminals } from './demo/roster.ts';
import { startBlock } from './demo/start-block.ts';
import { tradeDays } from './demo/trade-days.ts';
import { openNodeFolder } from './host/data-folder.ts';
import { openNode } from './host/node.ts';
import { startServices } from './host/services.ts';
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
    if (options.trade) {
      const { clock, pool } = node;
      await tradeDays(
        {
          ...{ api: services.api, work: services.work, simulator: world.simulator, pool, folder },
          store: node.platform.store,
          clock: new DemoClock(clock, world.simulator, node.platform.cutOffMinutes),
        },
        options,
      );
      if (!options.exitAfter)
        console.log('The node stays up; Ctrl-C stops it, the next start trades the next business day.');
    } else console.log('No trade asked for; the node is up. Ctrl-C stops it.');
    if (options.exitAfter)
      await lifecycle.stop('asked to exit after the summary').then(() => process.exit(process.exitCode ?? 0));
  } catch (error) {
    if (lifecycle.stopping) return;
    node.platform.log.error('the run failed', { why: (error as Error).stack });
    await lifecycle.stop('failed');
    throw error;
  }
}
