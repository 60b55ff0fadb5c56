import { demandKeyLength, type KeyAlgorithm } from './kcv.ts';
import type { KeyRing } from './key-ring.ts';
import type { KeyKind, WrappedKey } from './security-module.ts';
import { SecurityError } from './security-error.ts';

const kinds: Record<KeyKind, number> = {
  'terminal-master': 1,
  'sign-in-keys': 2,
  'zone-master': 3,
  'zone-pin': 4,
  'link-mac': 5,
  'dukpt-derivation': 6,
};
const algorithms: Record<KeyAlgorithm, number> = { des: 1, tdes: 2, sm4: 3, aes: 4 };
const handleText = /^[\x21-\x7e]{1,128}$/;

/** A key in clear with what it may be used for; lives for one operation, inside the software module alone. */
export interface ClearKey {
  readonly kind: KeyKind;
  readonly algorithm: KeyAlgorithm;
  /** The key; for `sign-in-keys` PIK, MAK and perhaps TDK, one after the other. */
  readonly material: Buffer;
}

function nameOf<Name extends string>(codes: Record<Name, number>, code: number | undefined): Name {
  const found = (Object.keys(codes) as Name[]).find((name) => codes[name] === code);
  if (found === undefined) throw new SecurityError('blob-unreadable', 'not a wrapped key of a known kind');
  return found;
}

function contextOf(handle: string, kind: KeyKind, algorithm: KeyAlgorithm): string {
  if (!handleText.test(handle)) {
    throw new SecurityError('bad-input', 'a key handle is 1 to 128 printable ASCII characters without spaces');
  }
  return `key ${kind} ${algorithm} ${handle}`;
}

/** Wraps a key: `kind 1 | algorithm 1 | blob of the ring`; kind, algorithm and handle are authenticated with it. */
export function wrapKey(ring: KeyRing, handle: string, key: ClearKey): WrappedKey {
  const context = contextOf(handle, key.kind, key.algorithm);
  if (key.kind !== 'sign-in-keys') demandKeyLength(key.algorithm, key.material);
  const head = Uint8Array.of(kinds[key.kind], algorithms[key.algorithm]);
  return { handle, wrapped: Buffer.concat([head, ring.seal(key.material, context)]) };
}

/** Undoes {@link wrapKey}; throws `blob-unreadable` for a blob that was changed or carries another key's handle. */
export function unwrapKey(ring: KeyRing, { handle, wrapped }: WrappedKey): ClearKey {
  const kind = nameOf(kinds, wrapped[0]);
  const algorithm = nameOf(algorithms, wrapped[1]);
  return { kind, algorithm, material: ring.open(wrapped.subarray(2), contextOf(handle, kind, algorithm)) };
}
