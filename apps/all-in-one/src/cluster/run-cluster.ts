import { stopOrder } from '@tillstream/service-kit';
import type { StartOptions } from '../arguments.ts';
import { DemoClock } from '../demo/demo-clock.ts';
import { startForeignWorld, writeTillFile, type ForeignWorld } from '../demo/foreign-world.ts';
import { registerDemo } from '../demo/registration.ts';
import { demoTerminals, handTerminals, loadTerminals } from '../demo/roster.ts';
import { tradeDays } from '../demo/trade-days.ts';
import { clusterFolder } from '../host/cluster-folder.ts';
import type { NodeFolder } from '../host/data-folder.ts';
import { readNodeSettings, type NodeSettings } from '../host/settings.ts';
import { openClusterGround, type ClusterGround } from './cluster-ground.ts';
import { startClusterServices, type ClusterServices } from './cluster-services.ts';
import { clockFollowed } from './cluster-work.ts';

/** Starts broker, database, every service as processes of their own and the simulator; trades the asked days and stays up. */
export async function runCluster(options: StartOptions): Promise<void> {
  const settings = readNodeSettings(process.env);
  const folder = clusterFolder(options.dataDir);
  const ground = await openClusterGround(settings, folder, {
    say: (line) => console.log(line),
    stopsOnSignals: true,
  });
  const { lifecycle, log } = ground.ground;
  // Told to stop in the meantime: the process ends when everything is down.
  if (lifecycle.stopping) return;
  lifecycle.onStop('a word to the person', stopOrder.intake, () =>
    console.log('\nStopping: what is at work is finished first …'),
  );
  lifecycle.onStop('a last word', stopOrder.last + 1, () => console.log('Stopped; nothing is lost.'));
  try {
    const world = await startWorld(ground, settings, folder, options);
    const services = await startClusterServices(
      ground,
      {
        ...{ instances: options.instances, terminalPort: options.terminalPort, logFolder: logsOf(folder) },
        onDeath: (what) => console.error(what),
      },
      world,
    );
    console.log(clusterBlock(ground, services, world, folder, options));
    await trade(ground, services, world, folder, options);
    if (options.exitAfter)
      await lifecycle.stop('asked to exit after the summary').then(() => process.exit(process.exitCode ?? 0));
  } catch (error) {
    if (lifecycle.stopping) return;
    log.error('the run failed', { why: (error as Error).stack });
    await lifecycle.stop('failed');
    throw error;
  }
}

const logsOf = (folder: NodeFolder): string => folder.logFile.replace(/[^/]+$/, '');

async function startWorld(
  { ground }: ClusterGround,
  settings: NodeSettings,
  folder: NodeFolder,
  options: StartOptions,
): Promise<ForeignWorld> {
  const { lifecycle } = ground;
  const world = await startForeignWorld({
    ...{ folder, seed: options.seed, answerTimerMs: settings.answerTimer },
    onDeath: (error) => {
      if (lifecycle.stopping) return;
      console.error(`The simulator died: ${error.message}`);
      void lifecycle.stop('simulator died').then(() => process.exit(1));
    },
  });
  // Stopped after the processes have drained: what they still ask the network is answered.
  lifecycle.onStop('simulator', stopOrder.http, () => world.simulator.stop(10_000), 15_000);
  return world;
}

async function trade(
  { ground }: ClusterGround,
  services: ClusterServices,
  world: ForeignWorld,
  folder: NodeFolder,
  options: StartOptions,
): Promise<void> {
  const terminals = demoTerminals(options.terminals);
  await registerDemo(services.api, [...terminals, ...loadTerminals(), ...handTerminals()]);
  writeTillFile(folder, services.terminalAddress);
  await services.ready();
  world.fleet(terminals, services.terminalAddress);
  const { businessClock, store, pool, cutOffMinutes } = ground;
  await businessClock.simulate();
  if (!options.trade) return console.log('No trade asked for; the cluster is up. Ctrl-C stops it.');
  const followed = (at: Date): Promise<void> => clockFollowed(services.cluster, at);
  await tradeDays(
    {
      ...{ api: services.api, work: services.work, simulator: world.simulator, pool, store, folder },
      clock: new DemoClock(businessClock, world.simulator, cutOffMinutes, followed),
    },
    options,
  );
  if (!options.exitAfter)
    console.log('The cluster stays up; Ctrl-C stops it, the next start trades the next business day.');
}

/** What runs where. */
function clusterBlock(
  ground: ClusterGround,
  { cluster, terminalAddress }: ClusterServices,
  world: ForeignWorld,
  folder: NodeFolder,
  { terminalPort }: StartOptions,
): string {
  const { host, port } = terminalAddress;
  const moved = terminalPort !== 0 && port !== terminalPort ? `  (${terminalPort} is in use)` : '';
  const page = cluster.processes('reporting')[0]?.ready.url ?? '';
  const rows: [string, string][] = [
    ['terminals', `${host}:${port} ISO 8583 over TCP, to ${cluster.gateways().length} gateways${moved}`],
    ['token', ground.httpToken],
    ['page', `${page}/?token=${ground.httpToken}`],
    ['network, bank', `simulated, 127.0.0.1:${world.networkPort} and ${world.bankUrl}`],
    ['Kafka', ground.broker.brokers.join(', ')],
    ['database', ground.embedded ? `embedded PostgreSQL on 127.0.0.1:${ground.embedded.port}` : 'yours (DATABASE_URL)'],
    ['data folder', folder.path],
    ['logs', logsOf(folder)],
    ...cluster
      .processes()
      .map(({ settings, ready, pid }): [string, string] => [
        settings.instance,
        `${ready.url}  documentation ${ready.url}/docs  process ${pid}`,
      ]),
  ];
  return ['', 'The cluster is up', ...rows.map(([name, text]) => `  ${name.padEnd(20)}${text}`), ''].join('\n');
}
