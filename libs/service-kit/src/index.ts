export { ClockRefused, type BusinessClock, type ClockSetting } from './clock/business-clock.ts';
export { migrateClock } from './clock/clock-table.ts';
export {
  fixedBusinessClock,
  fixedMachineClock,
  type FixedBusinessClock,
  type FixedMachineClock,
} from './clock/fixed-clock.ts';
export { systemMachineClock, type MachineClock } from './clock/machine-clock.ts';
export { openBusinessClock, StoredBusinessClock, type BusinessClockSettings } from './clock/stored-business-clock.ts';
export { hostSettings } from './config/host-settings.ts';
export {
  describeSettings,
  readSettings,
  SettingsInvalid,
  type Environment,
  type ReadOptions,
  type SettingSpec,
  type SettingValues,
} from './config/read-settings.ts';
export {
  address,
  choice,
  decimal,
  durationMs,
  flag,
  hexKey,
  integer,
  port,
  Secret,
  secret,
  text,
  webAddress,
  type Setting,
  type SettingProblem,
} from './config/setting.ts';
export { createSchemas, openPool, type PoolSettings } from './database/pool.ts';
export { inTransaction, oneAtATime } from './database/transaction.ts';
export { databaseFor, type ServiceDatabase } from './database/typeorm.ts';
export { Readiness, type ReadinessCheck, type ReadinessStatus } from './health/readiness.ts';
export { bearerMatches, freshToken } from './http/bearer-token.ts';
export { openHttp, type HttpSettings, type OpenHttp } from './http/open-http.ts';
export { Problem, type FieldProblem, type ProblemBody } from './http/problem.ts';
export { ProblemFilter } from './http/problem.filter.ts';
export { validationPipe } from './http/validation.ts';
export {
  Lifecycle,
  stopOrder,
  type LifecycleSettings,
  type SignalSource,
  type StopReport,
} from './lifecycle/lifecycle.ts';
export { NestLog, openLog, type Log, type LogDestination, type LogFields, type LogSettings } from './logs/log.ts';
export { isSecretName, maskFields, maskText, maskValue } from './logs/mask.ts';
export { durationBuckets, Metrics, type MetricSpec } from './metrics/metrics.ts';
export { observeHandlers } from './observe/observed-commands.ts';
export { observePlatform } from './observe/observe-platform.ts';
export { showRelay, type RelayStanding } from './observe/show-relay.ts';
export { traceHost } from './observe/trace-host.ts';
export { spanIdOf, traceIdOf } from './observe/trace-ids.ts';
export { SpanKind } from '@opentelemetry/api';
export { inSpan, startTracing, type Tracing, type TracingSettings } from './observe/tracing.ts';
export { PLATFORM, PlatformModule, type Platform } from './platform/platform.ts';
export { LIVE_SCHEMA, liveGroup, makeLiveTables, useSchema, type ReadModel } from './platform/read-model.ts';
export {
  NothingToRollBack,
  rebuildReadModels,
  rollBackReadModels,
  type RebuildOptions,
  type RebuildOutcome,
} from './platform/rebuild.ts';
export { type TableComparison } from './platform/replay.ts';
export { watchRows, type WatchedRows } from './platform/watch-rows.ts';
export { openClusterPlatform, type ClusterHost, type ClusterPlatform } from './process/cluster-platform.ts';
export { standForRelay, type KafkaReach } from './process/kafka-carriers.ts';
export { type ProcessReady } from './process/launcher.ts';
export { processSettings, type ProcessSettings } from './process/process-settings.ts';
export { runService, type ServiceHost, type ServiceParts, type ServiceSpec } from './process/run-service.ts';
export { ReplayWatch, type ReplayFinding, type ReplayWatchSettings } from './platform/replay-watch.ts';
export { CardVault, type CardRow, type NamedTokens } from './vault/card-vault.ts';
export { DataKeys, REFRESH_MS, SETTLE_MS, type DataKeySettings } from './vault/data-keys.ts';
export { rotateCardKey, type CardKeyRotation, type RotationOutcome } from './vault/rotate-card-key.ts';
export { epochKeyStore } from './vault/epoch-key-store.ts';
export { KeyVault, type KeyRow, type KeySlot, type KeyToStore } from './vault/key-vault.ts';
export { personKeyStore, PersonVault, type PersonRow } from './vault/person-vault.ts';
export { migrateVault } from './vault/vault-tables.ts';
export { openVault, type Vault, type VaultSettings } from './vault/vault.ts';
export { feedEvents, openGround, type Ground, type GroundSettings } from './platform/ground.ts';
export { Instance, MovedAway, takeInstance, type InstanceSettings } from './platform/instance.ts';
export { platformSecrets, type PlatformSecrets } from './platform/platform-secrets.ts';
