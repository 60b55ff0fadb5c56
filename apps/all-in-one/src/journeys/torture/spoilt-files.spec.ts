import { ClearingFiles } from '@tillstream/simulator';
import { SpoiltFiles, type SpoiltFile } from './spoilt-files.ts';

const MONDAY = '2026-11-23';
const TUESDAY = '2026-11-24';
const MERCHANT = '898310000000001';

type Book = ConstructorParameters<typeof ClearingFiles>[1];
type Standing = ReturnType<Book['ofClearingDate']>[number];

/** Twelve sales a day, the network's own. */
function sales(date: string): Standing[] {
  return Array.from({ length: 12 }, (_, n) => ({
    status: 'approved',
    taken: {
      ...{ key: `${date.slice(5).replace('-', '')}100000.0001${String(n).padStart(2, '0')}.48021000`, is: 'sale' },
      ...{ digest: 'd', card: 'c', cardClass: 'CREDIT', merchantClass: 'STANDARD', amount: 5_000 + n },
      ...{ rrn: `63270000${date.slice(8)}${String(n).padStart(2, '0')}`, merchantId: MERCHANT, terminalId: '10000001' },
      ...{ clearing: date, code: '00', authCode: '1', balance: null, issuerCost: 22, networkCost: 2, original: null },
    },
  })) as unknown as Standing[];
}

interface Spoilt {
  readonly monday: SpoiltFile;
  readonly tuesday: SpoiltFile;
  readonly isLate: boolean;
}

/** Two dates that are over and paid, in their last version. */
function spoilt(seed: string): Spoilt {
  const network = new ClearingFiles('unionpay', { ofClearingDate: sales, find: () => undefined }, () => '2026-11-25');
  const files = new SpoiltFiles(network, seed, [MERCHANT]);
  files.over(MONDAY);
  const isLate = network.list(MONDAY)[0]?.clearingDate !== MONDAY;
  files.toBePaid(MONDAY);
  files.over(TUESDAY);
  files.toBePaid(TUESDAY, true);
  return { monday: files.byDate.get(MONDAY)!, tuesday: files.byDate.get(TUESDAY)!, isLate };
}

const runs = Array.from({ length: 60 }, (_, n) => spoilt(String(n)));
const keysOf = ({ lines }: SpoiltFile): string[] => lines.map(({ key }) => key);

describe('clearing files that are spoilt on purpose', () => {
  it('follow from the seed', () => {
    expect(spoilt('7')).toEqual(spoilt('7'));
    expect(spoilt('7')).not.toEqual(spoilt('8'));
  });

  it('are, over the seeds, late, corrected, short, invented, doubled, a day late in a line, of other amounts and of other fees', () => {
    const seen = new Set<string>();
    for (const { monday, tuesday, isLate } of runs) {
      if (isLate) seen.add('late');
      if (monday.version === 2) seen.add('corrected');
      const truth = new Map(monday.truth.map((line) => [line.key, line]));
      const keys = keysOf(monday);
      if (monday.missed.size > 0) seen.add('short');
      if (keys.some((key) => !truth.has(key))) seen.add('invented');
      if (new Set(keys).size < keys.length) seen.add('doubled');
      if (keysOf(tuesday).some((key) => truth.has(key))) seen.add('a day late');
      for (const { key, amount, net } of monday.lines) {
        const own = truth.get(key);
        if (own !== undefined && own.amount !== amount) seen.add('another amount');
        else if (own !== undefined && own.net !== net) seen.add('another fee');
      }
    }
    const all = ['late', 'corrected', 'short', 'invented', 'doubled', 'a day late', 'another amount', 'another fee'];
    expect([...seen].sort()).toEqual(all.sort());
  });

  it('say the truth once they are corrected, and remember what an earlier version did not name', () => {
    const corrected = runs.map(({ monday }) => monday).filter(({ version }) => version === 2);
    expect(corrected.length).toBeGreaterThan(0);
    for (const { lines, truth } of corrected) expect(lines).toEqual(truth);
    expect(corrected.some(({ missed }) => missed.size > 0)).toBe(true);
  });

  it('bring a line a day late only when the bank has paid without it', () => {
    for (const { monday, tuesday } of runs) {
      const moved = keysOf(tuesday).filter((key) => monday.truth.some((line) => line.key === key));
      expect(moved.every((key) => monday.missed.has(key) && !keysOf(monday).includes(key))).toBe(true);
    }
  });
});
