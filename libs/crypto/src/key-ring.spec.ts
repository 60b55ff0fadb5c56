import { deriveKey, KeyRing } from './key-ring.ts';
import { systemRandom } from './random-source.ts';

const one = Buffer.alloc(32, 1);
const two = Buffer.alloc(32, 2);
const ring = (current: string, keys: Record<string, Buffer>) => new KeyRing({ current, keys, random: systemRandom });
const old = ring('v1', { v1: one });
const both = ring('v2', { v1: one, v2: two });
const plain = Buffer.from('secret');

describe('key ring', () => {
  it('opens what it sealed, in the same context', () => {
    expect(old.open(old.seal(plain, 'row 1'), 'row 1')).toEqual(plain);
    expect(old.open(old.seal(Buffer.alloc(0), ''), '')).toHaveLength(0);
  });

  it('seals the same content differently each time', () => {
    expect(old.seal(plain, 'row 1')).not.toEqual(old.seal(plain, 'row 1'));
  });

  it('after a rotation old blobs still open and new ones name the new version', () => {
    expect(both.open(old.seal(plain, 'row 1'), 'row 1')).toEqual(plain);
    expect(both.versionOf(old.seal(plain, 'row 1'))).toBe('v1');
    expect(both.versionOf(both.seal(plain, 'row 1'))).toBe('v2');
  });

  it('takes a new key for reading first and for writing when told, and forgets a retired one, never the current', () => {
    const turning = ring('v1', { v1: one });
    turning.install('v2', two);
    expect([turning.current, turning.open(both.seal(plain, 'row 1'), 'row 1')]).toEqual(['v1', plain]);
    turning.writeUnder('v2');
    expect(turning.versionOf(turning.seal(plain, 'row 1'))).toBe('v2');
    expect(() => turning.forget('v2')).toThrow(expect.objectContaining({ code: 'bad-input' }));
    turning.forget('v1');
    expect(() => turning.open(old.seal(plain, 'row 1'), 'row 1')).toThrow(
      expect.objectContaining({ code: 'unknown-key-version' }),
    );
    expect(() => turning.writeUnder('v3')).toThrow(expect.objectContaining({ code: 'bad-input' }));
  });

  it('a version that was not given is named as the cause', () => {
    expect(() => old.open(both.seal(plain, 'row 1'), 'row 1')).toThrow(
      expect.objectContaining({ code: 'unknown-key-version' }),
    );
  });

  it('the same version name with another key opens nothing', () => {
    const other = ring('v1', { v1: two });
    expect(() => other.open(old.seal(plain, 'row 1'), 'row 1')).toThrow(
      expect.objectContaining({ code: 'blob-unreadable' }),
    );
  });

  it('refuses another context', () => {
    expect(() => old.open(old.seal(plain, 'row 1'), 'row 2')).toThrow(
      expect.objectContaining({ code: 'blob-unreadable' }),
    );
  });

  it('refuses a blob with any single bit changed', () => {
    const blob = both.seal(plain, 'row 1');
    for (let bit = 0; bit < blob.length * 8; bit += 1) {
      const other = Buffer.from(blob);
      other[bit >> 3]! ^= 1 << (bit & 7);
      expect(() => both.open(other, 'row 1')).toThrow(expect.objectContaining({ name: 'SecurityError' }));
    }
  });

  it('refuses a blob cut at any place', () => {
    const blob = both.seal(plain, 'row 1');
    for (let length = 0; length < blob.length; length += 1) {
      expect(() => both.open(blob.subarray(0, length), 'row 1')).toThrow(
        expect.objectContaining({ name: 'SecurityError' }),
      );
    }
  });

  it('a blob relabelled with another known version is refused', () => {
    const blob = both.seal(plain, 'row 1');
    blob.write('v1', 2, 'latin1');
    expect(() => both.open(blob, 'row 1')).toThrow(expect.objectContaining({ code: 'blob-unreadable' }));
  });

  it('refuses settings that cannot work', () => {
    expect(() => ring('v3', { v1: one })).toThrow('not among the keys');
    expect(() => ring('v1', { v1: one.subarray(0, 16) })).toThrow('32 bytes, not 16');
    expect(() => ring('V 1', { 'V 1': one })).toThrow('a key version is');
  });
});

describe('derived keys', () => {
  it('differ by purpose and by secret, and stay the same', () => {
    expect(deriveKey(one, 'token')).toEqual(deriveKey(one, 'token'));
    expect(deriveKey(one, 'token')).not.toEqual(deriveKey(one, 'fingerprint'));
    expect(deriveKey(one, 'token')).not.toEqual(deriveKey(two, 'token'));
    expect(deriveKey(one, 'token')).toHaveLength(32);
  });

  it('want a secret of at least 32 bytes', () => {
    expect(() => deriveKey(one.subarray(1), 'token')).toThrow('at least 32 bytes');
  });
});
