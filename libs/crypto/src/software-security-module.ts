import { equalInConstantTime } from './constant-time.ts';
import { desDecrypt, isWeakDesKey, withOddParity } from './des.ts';
import { dukptInitialKey, dukptPinKey } from './dukpt.ts';
import { demandKeyLength, keyCheckValue, type KeyAlgorithm } from './kcv.ts';
import type { KeyRing } from './key-ring.ts';
import { computeMac, macMatches } from './mac.ts';
import { decryptPinBlock, encryptPinBlock, type PinFormat } from './pin-block.ts';
import type { RandomSource } from './random-source.ts';
import { SecurityError } from './security-error.ts';
import type {
  ImportedKeyKind,
  KeyImport,
  KeyImportUnder,
  KeyKind,
  MacCheck,
  MacRequest,
  PinTranslation,
  SecurityModule,
  SignInKeySet,
  SignInRequest,
  WrappedKey,
} from './security-module.ts';
import { encodeField62, signInLayout, type SignInLayout } from './sign-in-keys.ts';
import { sm4Decrypt } from './sm.ts';
import { unwrapKey, wrapKey, type ClearKey } from './wrapped-key.ts';

const allowed: Record<ImportedKeyKind, readonly KeyAlgorithm[]> = {
  'terminal-master': ['des', 'tdes', 'sm4'],
  'zone-master': ['tdes', 'sm4'],
  'zone-pin': ['tdes', 'sm4', 'aes'], // no single DES: a PIN never goes under a weaker key than it came
  'link-mac': ['des', 'tdes', 'sm4'],
  'dukpt-derivation': ['tdes'],
};

const families: Record<PinFormat, readonly KeyAlgorithm[]> = {
  'iso-0': ['des', 'tdes'],
  'iso-3': ['des', 'tdes'],
  'iso-4': ['aes'],
  'sm4-0': ['sm4'],
};

const workingKeyBytes: Record<KeyAlgorithm, number> = { des: 8, tdes: 16, sm4: 16, aes: 0 };

/**
 * The security module in software: clear keys live in this process for the length of one call and are overwritten after
 * it. For development, small sites and specs; where PCI PIN applies, a hardware module stands behind the same port.
 */
export class SoftwareSecurityModule implements SecurityModule {
  readonly #master: KeyRing;
  readonly #random: RandomSource;

  constructor({ master, random }: { readonly master: KeyRing; readonly random: RandomSource }) {
    this.#master = master;
    this.#random = random;
  }

  async importKey({ handle, kind, algorithm, components, kcv }: KeyImport): Promise<WrappedKey> {
    const [first, ...others] = components;
    if (first === undefined || others.length > 8 || others.some(({ length }) => length !== first.length)) {
      throw new SecurityError('bad-input', 'a key comes in 1 to 9 components of equal length');
    }
    const material = Buffer.from(first);
    for (const other of others) {
      for (let at = 0; at < material.length; at += 1) material[at] = material[at]! ^ other[at]!;
    }
    return this.#takeIn(handle, { kind, algorithm, material }, kcv);
  }

