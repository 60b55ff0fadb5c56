export {
  EpochKeys,
  type CardFields,
  type EpochKeysSettings,
  type EpochKeyStore,
  type SealedCard,
} from './card-seal.ts';
export { equalInConstantTime } from './constant-time.ts';
export { canonicalText, contentHash, type CanonicalContent } from './content-hash.ts';
export { desDecrypt, desEncrypt } from './des.ts';
export { dukptInitialKey, dukptPinKey } from './dukpt.ts';
export { kcvBytes, keyCheckValue, type KeyAlgorithm } from './kcv.ts';
export { deriveKey, KeyRing, type KeyRingSettings } from './key-ring.ts';
export { computeMac, macMatches, type MacAlgorithm, type MacKeyMode, type MacProfile } from './mac.ts';
export { maskPan, type PanMask } from './mask.ts';
export { leafHash, nodeHash, treeHead } from './merkle.ts';
export { PersonKeys, type PersonKeyStore } from './person-keys.ts';
export { decryptPinBlock, encryptPinBlock, type PinFormat } from './pin-block.ts';
export { systemRandom, type RandomSource } from './random-source.ts';
export { SecurityError, type SecurityErrorCode } from './security-error.ts';
export type {
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
export {
  decodeField62,
  encodeField62,
  field62Bytes,
  signInLayout,
  type SignInLayout,
  type SignInNetwork,
  type WorkingKeyName,
  type WorkingKeys,
} from './sign-in-keys.ts';
export { hmacSm3, sm3, sm4Decrypt, sm4Encrypt } from './sm.ts';
export { SoftwareSecurityModule } from './software-security-module.ts';
export { VaultCipher, type VaultCard, type VaultCipherSettings } from './vault-cipher.ts';
