import { numbersFrom } from './interleave.ts';
import { Needles } from './needles.ts';

const namesIn = (text: string, ...needles: string[]): string[] =>
  [...new Needles(needles.map((needle) => [needle, needle])).in(text)].sort();

describe('many needles in one text', () => {
  it('are found wherever they stand: at its begin, at its end, beside and over one another', () => {
    expect(namesIn('6200001234567890', '62000012', '34567890', '0001234567')).toEqual([
      '0001234567',
      '34567890',
      '62000012',
    ]);
    expect(namesIn('日结 6200001234 完', '6200001234', '日结 62', '完', '6200001235')).toEqual([
      '6200001234',
      '完',
      '日结 62',
    ]);
    expect(namesIn('620000123', '6200001234')).toEqual([]);
    expect(namesIn('', '1')).toEqual([]);
    expect(namesIn('abc')).toEqual([]);
  });

  it('may be very many', () => {
    const needles = Array.from({ length: 300_000 }, (_, n) => [String(6_200_000_000_000_000 + n), n] as const);
    expect([...new Needles(needles).in('card 6200000000123456.')]).toEqual([123_456]);
  });

  it('are those that a search one by one finds, in any text (seed 5)', () => {
    const next = numbersFrom(5);
    const digits = (length: number): string => Array.from({ length }, () => Math.floor(next() * 3)).join('');
    for (let round = 0; round < 200; round += 1) {
      const text = digits(400);
      const needles = Array.from({ length: 60 }, () => digits(4 + Math.floor(next() * 8)));
      const one = [...new Set(needles.filter((needle) => text.includes(needle)))].sort();
      expect(namesIn(text, ...needles)).toEqual(one);
    }
  });
});
