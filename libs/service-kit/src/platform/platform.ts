import { type DynamicModule, Global, Module } from '@nestjs/common';
import type { EpochKeys, PersonKeys, RandomSource, SecurityModule, VaultCipher } from '@tillstream/crypto';
import type { EventStore } from '@tillstream/event-store';
import type { CommandClient, FactFeed, KeyOwnership } from '@tillstream/messaging';
import type { Pool } from 'pg';
import type { BusinessClock } from '../clock/business-clock.ts';
import type { MachineClock } from '../clock/machine-clock.ts';
import type { Lifecycle } from '../lifecycle/lifecycle.ts';
import type { Log } from '../logs/log.ts';
import type { DataKeys } from '../vault/data-keys.ts';
import type { Vault } from '../vault/vault.ts';

/**
 * What every service gets from its host. The single node and the cluster differ in what stands behind these ports and in
 * nothing else (design 1).
 */
export interface Platform {
  readonly store: EventStore;
  readonly feed: FactFeed;
  readonly commands: CommandClient;
  /** The keys that this process is the one writer of. */
  readonly ownership: KeyOwnership;
  /** Connections for rows: schemas `state`, `read`, `vault`. */
  readonly pool: Pool;
  readonly businessClock: BusinessClock;
  readonly machineClock: MachineClock;
  /** Minutes after midnight in Shanghai at which the business day ends. */
  readonly cutOffMinutes: number;
  readonly security: SecurityModule;
  readonly epochKeys: EpochKeys;
  readonly vaultCipher: VaultCipher;
  /** Versions of the key under {@link vaultCipher}. */
  readonly cardKeys: DataKeys;
  readonly personKeys: PersonKeys;
  /** Key of the content hashes by which repeats are recognised. */
  readonly contentKey: Uint8Array;
  /** Vault rows: card numbers, wrapped keys, personal data. Durable before a fact names them. */
  readonly vault: Vault;
  readonly random: RandomSource;
  readonly log: Log;
  readonly lifecycle: Lifecycle;
}

/** Injection token of the {@link Platform}. */
export const PLATFORM = Symbol('PLATFORM');

/** Makes the platform injectable everywhere. */
@Global()
@Module({})
export class PlatformModule {
  static of(platform: Platform): DynamicModule {
    return {
      module: PlatformModule,
      providers: [{ provide: PLATFORM, useValue: platform }],
      exports: [PLATFORM],
    };
  }
}
