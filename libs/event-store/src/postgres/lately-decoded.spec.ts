import { LatelyDecoded } from './lately-decoded.ts';

const factAt = (position: bigint) => ({ position, type: 'SpecHappened' }) as never;

describe('facts that were read lately', () => {
  it('are given again for the same record, leaf and position, and for nothing that differs in one of them', () => {
    const lately = new LatelyDecoded();
    lately.keep('{"a":1}', 'leaf', factAt(7n));
    expect(lately.find(7n, '{"a":1}', 'leaf')).toMatchObject({ position: 7n });
    expect(lately.find(7n, '{"a":2}', 'leaf')).toBeUndefined();
    expect(lately.find(8n, '{"a":1}', 'leaf')).toBeUndefined();
    expect(lately.find(7n, '{"a":1}', 'another leaf')).toBeUndefined();
  });

  it('are so many at most, and none that is long', () => {
    const lately = new LatelyDecoded();
    for (let n = 0; n < 2_049; n += 1) lately.keep('{}', `leaf ${n}`, factAt(BigInt(n)));
    expect(lately.find(0n, '{}', 'leaf 0')).toBeUndefined();
    expect(lately.find(1n, '{}', 'leaf 1')).toBeDefined();
    const long = 'x'.repeat(4_097);
    lately.keep(long, 'long', factAt(5_000n));
    expect(lately.find(5_000n, long, 'long')).toBeUndefined();
  });
});
