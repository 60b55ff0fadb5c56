import type { OperationRef } from './events.ts';

/** What a payment command is known by (domain 2.7); the id is the UUIDv5 of `operationKey`. */
export type OperationKey = Pick<OperationRef, 'acquirer' | 'merchantId' | 'terminalId' | 'batch' | 'stan'>;

/**
 * Canonical text of an operation's key, the same for the 0100/0200/0220 and for the 0400 that undoes it.
 * @throws Error when a part is empty or holds the separator, because two keys could then read alike.
 */
export function operationKey({ acquirer, merchantId, terminalId, batch, stan }: OperationKey): string {
  const parts = [acquirer, merchantId, terminalId, batch, stan];
  if (parts.some((part) => part === '' || part.includes('|')))
    throw new Error('a part of the operation key is malformed');
  return parts.join('|');
}

/** Namespace of operation ids; drawn once for this system and never changed, or repeats would get new ids. */
export const OPERATION_NAMESPACE = '6b1f4a52-8a0e-4f0b-9c58-1f0b7a2d9e34';

/** What makes the content of a payment command: the same key with other content is 94 (design 6, *Repeats*). */
export interface OperationContent {
  readonly kind: OperationRef['kind'];
  /** Fen; 0 for an inquiry. */
  readonly amount: number;
  /** Keyed fingerprint of the PAN, never the PAN. */
  readonly fingerprint: string;
  readonly entryMode: string;
  readonly cardSequence: string | null;
  readonly originalRrn: string | null;
  readonly originalAuthCode: string | null;
  readonly originalBatch: string | null;
  readonly originalStan: string | null;
  readonly originalDate: string | null;
}

/** Canonical text of a command's content, for the caller's keyed hash; holds no PIN, track, cryptogram, MAC or local time. */
export const contentText = (content: OperationContent): string =>
  JSON.stringify([
    content.kind,
    content.amount,
    content.fingerprint,
    content.entryMode,
    content.cardSequence,
    content.originalRrn,
    content.originalAuthCode,
    content.originalBatch,
    content.originalStan,
    content.originalDate,
  ]);
