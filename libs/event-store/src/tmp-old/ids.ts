import { createHash } from 'node:crypto';

const UUID = /^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$/;

/** True for a UUID in its one spelling: lower case, with hyphens. */
export const isUuid = (text: string): boolean => UUID.test(text);

/** UUID version 5 (RFC 9562, section 5.5): the same name in the same namespace always gives the same id. */
export function uuidv5(name: string, namespace: string): string {
  if (!isUuid(namespace)) throw new Error('namespace: is not a lower-case UUID');
  const bytes = createHash('sha1')
    .update(Buffer.from(namespace.replaceAll('-', ''), 'hex'))
    .update(name, 'utf8')
    .digest()
    .subarray(0, 16);
  bytes.writeUInt8((bytes.readUInt8(6) & 0x0f) | 0x50, 6);
  bytes.writeUInt8((bytes.readUInt8(8) & 0x3f) | 0x80, 8);
  const hex = bytes.toString('hex');
  return [hex.slice(0, 8), hex.slice(8, 12), hex.slice(12, 16), hex.slice(16, 20), hex.slice(20)].join('-');
}

/** Id of the n-th fact (from 0) by which a rule answers a cause: doing it twice gives the same id (design 4, *Ids*). */
export const derivedFactId = (causeId: string, rule: string, n = 0): string => uuidv5(`${rule}/${n}`, causeId);
