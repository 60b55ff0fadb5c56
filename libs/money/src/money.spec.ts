import fc from 'fast-check';
import {
  allocate,
  compare,
  divideRoundHalfUp,
  fen,
  fenOf,
  formatPercent,
  formatYuan,
  formatYuanGrouped,
  greater,
  isFen,
  lesser,
  MAX_FEN,
  minus,
  multiplyRoundHalfUp,
  negate,
  parseYuan,
  percent,
  plus,
  RATE_ONE,
  scaleRoundHalfUp,
  sum,
  ZERO,
} from './index.ts';

const runs = { numRuns: 10_000 };
const amounts = fc.integer({ min: -MAX_FEN, max: MAX_FEN }).map(fen);

describe('an amount is an integer of fen that a number holds exactly', () => {
  it.each([0.5, NaN, Infinity, 2 ** 53, -(2 ** 53), 100.01])('refuses %p as a defect', (value) => {
    expect(() => fen(value)).toThrow(RangeError);
    expect(isFen(value)).toBe(false);
  });

  it.each(['1', null, undefined, 1n, {}, -0])('does not take %p from outside for an amount', (value) => {
    expect(isFen(value)).toBe(false);
  });

  it('never holds negative zero', () => {
    for (const zero of [
      fen(-0),
      negate(ZERO),
      minus(fen(5), fen(5)),
      multiplyRoundHalfUp(fen(-1), 1),
      parseYuan('-0'),
    ]) {
      expect(Object.is(zero, 0)).toBe(true);
    }
  });

  it('throws rather than round where a sum leaves the range', () => {
    expect(() => plus(MAX_FEN, fen(1))).toThrow(RangeError);
    expect(() => minus(negate(MAX_FEN), fen(1))).toThrow(RangeError);
    expect(() => sum([MAX_FEN, MAX_FEN])).toThrow(RangeError);
    expect(() => fenOf(2n ** 53n)).toThrow(RangeError);
    expect(() => fenOf(-(2n ** 53n))).toThrow(RangeError);
    expect(() => multiplyRoundHalfUp(MAX_FEN, RATE_ONE + 1)).toThrow(RangeError);
  });

  it('adds, subtracts, sums and compares', () => {
    expect(sum([fen(1), fen(2), fen(-4)])).toBe(-1);
    expect(sum([])).toBe(0);
    expect([fen(3), fen(-1), fen(2)].sort(compare)).toEqual([-1, 2, 3]);
    expect(compare(fen(1), fen(1))).toBe(0);
    expect([lesser(fen(1), fen(2)), greater(fen(1), fen(2))]).toEqual([1, 2]);
  });

  it('takes away what it added, for any two amounts whose sum fits', () => {
    fc.assert(
      fc.property(amounts, amounts, (a, b) => {
        fc.pre(Number.isSafeInteger(a + b));
        return minus(plus(a, b), b) === a && plus(a, negate(a)) === ZERO;
      }),
      runs,
    );
  });
});

describe('yuan as people write them', () => {
  it.each([
    ['100.00', 10_000],
    ['100', 10_000],
    ['100.5', 10_050],
    ['0.05', 5],
    ['-1.05', -105],
    ['90071992547409.91', Number.MAX_SAFE_INTEGER],
  ])('reads %s as %d fen', (text, expected) => expect(parseYuan(text)).toBe(expected));

  it.each(['', '1.234', '1,000.00', '.5', '1.', '01', '+1', '1e3', ' 1', '1\n', '¥1', '90071992547409.92', '٣', '--1'])(
    'refuses %p',
    (text) => expect(() => parseYuan(text)).toThrow(RangeError),
  );

  it('never repeats refused text, which may be a card number', () => {
    expect(() => parseYuan('6200000000000005')).toThrow(/^(?!.*6200)/);
  });

  it('reads back whatever it writes', () => {
    fc.assert(
      fc.property(amounts, (amount) => parseYuan(formatYuan(amount)) === amount),
      runs,
    );
  });

  it('groups thousands for tables', () => {
    expect(
      ['0.05', '999.99', '1000.00', '-1234567.89', '123456.00'].map((t) => formatYuanGrouped(parseYuan(t))),
    ).toEqual(['0.05', '999.99', '1,000.00', '-1,234,567.89', '123,456.00']);
  });
});

