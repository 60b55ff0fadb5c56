import { drawFrom, type ClearingFault, type ClearingFiles, type Draw } from '@tillstream/simulator';

/** A line of a clearing file. */
export interface FileLine {
  readonly kind: string;
  /** The network's name of the operation: F7, F11 and F32. */
  readonly key: string;
  readonly amount: number;
  /** What the line adds to the file's net, fen. */
  readonly net: number;
}

/** A clearing date that is over: what its file should say, and what its newest version says. */
export interface SpoiltFile {
  readonly date: string;
  readonly version: number;
  readonly truth: readonly FileLine[];
  readonly lines: readonly FileLine[];
  /** Keys that some version of it did not name although the network has them. */
  readonly missed: ReadonlySet<string>;
}

/** Chance of a file to be late, and of a spoilt one to be corrected before the bank pays by it. */
const late = 0.4;
const corrected = 0.4;
/** Fen from which a line stays a line when something is taken off. */
const least = 2_000;
/** Kinds whose lines are spoilt. */
const spoilable: ReadonlySet<string> = new Set(['sale', 'completion', 'refund']);

/** Spoils the network's clearing files by seed: lines that are missing, invented, doubled, moved to the next day, of other amounts or costs. */
export class SpoiltFiles {
  readonly byDate = new Map<string, SpoiltFile>();
  readonly #files: ClearingFiles;
  readonly #seed: string;
  readonly #merchants: readonly string[];
  readonly #faults = new Map<string, readonly ClearingFault[]>();
  /** Lines that were left out and may come a day late. */
  #left: { readonly is: 'moved'; readonly from: string; readonly item: number }[] = [];
  /** Date → places of the lines that were left out. */
  readonly #dropped = new Map<string, readonly number[]>();
  readonly #paid = new Set<string>();

  constructor(files: ClearingFiles, seed: string, merchants: readonly string[]) {
    this.#files = files;
    this.#seed = seed;
    this.#merchants = merchants;
  }

  /** The date is over at the network, and nobody has seen its file: spoils it, once. */
  over(date: string): void {
    if (this.byDate.has(date)) return;
    const truth = linesOf(this.#files, date);
    const draw = drawFrom(this.#seed, 'clearing', date);
    const faults = truth.length === 0 ? [] : [...this.#moved(draw), ...this.#drawn(draw, truth, date)];
    this.#faults.set(date, faults);
    if (faults.length > 0) this.#files.spoil(date, faults);
    this.#note(date, 1, truth);
    if (draw.chance(late)) this.#files.delay(date, draw.integer(1, 4));
  }

  /** The bank will pay by the file as it stands from now on; unless it stays as it is, a spoilt one may be corrected first, in a second version. */
  toBePaid(date: string, asItIs = false): void {
    if (this.#paid.has(date)) return;
    this.#paid.add(date);
    const faults = this.#faults.get(date) ?? [];
    const known = this.byDate.get(date);
    if (faults.length === 0 || known === undefined) return;
    if (asItIs || !drawFrom(this.#seed, 'correction', date).chance(corrected)) {
      const dropped = this.#dropped.get(date) ?? [];
      this.#left.push(...dropped.map((item) => ({ is: 'moved', from: date, item }) as const));
      return;
    }
    // A correction is of a file that is there.
    this.#files.delay(date, 0);
    this.#files.spoil(
      date,
      faults,
      faults.filter(({ is }) => is === 'moved'),
    );
    this.#note(date, 2, known.truth);
  }

  #note(date: string, version: number, truth: readonly FileLine[]): void {
    const lines = linesOf(this.#files, date);
    const named = new Set(lines.map(({ key }) => key));
    const missed = truth.flatMap(({ key }) => (named.has(key) ? [] : [key]));
    const before = this.byDate.get(date)?.missed ?? [];
    this.byDate.set(date, { date, version, truth, lines, missed: new Set([...before, ...missed]) });
  }

  #moved(draw: Draw): ClearingFault[] {
    const moved = this.#left.filter(() => draw.chance(0.7));
    this.#left = this.#left.filter((one) => !moved.includes(one));
    return moved;
  }

  /** Faults name lines by their place, so what takes a line out comes last, from the back. */
  #drawn(draw: Draw, truth: readonly FileLine[], date: string): ClearingFault[] {
    const places = truth.flatMap(({ kind, amount }, item) => (spoilable.has(kind) && amount >= least ? [item] : []));
    const taken = new Set<number>();
    const pick = (most: number): number[] =>
      Array.from({ length: draw.integer(0, most) }, () => draw.pick(places)).filter((item) => {
        if (taken.has(item)) return false;
        taken.add(item);
        return true;
      });
    if (places.length === 0) return [];
    const amounts = pick(2).map((item): ClearingFault => ({
      is: 'amount',
      item,
      by: draw.pick([-1, 1, 1_000] as const),
    }));
    const fees = pick(1).map((item): ClearingFault => ({ is: 'fee', item, by: draw.pick([3, 7] as const) }));
    const doubles = pick(1)
      .sort((a, b) => b - a)
      .map((item): ClearingFault => ({ is: 'double', item }));
    const drops = pick(2).sort((a, b) => b - a);
    this.#dropped.set(date, drops);
    // A line after a doubled one has moved one place on.
    const shift = (item: number): number =>
      item + doubles.filter((one) => one.is === 'double' && one.item < item).length;
    const invented: ClearingFault[] = draw.chance(0.4)
      ? [{ is: 'invent', merchantId: draw.pick(this.#merchants), amount: draw.integer(1_000, 90_000) }]
      : [];
    const all = [
      ...amounts,
      ...fees,
      ...doubles,
      ...drops.map((item): ClearingFault => ({ is: 'drop', item: shift(item) })),
    ];
    return [...all, ...invented];
  }
}

/** Kinds that the network takes from us. */
const takes: ReadonlySet<string> = new Set(['void', 'completion-void', 'refund']);

function linesOf(files: ClearingFiles, date: string): FileLine[] {
  const text = files.bytesOf(date)?.toString('utf8') ?? '';
  return text.split('\n').flatMap((row) => {
    const [mark, kind = '', transmittedAt = '', stan = '', acquirer = '', ...rest] = row.split('|');
    if (mark !== 'D') return [];
    const [amount = 0, issuerCost = 0, networkCost = 0] = rest.slice(-3).map(Number);
    const net = (takes.has(kind) ? -1 : 1) * (amount - issuerCost - networkCost);
    return [{ kind, key: `${transmittedAt}.${stan}.${acquirer}`, amount, net }];
  });
}
