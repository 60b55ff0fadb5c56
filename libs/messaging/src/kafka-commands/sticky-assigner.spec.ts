import { deal } from './sticky-assigner.ts';

const partitions = Array.from({ length: 48 }, (_, partition) => partition);
const held = (of: Readonly<Record<string, readonly number[]>>) => new Map(Object.entries(of));

/** Every partition once, evenly to within one; how many moved from where they were. */
function movesOf(before: ReadonlyMap<string, readonly number[]>): number {
  const dealt = deal(before, partitions);
  const sizes = [...dealt.values()].map(({ length }) => length);
  expect([...dealt.values()].flat().sort((a, b) => a - b)).toEqual(partitions);
  expect(Math.max(...sizes) - Math.min(...sizes)).toBeLessThanOrEqual(1);
  return [...dealt].flatMap(([member, own]) => own.filter((one) => !before.get(member)?.includes(one))).length;
}

it.each([
  ['the first member takes all', held({ a: [] }), 48],
  ['a second one takes half, the rest stays', held({ a: partitions, b: [] }), 24],
  ['a third one takes a third', held({ a: partitions.slice(0, 24), b: partitions.slice(24), c: [] }), 16],
  ['what a member leaves goes to the others', held({ a: partitions.slice(0, 16), b: partitions.slice(16, 32) }), 16],
  ['nothing moves when nothing changes', held({ a: partitions.slice(0, 24), b: partitions.slice(24) }), 0],
  ['five share 48 as 10, 10, 10, 9, 9', held({ a: partitions, b: [], c: [], d: [], e: [] }), 38],
  ['two that claim the same have it once', held({ a: partitions, b: partitions }), 0],
])('%s', (_, before, moves) => expect(movesOf(before)).toBe(moves));

it('partitions that do not exist are dealt to nobody', () =>
  expect(deal(held({ a: [3, 99] }), [3, 4])).toEqual(new Map([['a', [3, 4]]])));
