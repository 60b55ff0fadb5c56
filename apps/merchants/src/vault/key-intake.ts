import {
  contentHash,
  kcvBytes,
  keyCheckValue,
  SecurityError,
  type ImportedKeyKind,
  type KeyAlgorithm,
  type WrappedKey,
} from '@tillstream/crypto';
import { Problem, type Platform } from '@tillstream/service-kit';

/** A key in clear as a body brought it. */
export interface ClearKey {
  readonly handle: string;
  readonly owner: string;
  readonly kind: ImportedKeyKind;
  readonly algorithm: KeyAlgorithm;
  readonly hex: string;
  /** Check value from the letter that came with the key: 6 or 8 hex digits. */
  readonly kcv?: string | undefined;
  /** Name of the field, for problems. */
  readonly path: string;
}

/** What the vault keeps beside a key: neither gives the key away. */
interface KeyDetail {
  /** First 3 bytes of the check value, hex. */
  readonly kcv: string;
  /** Keyed hash of the key, to recognise the same key again. */
  readonly sameAs: string;
}

/** A key that the security module has taken in; not stored yet. */
export interface ImportedKey {
  readonly key: Pick<ClearKey, 'handle' | 'owner' | 'kind'>;
  readonly wrapped: WrappedKey;
  readonly detail: KeyDetail;
}

/** Takes keys into the security module and their wrapped form into the vault. Clear keys go no further than here. */
export class KeyIntake {
  readonly #platform: Platform;

  constructor(platform: Platform) {
    this.#platform = platform;
  }

  /**
   * Has the security module check and wrap a key; nothing is stored. @throws Problem `kcv-mismatch` or `key-refused` (422):
   * wrong check value, weak key, too short for its purpose.
   */
  async importKey({ handle, owner, kind, algorithm, hex, kcv, path }: ClearKey): Promise<ImportedKey> {
    const material = Buffer.from(hex, 'hex');
    try {
      const own = keyCheckValue(algorithm, material).subarray(0, kcvBytes);
      const wrapped = await this.#platform.security.importKey({
        handle,
        kind,
        algorithm,
        components: [material],
        kcv: kcv === undefined ? own : Buffer.from(kcv, 'hex'),
      });
      const sameAs = contentHash(this.#platform.contentKey, { purpose: 'same key', handle, key: hex.toUpperCase() });
      const detail = { kcv: own.subarray(0, 3).toString('hex').toUpperCase(), sameAs };
      return { key: { handle, owner, kind }, wrapped, detail };
    } catch (error) {
      throw error instanceof SecurityError ? keyProblem(error, path) : error;
    } finally {
      material.fill(0);
    }
  }

  /** Stores the wrapped key durably as its owner's master. */
  async store({ key, wrapped, detail }: ImportedKey): Promise<void> {
    await this.#platform.vault.keys.store({ ...key, slot: 'master', wrapped: wrapped.wrapped, detail });
  }

  /** Whether the vault holds this very key under its handle. */
  async isStored({ key, detail }: ImportedKey): Promise<boolean> {
    const row = await this.#platform.vault.keys.find(key.handle);
    const stored = row?.detail as Partial<KeyDetail> | null | undefined;
    return stored?.sameAs === detail.sameAs;
  }
}

function keyProblem({ code, message }: SecurityError, path: string): Problem {
  const mismatch = code === 'kcv-mismatch';
  return new Problem({
    status: 422,
    code: mismatch ? 'kcv-mismatch' : 'key-refused',
    title: mismatch ? 'The key does not have the check value given' : 'The security module does not take this key',
    fields: [{ path, wrong: message }],
  });
}
