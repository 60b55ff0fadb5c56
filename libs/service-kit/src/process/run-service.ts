import { type DynamicModule, Module, type Type } from '@nestjs/common';
import type { NestFastifyApplication } from '@nestjs/platform-fastify';
import type { CustomTransportStrategy } from '@nestjs/microservices';
import { AnotherInstance } from '@tillstream/event-store/embedded';
import { KafkaSettingInvalid } from '@tillstream/messaging';
import { readSettings, SettingsInvalid, type SettingSpec, type SettingValues } from '../config/read-settings.ts';
import type { SettingProblem } from '../config/setting.ts';
import { Readiness } from '../health/readiness.ts';
import { openHttp, type OpenHttp } from '../http/open-http.ts';
import { stopOrder } from '../lifecycle/lifecycle.ts';
import { Metrics } from '../metrics/metrics.ts';
import { observeHandlers } from '../observe/observed-commands.ts';
import { observePlatform } from '../observe/observe-platform.ts';
import { traceHost } from '../observe/trace-host.ts';
import { PlatformModule } from '../platform/platform.ts';
import type { ReadModel } from '../platform/read-model.ts';
import { watchRows } from '../platform/watch-rows.ts';
import { openClusterPlatform, type ClusterHost, type ClusterPlatform } from './cluster-platform.ts';
import type { KafkaReach } from './kafka-carriers.ts';
import { followLauncher, tellLauncher } from './launcher.ts';
import { processSettings, type ProcessSettings } from './process-settings.ts';

/** A service as a process of its own: what it is called, what it is told, what it is made of. */
export interface ServiceSpec<S extends SettingSpec> {
  /** Its name in logs and metrics: that of its app. */
  readonly name: string;
  /** Its settings beside those of every process. */
  readonly settings: S;
  /** What these settings say together that cannot be. */
  readonly check?: (values: SettingValues<S>) => readonly SettingProblem[];
  /** It asks other services by commands. */
  readonly sendsCommands?: true;
  /** Puts it together on its platform; nothing of it runs yet. */
  open(host: ServiceHost<SettingValues<S>>): Promise<ServiceParts> | ServiceParts;
}

/** What a service is put together on. */
export interface ServiceHost<Values> {
  readonly platform: ClusterPlatform;
  readonly settings: Values;
  readonly readiness: Readiness;
  readonly metrics: Metrics;
  readonly kafka: KafkaReach;
}

/** What a service is made of. */
export interface ServiceParts {
  readonly modules: readonly (DynamicModule | Type<unknown>)[];
  /** Transports of its handlers beside commands, in the order in which they start. */
  readonly strategies?: readonly CustomTransportStrategy[];
  /** Its derivable rows, which are watched against the history. */
  readonly models?: readonly ReadModel[];
  /** True while it has no room for new work over HTTP. */
  readonly busy?: () => boolean;
  /** Called once everything runs. Gives where terminals are served, when they are. */
  readonly started?: (app: NestFastifyApplication) => { readonly terminals: number } | undefined;
}

/** The process's root module; what it imports is decided at start. */
@Module({})
class ServiceModule {}

/**
 * Runs a service until it is told to stop: SIGTERM or SIGINT, or the end of the launcher that started it. Never rejects: what is wrong is
 * said in one line on the standard error stream, and the process ends with 2 for wrong settings and 1 for anything else.
 */
export async function runService<const S extends SettingSpec>(
  spec: ServiceSpec<S>,
  environment: NodeJS.ProcessEnv = process.env,
): Promise<void> {
  // Whoever read what we print may be gone, or its disk full; payments go on without a reader.
  for (const stream of [process.stdout, process.stderr]) stream.on('error', () => undefined);
  try {
    const settings = readSettings(
      environment,
      { ...processSettings, ...spec.settings },
      { check: spec.check as never },
    );
    const kind = { service: spec.name, sendsCommands: spec.sendsCommands === true };
    const values = settings as unknown as ProcessSettings & SettingValues<S>;
    await start(spec, values, await openClusterPlatform(kind, values, environment));
  } catch (error) {
    process.stderr.write(`${explain(spec.name, error)}\n`);
    process.exit(isSettings(error) ? 2 : 1);
  }
}

async function start<S extends SettingSpec>(
  spec: ServiceSpec<S>,
  settings: ProcessSettings & SettingValues<S>,
  { platform: ground, commandServer, kafka }: ClusterHost,
): Promise<void> {
  const { lifecycle, log } = ground;
  const [readiness, metrics] = [new Readiness(), new Metrics(spec.name)];
  const platform = observePlatform(ground, metrics);
  if (commandServer !== undefined) {
    observeHandlers(commandServer);
    readiness.add('commands', () => {
      if (!commandServer.isJoined) throw new Error('it has no part of the commands yet');
    });
  }
  lifecycle.stopOnSignals();
  followLauncher(lifecycle);
  try {
    await traceHost(settings, { service: spec.name, instance: settings.instance, lifecycle, log });
    const parts = await spec.open({ platform, settings, readiness, metrics, kafka });
    const strategies = [...(commandServer === undefined ? [] : [commandServer]), ...(parts.strategies ?? [])];
    const http = await listen(spec, settings, { ...parts, strategies }, { platform, readiness, metrics });
    lifecycle.onStop('HTTP API and service', stopOrder.http, () => http.close(), 15_000);
    lifecycle.onStop('readiness', stopOrder.intake, () => readiness.close());
    showGauges(metrics, platform);
    watchRows(platform, metrics, { models: parts.models ?? [], everyMs: settings.replayCheck });
    const served = parts.started?.(http.app);
    log.info('up', { url: http.url, ...served });
    tellLauncher({
      service: spec.name,
      instance: settings.instance,
      url: http.url,
      terminals: served?.terminals ?? null,
    });
  } catch (error) {
    if (lifecycle.stopping) return;
    log.error('the start failed', { why: (error as Error).stack });
    await lifecycle.stop('start failed');
    throw error;
  }
}

function listen<S extends SettingSpec>(
  spec: ServiceSpec<S>,
  { httpHost, httpPort, httpToken }: ProcessSettings,
  { modules, strategies = [], busy }: ServiceParts,
  on: { readonly platform: ClusterPlatform; readonly readiness: Readiness; readonly metrics: Metrics },
): Promise<OpenHttp> {
  const { platform, readiness, metrics } = on;
  return openHttp({
    module: { module: ServiceModule, imports: [PlatformModule.of(platform), ...modules] },
    title: `Tillstream ${spec.name}`,
    ...{ host: httpHost, port: httpPort, token: httpToken.reveal(), log: platform.log, readiness, metrics, strategies },
    ...(busy === undefined ? {} : { busy }),
  });
}

function showGauges(metrics: Metrics, { businessClock }: ClusterPlatform): void {
  metrics.gauge({ name: 'business_clock_seconds', help: 'Business clock, s since the epoch' }, (gauge) =>
    gauge.set(businessClock.now().getTime() / 1_000),
  );
}

/** A person gets the sentence; the stack is in the log. */
function explain(service: string, error: unknown): string {
  if (isSettings(error) || error instanceof AnotherInstance) return `${service}: ${error.message}`;
  return `${service} could not go on: ${(error as Error).message}`;
}

const isSettings = (error: unknown): error is Error =>
  error instanceof SettingsInvalid || error instanceof KafkaSettingInvalid;
