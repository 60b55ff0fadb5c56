import {
  deriveKey,
  EpochKeys,
  KeyRing,
  PersonKeys,
  SoftwareSecurityModule,
  systemRandom,
  VaultCipher,
} from '@tillstream/crypto';
import type { Pool } from 'pg';
import type { MachineClock } from '../clock/machine-clock.ts';
import { DataKeys } from '../vault/data-keys.ts';
import { openVault } from '../vault/vault.ts';
import type { Platform } from './platform.ts';

/** The part of a platform that keeps secrets. */
export type PlatformSecrets = Pick<
  Platform,
  'security' | 'epochKeys' | 'vaultCipher' | 'cardKeys' | 'personKeys' | 'contentKey' | 'vault'
>;

/**
 * Everything that follows from a master key of at least 32 bytes: each purpose has a key of its own, so that one that leaks opens
 * nothing else. The vault's tables exist (`migrateVault`); whoever reads or writes cards refreshes `cardKeys` first.
 */
export function platformSecrets(master: Uint8Array, pool: Pool, machine: MachineClock): PlatformSecrets {
  const ringOf = (purpose: string): KeyRing =>
    new KeyRing({ current: '1', keys: { '1': deriveKey(master, purpose) }, random: systemRandom });
  const cards = ringOf('card vault');
  const vault = openVault({ pool, machine, versionOf: (sealed) => cards.versionOf(sealed) });
  return {
    security: new SoftwareSecurityModule({ master: ringOf('security module'), random: systemRandom }),
    epochKeys: new EpochKeys({ store: vault.epochKeys, master: ringOf('epoch keys'), random: systemRandom }),
    vaultCipher: new VaultCipher({
      ring: cards,
      tokenKey: deriveKey(master, 'card token'),
      fingerprintKey: deriveKey(master, 'card fingerprint'),
    }),
    cardKeys: new DataKeys({
      ...{ purpose: 'card vault', ring: cards, wrapping: ringOf('data keys') },
      ...{ pool, machine, random: systemRandom },
    }),
    personKeys: new PersonKeys({ store: vault.personKeys, master: ringOf('person keys'), random: systemRandom }),
    contentKey: deriveKey(master, 'content hash'),
    vault,
  };
}
