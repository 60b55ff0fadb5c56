import type { VaultCipher } from '@tillstream/crypto';
import type { CardVault } from './card-vault.ts';
import { REFRESH_MS, type DataKeys } from './data-keys.ts';

/** What a rotation works with. */
export interface CardKeyRotation {
  readonly keys: DataKeys;
  readonly cards: CardVault;
  readonly cipher: VaultCipher;
  readonly pause: (ms: number) => Promise<void>;
  /** Told after every batch: rows written anew so far. */
  readonly onProgress?: (rows: number) => void;
}

/** What came of it. */
export interface RotationOutcome {
  /** The version that every row is under now. */
  readonly version: string;
  /** False when a rotation that was cut off was brought to its end and no new key was made. */
  readonly madeNew: boolean;
  readonly rows: number;
  readonly destroyed: number;
}

const batchRows = 500;

/**
 * Encrypts every card row under a new data key while payments go on: the key is stored, every process learns to read it, it is
 * written with, old rows are written anew, old keys are destroyed. Tokens and fingerprints stay. A `kill -9` anywhere leaves rows
 * under keys that are all there; the next call brings that rotation to its end first.
 */
export async function rotateCardKey(rotation: CardKeyRotation): Promise<RotationOutcome> {
  const { keys, cards, cipher, pause, onProgress } = rotation;
  const newest = await keys.newest();
  await keys.refresh();
  const cutOff = newest !== '1' && (await cards.outdated(newest, 1)).length > 0;
  const version = cutOff ? newest : await keys.make();
  for (await keys.refresh(); cipher.writesUnder !== version; await keys.refresh()) await pause(REFRESH_MS / 5);
  // Another process may write under the key before for one more refresh.
  await pause(2 * REFRESH_MS);
  let rows = 0;
  for (;;) {
    const old = await cards.outdated(version, batchRows);
    if (old.length === 0) break;
    await cards.storeAll(old.map((row) => cipher.card(cipher.cardNumber(row))));
    rows += old.length;
    onProgress?.(rows);
  }
  return { version, madeNew: !cutOff, rows, destroyed: await keys.destroyBefore(version) };
}
