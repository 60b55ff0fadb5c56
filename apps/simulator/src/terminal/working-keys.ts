import {
  computeMac,
  desDecrypt,
  encryptPinBlock,
  equalInConstantTime,
  keyCheckValue,
  macMatches,
  systemRandom,
  type MacProfile,
} from '@tillstream/crypto';
import { splitKeyBlob } from '@tillstream/iso8583';

/** F60.3 of our sign-in: triple-DES PIN and MAC keys. */
export const signInNetwork = '003';

/** PIK and MAK of a sign-in, in clear only in the memory of the terminal's PIN pad. */
export interface WorkingKeys {
  readonly pik: Buffer;
  readonly mak: Buffer;
}

/** Delivered keys whose check value is wrong: the terminal stays signed out (domain 2.4). */
export class KeysRefused extends Error {
  override readonly name = 'KeysRefused';
}

/** Decrypts F62 under the TMK and checks both KCVs. Throws KeysRefused, or IsoError on another size. */
export function acceptKeys(tmk: Buffer, blob: Buffer): WorkingKeys {
  const { pik, mak } = splitKeyBlob(signInNetwork, blob);
  const open = (name: string, delivered: { key: Buffer; kcv: Buffer }): Buffer => {
    const key = desDecrypt(tmk, delivered.key);
    if (!equalInConstantTime(keyCheckValue('tdes', key), delivered.kcv)) {
      throw new KeysRefused(`the check value of the ${name} is wrong; keys of this terminal's TMK are expected`);
    }
    return key;
  };
  return { pik: open('PIN key', pik), mak: open('MAC key', mak) };
}

/** MAC and PIN blocks with the current keys. */
export class PinPad {
  readonly #keys: WorkingKeys;
  readonly #profile: MacProfile;

  constructor(keys: WorkingKeys, macKeyMode: 'single8' | 'tdes16') {
    this.#keys = keys;
    this.#profile = { macAlgorithm: 'unionpay-ecb', macKeyMode };
  }

  mac(data: Buffer): Buffer {
    return computeMac(this.#profile, this.#keys.mak, data);
  }

  verifies(data: Buffer, mac: Buffer): boolean {
    return macMatches(this.#profile, this.#keys.mak, data, mac);
  }

  /** F52: format 0 under the PIK. Throws SecurityError for a PIN outside 4 to 12 digits. */
  pinBlock(pin: string, pan: string): Buffer {
    return encryptPinBlock('iso-0', this.#keys.pik, pin, pan, systemRandom);
  }
}