describe('a rate is an integer in units of 1e-8 and is applied with one rounding, halves up', () => {
  it.each([
    ['0.6', 600_000],
    ['0.0325', 32_500],
    ['0.38', 380_000],
    ['100', RATE_ONE],
    ['0', 0],
    ['0.000001', 1],
  ])('%s percent is %d', (text, rate) => {
    expect(percent(text)).toBe(rate);
    expect(formatPercent(rate)).toBe(`${text}%`);
  });

  it.each(['', '0.6%', '-1', '100.000001', '0.0000001', '.5', '1000'])('refuses %p as a percentage', (text) =>
    expect(() => percent(text)).toThrow(RangeError),
  );

  it.each([
    [100_000, '0.0325', 33], // 32.5
    [100_000, '0.6', 600],
    [25_050, '0.38', 95], // 95.19
    [25_050, '0.20', 50], // 50.1
    [1, '50', 1],
    [-1, '50', -1],
    [1, '49.999999', 0],
  ])('%d fen at %s %% is %d fen', (amount, rate, expected) =>
    expect(multiplyRoundHalfUp(fen(amount), percent(rate))).toBe(expected),
  );

  it('is within half a fen of the exact product, mirrors under negation and never exceeds the amount for rates to 100 %', () => {
    fc.assert(
      fc.property(amounts, fc.integer({ min: 0, max: RATE_ONE }), (amount, rate) => {
        const result = multiplyRoundHalfUp(amount, rate);
        const error = 2n * (BigInt(result) * BigInt(RATE_ONE) - BigInt(amount) * BigInt(rate));
        const half = BigInt(RATE_ONE);
        const near = amount < 0 ? error >= -half && error < half : error <= half && error > -half;
        return (
          near && multiplyRoundHalfUp(negate(amount), rate) === negate(result) && Math.abs(result) <= Math.abs(amount)
        );
      }),
      runs,
    );
  });

  it('refuses fractions as rates and divisors that are not positive', () => {
    expect(() => multiplyRoundHalfUp(fen(1), 0.006)).toThrow(RangeError);
    expect(() => formatPercent(0.5)).toThrow(RangeError);
    expect(() => divideRoundHalfUp(1n, 0n)).toThrow(RangeError);
    expect(() => scaleRoundHalfUp(fen(1), 1n, -1n)).toThrow(RangeError);
  });

  it('writes negative rates and rates above one', () => {
    expect([formatPercent(-600_000), formatPercent(115_000_000)]).toEqual(['-0.6%', '115%']);
  });
});

describe('an allocation gives every fen to exactly one part', () => {
  it.each([
    [100, [1, 1, 1], [34, 33, 33]],
    [-100, [1, 1, 1], [-34, -33, -33]],
    [1, [0, 1, 1], [0, 1, 0]],
    [0, [3, 4], [0, 0]],
    [10, [2, 1], [7, 3]],
    [101, [3, 3, 1], [43, 43, 15]], // 43.28, 43.28, 14.43: the last has the largest remainder
  ])('%d by %j is %j', (total, weights, parts) => expect(allocate(fen(total), weights)).toEqual(parts));

  it.each([[[]], [[0, 0]], [[-1, 2]], [[0.5]]])('refuses the weights %j', (weights) =>
    expect(() => allocate(fen(1), weights)).toThrow(RangeError),
  );

  it('has parts that sum to the whole and lie within one fen of their exact share', () => {
    const weights = fc
      .array(fc.integer({ min: 0, max: Number.MAX_SAFE_INTEGER }), { minLength: 1, maxLength: 12 })
      .filter((list) => list.some((weight) => weight > 0));
    fc.assert(
      fc.property(amounts, weights, (total, by) => {
        const parts = allocate(total, by);
        const whole = by.reduce((all, weight) => all + BigInt(weight), 0n);
        const close = parts.every((part, i) => {
          const off = BigInt(part) * whole - BigInt(total) * BigInt(by[i] ?? 0);
          return off < whole && off > -whole;
        });
        return close && parts.reduce((all, part) => all + BigInt(part), 0n) === BigInt(total);
      }),
      runs,
    );
  });
});
