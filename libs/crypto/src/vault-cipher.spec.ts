import { KeyRing } from './key-ring.ts';
import { systemRandom } from './random-source.ts';
import { VaultCipher } from './vault-cipher.ts';

const one = Buffer.alloc(32, 1);
const two = Buffer.alloc(32, 2);
const three = Buffer.alloc(32, 3);
const ring = (current: string, keys: Record<string, Buffer>) => new KeyRing({ current, keys, random: systemRandom });
const vault = new VaultCipher({ ring: ring('v1', { v1: one }), tokenKey: two, fingerprintKey: three });
const pan = '6200000000000005';
const refused = (code: string) => expect.objectContaining({ name: 'SecurityError', code });

describe('card vault', () => {
  it('gives the card number back for its row', () => expect(vault.cardNumber(vault.card(pan))).toBe(pan));

  it('a retry has the same token and fingerprint, whatever the encryption key is by then', () => {
    const rotated = new VaultCipher({ ring: ring('v2', { v1: one, v2: two }), tokenKey: two, fingerprintKey: three });
    expect(rotated.token(pan)).toBe(vault.token(pan));
    expect(rotated.fingerprint(pan)).toBe(vault.fingerprint(pan));
    expect(rotated.cardNumber(vault.card(pan))).toBe(pan);
    expect(rotated.isOutdated(vault.card(pan).sealed)).toBe(true);
    expect(rotated.isOutdated(rotated.card(pan).sealed)).toBe(false);
  });

  it('a token is tok_ and 24 characters, a fingerprint 43, and neither holds digits of the card', () => {
    expect(vault.token(pan)).toMatch(/^tok_[A-Za-z0-9_-]{24}$/);
    expect(vault.fingerprint(pan)).toMatch(/^[A-Za-z0-9_-]{43}$/);
    expect(vault.token(pan)).not.toContain('62000');
  });

  it('token and fingerprint are pinned: stored ones must be found for ever', () => {
    expect(vault.token(pan)).toBe('tok_rn6rROMnW7hpXm2QkdVMSSh2');
    expect(vault.fingerprint(pan)).toBe('DfoUzg-sleyRUsIAaLNpFmwmj8lBZT3Qi-CpjPom1qs');
  });

  it('neighbouring card numbers and other keys give other tokens', () => {
    const other = new VaultCipher({ ring: ring('v1', { v1: one }), tokenKey: three, fingerprintKey: two });
    expect(vault.token('6200000000000013')).not.toBe(vault.token(pan));
    expect(other.token(pan)).not.toBe(vault.token(pan));
  });

  it('a row cannot be read under the token of another card, nor changed', () => {
    const row = vault.card(pan);
    const other = vault.card('6200000000000047');
    expect(() => vault.cardNumber({ token: other.token, sealed: row.sealed })).toThrow(refused('blob-unreadable'));
    row.sealed[row.sealed.length - 1]! ^= 1;
    expect(() => vault.cardNumber(row)).toThrow(refused('blob-unreadable'));
    expect(() => vault.cardNumber({ token: 'tok_short', sealed: row.sealed })).toThrow(refused('bad-input'));
  });

  it.each(['', '62000000000', '62000000000000051234', '6200 0000 0000 0005', '620000000000000x'])(
    'refuses "%s", which is no card number, without repeating it',
    (bad) => {
      expect(() => vault.card(bad)).toThrow('12 to 19 digits');
      expect(() => vault.fingerprint(bad)).toThrow(refused('bad-input'));
    },
  );

  it('refuses short keys and one key for both purposes', () => {
    const settings = { ring: ring('v1', { v1: one }), tokenKey: two, fingerprintKey: three };
    expect(() => new VaultCipher({ ...settings, tokenKey: two.subarray(1) })).toThrow('32 bytes');
    expect(() => new VaultCipher({ ...settings, fingerprintKey: two })).toThrow('must differ');
  });
});
