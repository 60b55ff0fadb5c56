import type { KeyAlgorithm } from './kcv.ts';
import type { MacProfile } from './mac.ts';
import type { PinFormat } from './pin-block.ts';
import type { SignInNetwork } from './sign-in-keys.ts';

/**
 * What a key may be used for; a module refuses a key of another kind.
 *
 * - `terminal-master`: TMK of one terminal, encrypts the working keys of a sign-in
 * - `sign-in-keys`: PIK, MAK and perhaps TDK of one sign-in, together
 * - `zone-master`: transport key shared with a channel, encrypts keys that the channel sends
 * - `zone-pin`: PIN key shared with a channel
 * - `link-mac`: MAC key shared with a channel
 * - `dukpt-derivation`: BDK of a family of DUKPT devices
 */
export type KeyKind = 'terminal-master' | 'sign-in-keys' | 'zone-master' | 'zone-pin' | 'link-mac' | 'dukpt-derivation';

/** Kinds that come from outside; working keys are made inside. */
export type ImportedKeyKind = Exclude<KeyKind, 'sign-in-keys'>;

/**
 * A key as the world outside the module sees it: a name, and bytes that only a module with the master key can use.
 * Both may be stored and sent; facts hold the handle alone (design 10).
 */
export interface WrappedKey {
  /** Names the key, 1 to 128 printable characters; bound into `wrapped`, so rows cannot be exchanged. */
  readonly handle: string;
  readonly wrapped: Uint8Array;
}

/** A key brought by people, in parts that nobody holds together. */
export interface KeyImport {
  readonly handle: string;
  readonly kind: ImportedKeyKind;
  readonly algorithm: KeyAlgorithm;
  /** 1 to 9 parts of equal length; the key is their XOR. */
  readonly components: readonly Uint8Array[];
  /** The first 3 or 4 bytes of the check value that belongs to the whole key. */
  readonly kcv: Uint8Array;
}

/** A key sent by a channel under the zone master key. */
export interface KeyImportUnder {
  readonly handle: string;
  readonly kind: 'zone-pin' | 'link-mac';
  readonly algorithm: KeyAlgorithm;
  readonly zoneMaster: WrappedKey;
  /** The key, encrypted block by block under the zone master key. */
  readonly encrypted: Uint8Array;
  readonly kcv: Uint8Array;
}

/** Asks for the working keys of one sign-in. */
export interface SignInRequest {
  /** Handle that the new set gets. */
  readonly handle: string;
  readonly terminalMaster: WrappedKey;
  /** F60.3. */
  readonly network: SignInNetwork;
}

/** A fresh set of working keys: for the terminal under its master key, for us under the module's. */
export interface SignInKeySet {
  /** F62 of the reply: 24, 40 or 60 bytes; no secret without the terminal master key. */
  readonly field62: Buffer;
  readonly keys: WrappedKey;
}

/** Asks for the MAC of one message. */
export interface MacRequest {
  /** `sign-in-keys` (its MAK is used) or `link-mac`. */
  readonly key: WrappedKey;
  readonly profile: MacProfile;
  /** The bytes MTI to F63 as they travel. */
  readonly data: Uint8Array;
}

/** Asks whether the MAC of one message is right. */
export interface MacCheck extends MacRequest {
  /** F64 as it came. */
  readonly mac: Uint8Array;
}

/** Moves a PIN from the terminal's key to the channel's, for the same card. */
export interface PinTranslation {
  readonly from: {
    /** `sign-in-keys` (its PIK is used), `zone-pin`, or `dukpt-derivation` together with `ksn`. */
    readonly key: WrappedKey;
    readonly format: PinFormat;
    /** Key serial number of a DUKPT device, 10 bytes. */
    readonly ksn?: Uint8Array;
  };
  readonly to: {
    /** A `zone-pin` key. */
    readonly key: WrappedKey;
    readonly format: PinFormat;
  };
  readonly pan: string;
  /** F52 as it came: 8 bytes, or 16 for `iso-4` and `sm4-0`. */
  readonly block: Uint8Array;
}

/**
 * The security module: everything that needs a clear key or a clear PIN happens in here and nowhere else. It keeps no
 * state: wrapped keys come with each request, as payment HSMs work. There is no operation that gives a key or a PIN in
 * clear. Promises, because a hardware module answers over a network. Rejects with `SecurityError`.
 */
export interface SecurityModule {
  /** Takes in a key in parts. Rejects `kcv-mismatch`, and `bad-input` for a weak key or one of the wrong length. */
  importKey(request: KeyImport): Promise<WrappedKey>;
  /** Takes in a key that a channel sent. Rejects like {@link importKey}. */
  importKeyUnder(request: KeyImportUnder): Promise<WrappedKey>;
  /** Makes the working keys of one sign-in. */
  createSignInKeys(request: SignInRequest): Promise<SignInKeySet>;
  /** The MAC as it goes into F64: 8 bytes, or as few as the profile says. */
  computeMac(request: MacRequest): Promise<Buffer>;
  /** Whether a MAC is right; never rejects because of the MAC itself. Constant time. */
  verifyMac(request: MacCheck): Promise<boolean>;
  /**
   * The PIN block under the channel's key. Formats 0 and 3 into 0 and 3, 4 into 4, SM4 into SM4; anything else rejects
   * `pin-format-refused`, a block that fails a check `pin-block-invalid`.
   */
  translatePin(request: PinTranslation): Promise<Buffer>;
  /** The same key, wrapped under the current master key: for a rotation of the master key. */
  rewrap(key: WrappedKey): Promise<WrappedKey>;
}
