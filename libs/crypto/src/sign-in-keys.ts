import { equalInConstantTime } from './constant-time.ts';
import { desDecrypt, desEncrypt } from './des.ts';
import { kcvBytes, keyCheckValue, type KeyAlgorithm } from './kcv.ts';
import { SecurityError } from './security-error.ts';
import { sm4Decrypt, sm4Encrypt } from './sm.ts';

/** F60.3 of a sign-in: 001 single DES, 003 triple DES, 004 triple DES with a track key, 005 SM4 (domain 2.3). */
export type SignInNetwork = '001' | '003' | '004' | '005';

/** The working keys of one sign-in: PIK for PINs, MAK for MACs, TDK for tracks. */
export type WorkingKeyName = 'pik' | 'mak' | 'tdk';

/** The working keys in clear, as a terminal holds them inside its own security chip; `tdk` comes with 004 alone. */
export interface WorkingKeys {
  readonly pik: Buffer;
  readonly mak: Buffer;
  readonly tdk?: Buffer;
}

/** What one kind of sign-in delivers: the keys in their order in F62, and their cipher. */
export interface SignInLayout {
  readonly algorithm: Extract<KeyAlgorithm, 'des' | 'tdes' | 'sm4'>;
  /** Bytes of each key; each is followed by 4 bytes of KCV. */
  readonly keyBytes: 8 | 16;
  readonly names: readonly WorkingKeyName[];
}

const layouts: Record<SignInNetwork, SignInLayout> = {
  '001': { algorithm: 'des', keyBytes: 8, names: ['pik', 'mak'] },
  '003': { algorithm: 'tdes', keyBytes: 16, names: ['pik', 'mak'] },
  '004': { algorithm: 'tdes', keyBytes: 16, names: ['pik', 'mak', 'tdk'] },
  '005': { algorithm: 'sm4', keyBytes: 16, names: ['pik', 'mak'] },
};

/** The layout of F62 for a sign-in; throws `bad-input` for an F60.3 that is no sign-in. */
export function signInLayout(network: SignInNetwork): SignInLayout {
  const layout = Object.hasOwn(layouts, network) ? layouts[network] : undefined;
  if (layout === undefined) throw new SecurityError('bad-input', 'F60.3 of a sign-in is 001, 003, 004 or 005');
  return layout;
}

/** Bytes of F62 in the sign-in's reply: 24 for 001, 40 for 003 and 005, 60 for 004. */
export function field62Bytes(network: SignInNetwork): number {
  const { keyBytes, names } = signInLayout(network);
  return names.length * (keyBytes + kcvBytes);
}

/** A terminal master key is never weaker than what it delivers: 16 bytes for 16-byte keys, SM4 for SM4. */
function demandMasterKey({ keyBytes }: SignInLayout, terminalMasterKey: Uint8Array): void {
  const { length } = terminalMasterKey;
  if (length !== 16 && !(length === 8 && keyBytes === 8)) {
    throw new SecurityError('bad-input', `this sign-in needs a terminal master key of 16 bytes, not ${length}`);
  }
}

/** F62 of the sign-in's reply: each working key encrypted under the terminal master key, then its KCV. */
export function encodeField62(network: SignInNetwork, terminalMasterKey: Uint8Array, keys: WorkingKeys): Buffer {
  const layout = signInLayout(network);
  demandMasterKey(layout, terminalMasterKey);
  const encrypt = layout.algorithm === 'sm4' ? sm4Encrypt : desEncrypt;
  const parts = layout.names.flatMap((name) => {
    const key = keys[name];
    if (key?.length !== layout.keyBytes) {
      throw new SecurityError('bad-input', `${name} must have ${layout.keyBytes} bytes in a sign-in ${network}`);
    }
    return [encrypt(terminalMasterKey, key), keyCheckValue(layout.algorithm, key)];
  });
  return Buffer.concat(parts);
}

/**
 * The terminal's side: the working keys out of F62, each checked against its KCV.
 * Throws `bad-input` for a wrong length and `kcv-mismatch` when a key is not what the host delivered.
 */
export function decodeField62(network: SignInNetwork, terminalMasterKey: Uint8Array, field62: Uint8Array): WorkingKeys {
  const layout = signInLayout(network);
  demandMasterKey(layout, terminalMasterKey);
  if (field62.length !== field62Bytes(network)) {
    throw new SecurityError(
      'bad-input',
      `F62 of a sign-in ${network} has ${field62Bytes(network)} bytes, not ${field62.length}`,
    );
  }
  const decrypt = layout.algorithm === 'sm4' ? sm4Decrypt : desDecrypt;
  const keys: Partial<Record<WorkingKeyName, Buffer>> = {};
  layout.names.forEach((name, place) => {
    const at = place * (layout.keyBytes + kcvBytes);
    const key = decrypt(terminalMasterKey, field62.subarray(at, at + layout.keyBytes));
    const delivered = field62.subarray(at + layout.keyBytes, at + layout.keyBytes + kcvBytes);
    if (!equalInConstantTime(keyCheckValue(layout.algorithm, key), delivered)) {
      throw new SecurityError('kcv-mismatch', `the check value of ${name} does not fit the delivered key`);
    }
    keys[name] = key;
  });
  return keys as WorkingKeys; // every layout names pik and mak
}
