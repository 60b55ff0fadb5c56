import { createHash, createHmac } from 'node:crypto';

/** What is signed of a request to a bank or a channel's file host. */
export interface SignedRequest {
  readonly method: string;
  /** Path with query, as sent. */
  readonly path: string;
  /** Machine clock, ms since the epoch. */
  readonly now: number;
  readonly body: Uint8Array;
}

/** Headers of a request: the time, and HMAC-SHA256 over method, path, time and the body's SHA-256, one a line; hex. */
export function signedHeaders(secret: string, { method, path, now, body }: SignedRequest): Record<string, string> {
  const timestamp = String(now);
  const digest = createHash('sha256').update(body).digest('hex');
  const signature = createHmac('sha256', secret).update(`${method}\n${path}\n${timestamp}\n${digest}`).digest('hex');
  return { 'x-timestamp': timestamp, 'x-signature': signature };
}

/** The whole body of an answer; undefined when it is longer than `most` bytes. */
export async function wholeBody(response: Response, most: number): Promise<Buffer | undefined> {
  const chunks: Uint8Array[] = [];
  let size = 0;
  for await (const chunk of response.body ?? []) {
    size += (chunk as Uint8Array).length;
    if (size > most) return undefined;
    chunks.push(chunk as Uint8Array);
  }
  return Buffer.concat(chunks);
}
