import type { BatchDifference, BatchItem } from './events.ts';
import type { HostItem } from './items.ts';

/** The three shapes of an upload (domain 2.4): F48 lists, chip transactions, copies of advices. */
export type Shape = 'list' | 'chip' | 'copy';

const SHAPES: Readonly<Record<string, Shape>> = {
  '201': 'list',
  '203': 'chip',
  '205': 'chip',
  '204': 'copy',
  '206': 'copy',
};

/** The shape that a part (`<60.3>.<STAN>`) has; what we do not know counts as a list. */
export const shapeOfPart = (part: string): Shape => SHAPES[part.split('.')[0] ?? ''] ?? 'list';

/** An uploaded item after the merge, with the shapes that it came in. */
export interface MergedItem extends BatchItem {
  readonly shapes: readonly Shape[];
}

const sameCard = (a: BatchItem, b: BatchItem): boolean =>
  a.fingerprint === '' || b.fingerprint === '' || a.fingerprint === b.fingerprint;

const known = (a: BatchItem, b: BatchItem): boolean => a.fingerprint !== '' && a.fingerprint === b.fingerprint;

const NO_STAN = '000000';

/**
 * Adds items of one part to what was uploaded before: by STAN, then by card and amount (domain 2.4). The second way joins
 * only across shapes and only where one side names no STAN: a sale and its void have one card and one amount, and a terminal
 * may send them in different shapes.
 */
export function merged(
  before: readonly MergedItem[],
  items: readonly BatchItem[],
  shape: Shape,
): readonly MergedItem[] {
  const all = [...before];
  for (const item of items) {
    let at = all.findIndex((one) => one.stan === item.stan && one.amount === item.amount && sameCard(one, item));
    if (at < 0) {
      at = all.findIndex(
        (one) =>
          (one.stan === NO_STAN || item.stan === NO_STAN) &&
          !one.shapes.includes(shape) &&
          one.amount === item.amount &&
          known(one, item),
      );
    }
    const old = all[at];
    if (old === undefined) all.push({ ...item, shapes: [shape] });
    else all[at] = joined(old, item, shape);
  }
  return all;
}

const joined = (old: MergedItem, item: BatchItem, shape: Shape): MergedItem => ({
  ...old,
  stan: old.stan === NO_STAN ? item.stan : old.stan,
  fingerprint: old.fingerprint === '' ? item.fingerprint : old.fingerprint,
  kind: old.kind ?? item.kind,
  shapes: old.shapes.includes(shape) ? old.shapes : [...old.shapes, shape],
});

/** Whether the end count is of these items: each transaction once, or each as often as it was sent in another shape. */
export const countFits = (count: number, items: readonly MergedItem[]): boolean =>
  count === items.length || count === items.reduce((sum, { shapes }) => sum + shapes.length, 0);

/**
 * The differences of a batch, item by item (domain 4.1): by STAN and card, then by card and amount, at last by STAN alone. What
 * the terminal names by its STAN it has, whatever else the item says: an upload carries no MAC (domain 2.6), so a spoilt card
 * number must not look like an approval that the terminal lacks, which is reversed. Sorted by STAN, so that the same items always give the same list.
 */
export function differencesOf(host: Iterable<HostItem>, terminal: Iterable<BatchItem>): readonly BatchDifference[] {
  const open = [...terminal];
  const take = (matches: (one: BatchItem) => boolean): BatchItem | undefined => {
    const at = open.findIndex(matches);
    return at < 0 ? undefined : open.splice(at, 1)[0];
  };
  const differences: BatchDifference[] = [];
  // Exact matches go first, so that a wrong amount never takes an item that another one fits.
  const inexact = [...host].filter(
    (one) => !take((item) => item.stan === one.stan && item.amount === one.amount && sameCard(item, one)),
  );
  const unmatched = inexact.filter((one) => {
    const item = take((candidate) => candidate.stan === one.stan && sameCard(candidate, one));
    if (item) differences.push(difference('AMOUNT_DIFF', one.stan, one, item));
    return !item;
  });
  const strangers = unmatched.filter((one) => !take((item) => item.amount === one.amount && known(item, one)));
  for (const one of strangers) {
    const item = take((candidate) => candidate.stan === one.stan);
    differences.push(difference(item ? 'CARD_DIFF' : 'HOST_ONLY', one.stan, one, item ?? null));
  }
  for (const item of open) differences.push(difference('TERMINAL_ONLY', item.stan, null, item));
  return differences.sort((a, b) => (a.stan < b.stan ? -1 : a.stan > b.stan ? 1 : 0));
}

const difference = (
  kind: BatchDifference['kind'],
  stan: string,
  host: BatchItem | null,
  terminal: BatchItem | null,
): BatchDifference => ({ kind, stan, hostAmount: host?.amount ?? null, terminalAmount: terminal?.amount ?? null });
