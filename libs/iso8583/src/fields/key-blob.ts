import { IsoError } from '../iso-error.ts';

/** A key encrypted under the TMK with its check value, as F62 of a sign-in reply carries it. */
export interface DeliveredKey {
  readonly key: Buffer;
  readonly kcv: Buffer;
}

/** Keys of a sign-in reply; the track key only with 004. */
export interface DeliveredKeys {
  readonly pik: DeliveredKey;
  readonly mak: DeliveredKey;
  readonly tdk?: DeliveredKey;
}

const KCV_BYTES = 4;
/** Key size in bytes and number of keys by F60.3 of the sign-in (domain 2.4). */
const KEY_SETS: Readonly<Record<string, { keyBytes: number; keys: 2 | 3 }>> = {
  '001': { keyBytes: 8, keys: 2 },
  '003': { keyBytes: 16, keys: 2 },
  '004': { keyBytes: 16, keys: 3 },
  '005': { keyBytes: 16, keys: 2 },
};

function keySet(network: string): { keyBytes: number; keys: 2 | 3 } {
  const set = Object.hasOwn(KEY_SETS, network) ? KEY_SETS[network] : undefined;
  if (set === undefined) throw new IsoError('F60.3', 'no sign-in code', Object.keys(KEY_SETS).join(', '));
  return set;
}

/** Splits F62 of a sign-in reply by the request's F60.3; throws IsoError on another size. Check values are not verified here. */
export function splitKeyBlob(network: string, blob: Buffer): DeliveredKeys {
  const { keyBytes, keys } = keySet(network);
  const size = keyBytes + KCV_BYTES;
  if (blob.length !== size * keys) throw new IsoError('F62', `${blob.length} bytes`, `${size * keys} bytes`);
  const at = (index: number): DeliveredKey => ({
    key: blob.subarray(index * size, index * size + keyBytes),
    kcv: blob.subarray(index * size + keyBytes, (index + 1) * size),
  });
  return keys === 3 ? { pik: at(0), mak: at(1), tdk: at(2) } : { pik: at(0), mak: at(1) };
}

/** Joins encrypted keys and check values to F62; throws IsoError when a size does not fit the F60.3. */
export function joinKeyBlob(network: string, delivered: DeliveredKeys): Buffer {
  const { keyBytes, keys } = keySet(network);
  const list = [delivered.pik, delivered.mak, ...(delivered.tdk === undefined ? [] : [delivered.tdk])];
  if (list.length !== keys) throw new IsoError('F62', `${list.length} keys`, `${keys} keys`);
  for (const { key, kcv } of list) {
    if (key.length !== keyBytes || kcv.length !== KCV_BYTES) {
      throw new IsoError('F62', 'a key of another size', `keys of ${keyBytes} bytes with check values of 4 bytes`);
    }
  }
  return Buffer.concat(list.flatMap(({ key, kcv }) => [key, kcv]));
}
