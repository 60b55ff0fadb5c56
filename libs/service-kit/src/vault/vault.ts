import type { EpochKeyStore, PersonKeyStore } from '@tillstream/crypto';
import type { Pool } from 'pg';
import type { MachineClock } from '../clock/machine-clock.ts';
import { CardVault } from './card-vault.ts';
import { epochKeyStore } from './epoch-key-store.ts';
import { KeyVault } from './key-vault.ts';
import { personKeyStore, PersonVault } from './person-vault.ts';

/** Everything that is secret and not derivable: encrypted rows, whose keys lie elsewhere (design 8 and 10). */
export interface Vault {
  readonly cards: CardVault;
  readonly keys: KeyVault;
  readonly people: PersonVault;
  readonly personKeys: PersonKeyStore;
  readonly epochKeys: EpochKeyStore;
}

/** What the vault needs; its tables exist (`migrateVault`). */
export interface VaultSettings {
  readonly pool: Pool;
  readonly machine: MachineClock;
  /** The key version that a sealed card names: `KeyRing.versionOf`. */
  readonly versionOf: (sealed: Uint8Array) => string;
}

/** Opens the vault behind a pool. */
export function openVault({ pool, machine, versionOf }: VaultSettings): Vault {
  return {
    cards: new CardVault(pool, machine, versionOf),
    keys: new KeyVault(pool, machine),
    people: new PersonVault(pool, machine),
    personKeys: personKeyStore(pool, machine),
    epochKeys: epochKeyStore(pool),
  };
}
