import { SecurityError, type PinFormat, type SecurityModule } from '@tillstream/crypto';
import type { WrappedKeys } from './wrapped-keys.ts';

/** F39 of a PIN block that is wrong under its key, and of a failure of keys (domain 2.5). */
const PIN_FORMAT_WRONG = '99';
const SECURITY_FAILED = 'A7';

/** A PIN block under the zone key, or the code that the terminal is told. */
export type TranslatedPin = { readonly block: Buffer | null } | { readonly responseCode: string };

/** What one translation needs. */
export interface PinToTranslate {
  readonly pinBlock: Uint8Array | null;
  /** Handle of the terminal's key set. */
  readonly pinKey: string | null;
  readonly zonePinKey: string;
  readonly pan: string;
  readonly pinFormat: PinFormat;
}

/** Moves the PIN from the terminal's key to the channel's inside the security module (domain 2.3, 2.6). */
export async function translatePin(
  security: SecurityModule,
  keys: WrappedKeys,
  { pinBlock, pinKey, zonePinKey, pan, pinFormat }: PinToTranslate,
): Promise<TranslatedPin> {
  if (pinBlock === null) return { block: null };
  const from = pinKey === null ? undefined : await keys.find(pinKey);
  const to = await keys.find(zonePinKey);
  if (from === undefined || to === undefined) return { responseCode: SECURITY_FAILED };
  const format = pinBlock.length === 16 ? 'sm4-0' : 'iso-0';
  try {
    const block = await security.translatePin({
      from: { key: from, format },
      to: { key: to, format: pinFormat },
      pan,
      block: pinBlock,
    });
    return { block };
  } catch (error) {
    if (!(error instanceof SecurityError)) throw error;
    return { responseCode: error.code === 'pin-block-invalid' ? PIN_FORMAT_WRONG : SECURITY_FAILED };
  }
}
