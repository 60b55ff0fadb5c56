import { createHash, createHmac } from 'node:crypto';
import { equalInConstantTime } from '@tillstream/crypto';

/** What is signed of a request to the bank. */
export interface SignedRequest {
  readonly method: string;
  /** Path with query, as sent. */
  readonly path: string;
  /** Machine clock, decimal ms since the epoch. */
  readonly timestamp: string;
  readonly body: Buffer;
}

/** How far a timestamp may be from the bank's machine clock, ms. */
export const timestampToleranceMs = 5 * 60_000;

/** The `x-signature` of a request: HMAC-SHA256 over method, path, timestamp and the body's SHA-256, one a line; hex. */
export function signatureOf(secret: string, { method, path, timestamp, body }: SignedRequest): string {
  const digest = createHash('sha256').update(body).digest('hex');
  return createHmac('sha256', secret).update(`${method}\n${path}\n${timestamp}\n${digest}`).digest('hex');
}

/** Whether a signature is right and fresh; compared in constant time. */
export function isSigned(secret: string, request: SignedRequest, signature: string, machineNow: number): boolean {
  if (!/^\d{1,15}$/.test(request.timestamp)) return false;
  if (Math.abs(Number(request.timestamp) - machineNow) > timestampToleranceMs) return false;
  return equalInConstantTime(Buffer.from(signatureOf(secret, request)), Buffer.from(signature));
}
