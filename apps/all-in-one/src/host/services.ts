import { type DynamicModule, Module } from '@nestjs/common';
import { Authorization, AuthorizationModule, authorizationRules } from '@tillstream/authorization';
import { LedgerModule } from '@tillstream/ledger';
import { MerchantsModule } from '@tillstream/merchants';
import { ReportingModule, showCases, showMoney } from '@tillstream/reporting';
import {
  Metrics,
  observeHandlers,
  observePlatform,
  openHttp,
  type Platform,
  PlatformModule,
  Readiness,
  stopOrder,
  traceHost,
  watchRows,
} from '@tillstream/service-kit';
import { Settlement, SettlementModule } from '@tillstream/settlement';
import type { Address } from '@tillstream/simulator';
import {
  gatewayFrom,
  openTerminalGateway,
  type TerminalGateway,
  TerminalGatewayModule,
} from '@tillstream/terminal-gateway';
import type { StartOptions } from '../arguments.ts';
import { ApiClient } from '../demo/api-client.ts';
import type { NodeWork } from '../demo/conductor.ts';
import type { ForeignAddresses } from '../demo/foreign-world.ts';
import { DEMO_CHANNEL } from '../demo/roster.ts';
import type { Node } from './node.ts';
import type { NodeSettings } from './settings.ts';
import { readModels } from './read-models.ts';

/** The running services of the single node. */
export interface Services {
  readonly url: string;
  readonly httpPort: number;
  readonly token: string;
  readonly terminalAddress: Address;
  readonly api: ApiClient;
  readonly work: NodeWork;
  /** Load of the gateway: new payments turned away since the start, whether it does so now, how many may be at work. */
  gateway(): { readonly turnedAway: number; readonly busy: boolean; readonly bound: number };
  /** Resolves when payments are taken: indexes and limits loaded, the link to the network up. */
  ready(): Promise<void>;
}

/** The host's root module; what it imports is decided at start. */
@Module({})
class AllInOneModule {}

/** Starts every service in this process: command transport, ISO 8583 transport, HTTP API. */
export async function startServices(
  node: Node,
  settings: NodeSettings,
  options: Pick<StartOptions, 'terminalPort' | 'httpPort'>,
  world: ForeignAddresses,
): Promise<Services> {
  const readiness = new Readiness();
  const metrics = new Metrics('all-in-one');
  const platform = observePlatform(node.platform, metrics);
  const { lifecycle, log } = platform;
  observeHandlers(node.commandServer);
  await traceHost(settings, { service: 'all-in-one', instance: `node-${process.pid}`, lifecycle, log });
  const gateway = await openTerminalGateway(platform, {
    port: options.terminalPort,
    ifTaken: 'next-free',
    ...gatewayFrom(settings),
    barred: () => node.disk?.low === true,
  });
  const http = await openHttp({
    module: rootModule(platform, settings, world, gateway),
    title: 'Tillstream',
    port: options.httpPort,
    ...(settings.httpToken ? { token: settings.httpToken.reveal() } : {}),
    ...{ log, readiness, metrics },
    busy: () => gateway.status().busy,
    strategies: [node.commandServer, gateway.server],
  });
  lifecycle.onStop('HTTP API and services', stopOrder.http, () => http.close(), 15_000);
  const authorization = http.app.get(Authorization);
  const settlement = http.app.get(Settlement);
  lifecycle.onStop('readiness', stopOrder.intake, () => readiness.close());
  readiness.add('authorization', () => {
    const { ready, why } = authorization.ready();
    if (!ready) throw new Error(why.join('; '));
  });
  showGauges(metrics, authorization, gateway);
  showMoney(metrics, platform);
  showCases(metrics, platform);
  watchRows(platform, metrics, { models: readModels, everyMs: settings.replayCheck });
  const address = gateway.server.address;
  if (!address) throw new Error('the terminal gateway does not listen');
  return {
    url: http.url,
    httpPort: http.port,
    token: http.token,
    terminalAddress: { host: '127.0.0.1', port: address.port },
    api: new ApiClient(http.url, http.token),
    work: workOf(node, authorization, settlement),
    gateway: () => ({ ...gateway.status(), bound: gateway.parts.intake.load.bound }),
    ready: () => until(() => authorization.ready().ready && authorization.linkUp()),
  };
}

function showGauges(metrics: Metrics, authorization: Authorization, gateway: TerminalGateway): void {
  const gauges = [
    ['in_doubt_operations', 'Operations that are in doubt', async () => (await authorization.inDoubtFigures()).count],
    [
      'in_doubt_oldest_seconds',
      'Age of the oldest operation in doubt by the business clock, s; 0 when none is',
      async () => (await authorization.inDoubtFigures()).oldestSeconds,
    ],
    [
      'resolver_operations',
      'Operations that are told or asked at the channel now',
      () => authorization.inDoubt().count,
    ],
    ['terminal_connections', 'Open connections of terminals', () => gateway.status().connections],
    ['new_payments_turned_away', 'New payments answered 91 or 96 unread', () => gateway.status().turnedAway],
  ] as const;
  for (const [name, help, read] of gauges) metrics.gauge({ name, help }, async (gauge) => gauge.set(await read()));
}

function rootModule(
  platform: Platform,
  settings: NodeSettings,
  world: ForeignAddresses,
  gateway: TerminalGateway,
): DynamicModule {
  return {
    module: AllInOneModule,
    imports: [
      PlatformModule.of(platform),
      MerchantsModule.register(),
      AuthorizationModule.register({
        channel: { id: DEMO_CHANNEL, host: '127.0.0.1', port: world.networkPort, dialect: 'ascii' },
        ...authorizationRules(settings),
      }),
      LedgerModule.register(),
      SettlementModule.register({
        bank: { url: world.bankUrl, secret: world.bankSecret },
        files: [{ channel: DEMO_CHANNEL, url: world.filesUrl, secret: world.filesSecret }],
      }),
      ReportingModule.register(),
      TerminalGatewayModule.of(gateway),
    ],
  };
}

function workOf(node: Node, authorization: Authorization, settlement: Settlement): NodeWork {
  const lag = (): Promise<number> => lagOf(node);
  return {
    lag,
    inDoubt: () => Promise.resolve(authorization.inDoubt().count),
    // Facts lead to facts, so rest is when nothing lags twice in a row.
    settled: async () => {
      for (let quiet = 0; quiet < 3;) {
        quiet = (await lag()) === 0 && settlement.idle() ? quiet + 1 : 0;
        await new Promise((resolve) => setTimeout(resolve, 50));
      }
    },
    dayEnded: (date) => settlement.dayEnded(date),
    paidOut: (dueDate) => settlement.paidOut(dueDate),
  };
}

async function lagOf(node: Node): Promise<number> {
  const groups = await node.feed.positions();
  return groups.reduce((most, { position, head }) => Math.max(most, Number(head - position)), 0);
}

async function until(reached: () => boolean): Promise<void> {
  while (!reached()) await new Promise((resolve) => setTimeout(resolve, 50));
}
