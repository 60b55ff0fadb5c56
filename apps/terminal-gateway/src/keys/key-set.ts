import type { MacProfile, SignInNetwork, WrappedKey } from '@tillstream/crypto';
import type { KeyRow } from '@tillstream/service-kit';
import type { RegisteredTerminal } from '../registry/terminal-registry.ts';
import { macProfileOf } from './mac-profiles.ts';

/** What is kept with a key set: the answer of its sign-in, so that a repeat gets the same one. No secret without the TMK. */
export interface SignInDetail {
  readonly stan: string;
  /** 60.3 of the sign-in. */
  readonly network: SignInNetwork;
  readonly operator: string;
  /** Batch number that the reply gave. */
  readonly batch: string;
  /** Hex. */
  readonly field62: string;
  /** Business clock, ISO 8601: the day of the set's age and F12, F13 of the reply. */
  readonly issuedAt: string;
  /** Handle of the terminal master key that the set was made under: another device has another one. */
  readonly masterKey: string;
}

/** Working keys of one sign-in. */
export interface KeySet extends SignInDetail {
  readonly keys: WrappedKey;
  readonly mac: MacProfile;
  /** Machine clock, ms. */
  readonly createdAt: number;
  /** Machine clock, ms: not used after it; null while it has no end. */
  readonly endsAt: number | null;
}

/** The sets of one terminal: at most one in each place (domain 2.6). */
export interface KeySets {
  readonly pending?: KeySet;
  readonly current?: KeySet;
  readonly previous?: KeySet;
}

/** Owner of a terminal's keys in the vault. */
export const ownerOf = ({ acquirer, terminalId }: Pick<RegisteredTerminal, 'acquirer' | 'terminalId'>): string =>
  `terminal:${acquirer}.${terminalId}`;

/** Kind of these rows in the vault. */
export const KEY_SET_KIND = 'sign-in-keys';

/** The sets among an owner's rows. A set of a profile that nobody describes is no set. */
export function keySetsOf(rows: readonly KeyRow[], profile: string): KeySets {
  const sets: { pending?: KeySet; current?: KeySet; previous?: KeySet } = {};
  for (const row of rows) {
    if (row.kind !== KEY_SET_KIND || row.slot === 'master') continue;
    const detail = row.detail as SignInDetail;
    const mac = macProfileOf(profile, detail.network);
    if (mac === undefined) continue;
    const keys = { handle: row.handle, wrapped: row.wrapped };
    sets[row.slot] = {
      ...detail,
      keys,
      mac,
      createdAt: row.createdAt.getTime(),
      endsAt: row.endsAt?.getTime() ?? null,
    };
  }
  return sets;
}
