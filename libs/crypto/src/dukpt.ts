import { desEncrypt } from './des.ts';
import { SecurityError } from './security-error.ts';

/** A triple-DES key serial number has 10 bytes; its last 21 bits count the device's transactions. */
export const ksnBytes = 10;

const counterBits = 0x1fffff;
const mostOneBits = 10;
const variant = Buffer.from('C0C0C0C000000000C0C0C0C000000000', 'hex');

function xor(left: Uint8Array, right: Uint8Array): Buffer {
  return Buffer.from(left.map((byte, at) => byte ^ right[at]!));
}

function demandKey(key: Uint8Array): void {
  if (key.length !== 16) throw new SecurityError('bad-input', `a DUKPT key has 16 bytes, not ${key.length}`);
}

function counterOf(ksn: Uint8Array): number {
  if (ksn.length !== ksnBytes) throw new SecurityError('bad-input', `a KSN has 10 bytes, not ${ksn.length}`);
  return Buffer.from(ksn).readUIntBE(7, 3) & counterBits;
}

function withCounter(ksn: Uint8Array, counter: number): Buffer {
  const copy = Buffer.from(ksn);
  copy[7] = (copy[7]! & 0xe0) | (counter >>> 16);
  copy.writeUInt16BE(counter & 0xffff, 8);
  return copy;
}

/** The initial key of a device (IPEK, X9.24-1 A.6) from the derivation key and any KSN of that device. 16 bytes. */
export function dukptInitialKey(derivationKey: Uint8Array, ksn: Uint8Array): Buffer {
  demandKey(derivationKey);
  counterOf(ksn);
  const serial = withCounter(ksn, 0).subarray(0, 8);
  return Buffer.concat([desEncrypt(derivationKey, serial), desEncrypt(xor(derivationKey, variant), serial)]);
}

/** X9.24-1 A.2, "non-reversible key generation": one step down the tree of keys. */
function stepDown(key: Buffer, register: Uint8Array): Buffer {
  const half = (from: Buffer): Buffer => {
    const right = from.subarray(8, 16);
    return xor(desEncrypt(from.subarray(0, 8), xor(right, register)), right);
  };
  return Buffer.concat([half(xor(key, variant)), half(key)]);
}

/**
 * The PIN key of one transaction from the device's initial key. 16 bytes.
 * Throws `ksn-refused` for counter 0 and for more than 10 one-bits: honest devices skip both (X9.24-1).
 */
export function dukptPinKey(initialKey: Uint8Array, ksn: Uint8Array): Buffer {
  demandKey(initialKey);
  const counter = counterOf(ksn);
  const ones = counter.toString(2).replaceAll('0', '').length;
  if (counter === 0 || ones > mostOneBits) {
    throw new SecurityError('ksn-refused', 'the transaction counter of the KSN has 1 to 10 one-bits');
  }
  let key: Buffer = Buffer.from(initialKey);
  let reached = 0;
  for (let bit = 0x100000; bit > 0; bit >>>= 1) {
    if ((counter & bit) === 0) continue;
    reached |= bit;
    key = stepDown(key, withCounter(ksn, reached).subarray(2));
  }
  key[7] = key[7]! ^ 0xff; // the PIN variant: one byte of each half (X9.24-1 table A-1)
  key[15] = key[15]! ^ 0xff;
  return key;
}