  async importKeyUnder(request: KeyImportUnder): Promise<WrappedKey> {
    const { handle, kind, algorithm, encrypted, kcv } = request;
    return this.#using(request.zoneMaster, ['zone-master'], (zone) => {
      if (algorithm === 'aes' || (algorithm === 'sm4' && zone.algorithm !== 'sm4')) {
        throw new SecurityError(
          'wrong-key-kind',
          `a ${algorithm} key may not travel under a weaker ${zone.algorithm} key`,
        );
      }
      const decrypt = zone.algorithm === 'sm4' ? sm4Decrypt : desDecrypt;
      return this.#takeIn(handle, { kind, algorithm, material: decrypt(zone.material, encrypted) }, kcv);
    });
  }

  async createSignInKeys({ handle, terminalMaster, network }: SignInRequest): Promise<SignInKeySet> {
    const layout = signInLayout(network);
    return this.#using(terminalMaster, ['terminal-master'], (master) => {
      if ((master.algorithm === 'sm4') !== (layout.algorithm === 'sm4')) {
        throw new SecurityError(
          'wrong-key-kind',
          'SM4 working keys need an SM4 terminal master key, DES keys a DES one',
        );
      }
      const parts = layout.names.map(() => this.#freshKey(layout));
      const [pik, mak, tdk] = parts;
      const material = Buffer.concat(parts);
      try {
        const field62 = encodeField62(network, master.material, { pik: pik!, mak: mak!, ...(tdk && { tdk }) });
        const keys = wrapKey(this.#master, handle, { kind: 'sign-in-keys', algorithm: layout.algorithm, material });
        return { field62, keys };
      } finally {
        [...parts, material].forEach((part) => part.fill(0));
      }
    });
  }

  async computeMac({ key, profile, data }: MacRequest): Promise<Buffer> {
    return this.#using(key, ['sign-in-keys', 'link-mac'], (clear) =>
      computeMac(profile, macKeyOf(clear, profile.macAlgorithm === 'unionpay-ecb-sm4'), data),
    );
  }

  async verifyMac({ key, profile, data, mac }: MacCheck): Promise<boolean> {
    return this.#using(key, ['sign-in-keys', 'link-mac'], (clear) =>
      macMatches(profile, macKeyOf(clear, profile.macAlgorithm === 'unionpay-ecb-sm4'), data, mac),
    );
  }

  async translatePin({ from, to, pan, block }: PinTranslation): Promise<Buffer> {
    const source = familyOf(from.format);
    if (familyOf(to.format) !== source) {
      throw new SecurityError('pin-format-refused', `no translation from ${from.format} into ${to.format}`);
    }
    return this.#using(from.key, ['sign-in-keys', 'zone-pin', 'dukpt-derivation'], (fromKey) =>
      this.#using(to.key, ['zone-pin'], (toKey) => {
        const pinKey = pinKeyOf(fromKey, from.ksn);
        try {
          demandAlgorithm(from.format, fromKey.algorithm);
          demandAlgorithm(to.format, toKey.algorithm);
          const pin = decryptPinBlock(from.format, pinKey, block, pan);
          return encryptPinBlock(to.format, toKey.material, pin, pan, this.#random);
        } finally {
          pinKey.fill(0);
        }
      }),
    );
  }

  async rewrap(key: WrappedKey): Promise<WrappedKey> {
    const clear = unwrapKey(this.#master, key);
    try {
      return wrapKey(this.#master, key.handle, clear);
    } finally {
      clear.material.fill(0);
    }
  }

  #takeIn(handle: string, key: ClearKey & { kind: ImportedKeyKind }, kcv: Uint8Array): WrappedKey {
    try {
      if (!allowed[key.kind].includes(key.algorithm)) {
        throw new SecurityError('wrong-key-kind', `a ${key.kind} key is ${allowed[key.kind].join(' or ')}`);
      }
      demandKeyLength(key.algorithm, key.material);
      if (kcv.length !== 3 && kcv.length !== 4) throw new SecurityError('bad-input', 'a check value has 3 or 4 bytes');
      if (!equalInConstantTime(keyCheckValue(key.algorithm, key.material).subarray(0, kcv.length), kcv)) {
        throw new SecurityError('kcv-mismatch', 'the key is not the one that the check value belongs to');
      }
      if ((key.algorithm === 'des' || key.algorithm === 'tdes') && isWeakDesKey(key.material)) {
        throw new SecurityError('bad-input', 'the key is a weak DES key');
      }
      return wrapKey(this.#master, handle, key);
    } finally {
      key.material.fill(0);
    }
  }

  #freshKey({ algorithm, keyBytes }: SignInLayout): Buffer {
    if (algorithm === 'sm4') return this.#random(keyBytes);
    for (let attempt = 0; attempt < 8; attempt += 1) {
      const key = withOddParity(this.#random(keyBytes));
      if (!isWeakDesKey(key)) return key;
    }
    throw new Error('the random source gave weak keys eight times: it is broken');
  }

  #using<Result>(key: WrappedKey, kinds: readonly KeyKind[], use: (clear: ClearKey) => Result): Result {
    const clear = unwrapKey(this.#master, key);
    try {
      if (!kinds.includes(clear.kind)) {
        throw new SecurityError('wrong-key-kind', `this needs a key of kind ${kinds.join(' or ')}, not ${clear.kind}`);
      }
      return use(clear);
    } finally {
      clear.material.fill(0);
    }
  }
}

function macKeyOf({ kind, algorithm, material }: ClearKey, sm4: boolean): Uint8Array {
  if ((algorithm === 'sm4') !== sm4) {
    throw new SecurityError('wrong-key-kind', `the MAC algorithm of the profile does not fit a ${algorithm} key`);
  }
  if (kind === 'link-mac') return material;
  const bytes = workingKeyBytes[algorithm];
  return material.subarray(bytes, bytes * 2);
}

/** A copy, so that it can be overwritten on its own. */
function pinKeyOf({ kind, algorithm, material }: ClearKey, ksn: Uint8Array | undefined): Buffer {
  if ((kind === 'dukpt-derivation') !== (ksn !== undefined)) {
    throw new SecurityError('bad-input', 'a KSN goes with a DUKPT derivation key and with no other');
  }
  if (ksn !== undefined) return dukptPinKey(dukptInitialKey(material, ksn), ksn);
  return Buffer.from(kind === 'sign-in-keys' ? material.subarray(0, workingKeyBytes[algorithm]) : material);
}

function familyOf(format: PinFormat): string {
  const family = Object.hasOwn(families, format) ? families[format] : undefined;
  if (family === undefined) {
    throw new SecurityError('pin-format-refused', 'PIN blocks are of format iso-0, iso-3, iso-4 or sm4-0');
  }
  return family.join();
}

function demandAlgorithm(format: PinFormat, algorithm: KeyAlgorithm): void {
  if (!families[format].includes(algorithm)) {
    throw new SecurityError('wrong-key-kind', `a PIN block ${format} goes with ${families[format].join(' or ')} keys`);
  }
}
