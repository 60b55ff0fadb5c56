import 'reflect-metadata';
import { checkInvariants } from '@tillstream/reporting';
import type { ForeignAddresses } from '../demo/foreign-world.ts';
import { registerDemo } from '../demo/registration.ts';
import { demoTerminals } from '../demo/roster.ts';
import { openNodeFolder } from '../host/data-folder.ts';
import { openNode } from '../host/node.ts';
import { startServices } from '../host/services.ts';
import { readNodeSettings } from '../host/settings.ts';

/** What the measured node is told at its start. */
export interface MeasuredNodeSettings {
  readonly folder: string;
  readonly environment: Readonly<Record<string, string>>;
  readonly world: ForeignAddresses;
  readonly terminals: number;
}

/** What it answers to `status`. */
export interface NodeStatus {
  readonly is: 'status';
  readonly inDoubt: number;
  /** Facts that the slowest group has yet to take in. */
  readonly lag: number;
  readonly turnedAway: number;
  readonly busy: boolean;
  /** New payments that may be at work now. */
  readonly bound: number;
  /** CPU time of the process without the database, ms. */
  readonly cpuMs: number;
  readonly rssMiB: number;
}

/** What it says by itself or when asked. */
export type FromNode =
  | { readonly is: 'ready'; readonly port: number }
  | NodeStatus
  | { readonly is: 'audit'; readonly breaches: readonly string[]; readonly approved: number };

export type ToNode = 'status' | 'audit';

const say = (message: FromNode): void => void process.send?.(message);

const given = JSON.parse(process.argv[2] ?? '{}') as MeasuredNodeSettings;
const settings = readNodeSettings({ ...given.environment });
const node = await openNode(settings, openNodeFolder(given.folder));
const { lifecycle, store } = node.platform;
lifecycle.stopOnSignals();
const services = await startServices(node, settings, { terminalPort: 0, httpPort: 0 }, given.world);
await registerDemo(services.api, demoTerminals(given.terminals));
await services.ready();
process.on('message', (message: ToNode) => void (message === 'status' ? status() : audit()));
// Whoever measures is gone: so are we.
process.on('disconnect', () => void lifecycle.stop('nobody measures any more').then(() => process.exit(0)));
say({ is: 'ready', port: services.terminalAddress.port });

async function status(): Promise<void> {
  const [inDoubt, lag] = await Promise.all([services.work.inDoubt(), services.work.lag()]);
  const { turnedAway, busy, bound } = services.gateway();
  const { user, system } = process.cpuUsage();
  const rssMiB = Math.round(process.memoryUsage.rss() / 1_048_576);
  say({ is: 'status', inDoubt, lag, turnedAway, busy, bound, cpuMs: (user + system) / 1_000, rssMiB });
}

async function audit(): Promise<void> {
  await services.work.settled();
  const { breaches } = await checkInvariants(node.pool, store);
  const { rows } = await node.pool.query<{ count: string }>(
    `select count(*) from store.fact where noun = 'payment' and convert_from(record, 'UTF8') like '%"type":"PaymentApproved"%'`,
  );
  say({ is: 'audit', breaches: breaches.map((breach) => JSON.stringify(breach)), approved: Number(rows[0]?.count) });
}
