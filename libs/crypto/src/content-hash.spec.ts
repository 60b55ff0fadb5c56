import { canonicalText, contentHash, type CanonicalContent } from './content-hash.ts';

const key = Buffer.alloc(32, 7);

describe('content hash', () => {
  it('does not depend on the order in which properties were written', () => {
    expect(contentHash(key, { amount: 100, card: 'x' })).toBe(contentHash(key, { card: 'x', amount: 100 }));
  });

  it('an undefined property is an absent one, null is not', () => {
    expect(contentHash(key, { amount: 100, tip: undefined })).toBe(contentHash(key, { amount: 100 }));
    expect(contentHash(key, { amount: 100, tip: null })).not.toBe(contentHash(key, { amount: 100 }));
  });

  it.each<[CanonicalContent, CanonicalContent]>([
    [{ amount: 100 }, { amount: '100' }],
    [{ amount: 100 }, { amount: 101 }],
    [
      ['a', 'b'],
      ['b', 'a'],
    ],
    [
      ['ab', 'c'],
      ['a', 'bc'],
    ],
    [{ a: { b: 1 } }, { a: 1, b: 1 }],
    ['"', '\\"'],
  ])('%j and %j differ', (left, right) => expect(contentHash(key, left)).not.toBe(contentHash(key, right)));

  it('depends on the key', () => expect(contentHash(key, 'x')).not.toBe(contentHash(Buffer.alloc(32, 8), 'x')));

  it('is 43 characters of base64url', () => expect(contentHash(key, {})).toMatch(/^[A-Za-z0-9_-]{43}$/));

  it('is HMAC-SHA256 of the canonical text: pinned, since stored hashes must match for ever', () => {
    expect(canonicalText({ b: [1, true, null], a: '消费"' })).toBe('{"a":"消费\\"","b":[1,true,null]}');
    expect(contentHash(key, { b: [1, true, null], a: '消费"' })).toBe('AmGlmuKXtPAw0iU7I5srcwsbJQzzZeIsFM5T77ojGUo');
  });

  it.each([
    [{ a: { b: 0.5 } }, '.a.b must be a safe whole number'],
    [{ a: [1, Number.NaN] }, '.a[1] must be a safe whole number'],
    [{ a: 2 ** 53 }, '.a must be a safe whole number'],
    [{ when: new Date(0) }, '.when must be text'],
    [[undefined], '[0] must be text'],
    [{ big: 1n }, '.big must be text'],
    [{ text: '\ud800' }, '.text is not well-formed Unicode'],
  ])('refuses what has more than one spelling, and names the path (%#)', (content, message) => {
    expect(() => contentHash(key, content as CanonicalContent)).toThrow(message);
  });

  it('refuses content nested without limit', () => {
    let nested: CanonicalContent = 1;
    for (let level = 0; level < 40; level += 1) nested = [nested];
    expect(() => contentHash(key, nested)).toThrow('deeper than 32 levels');
  });

  it('refuses a short key', () => expect(() => contentHash(key.subarray(0, 16), 'x')).toThrow('32 bytes'));
});
