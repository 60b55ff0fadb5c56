import type { CarriedFact, Place, Places } from './partition-progress.ts';

/** What is taken in next: facts of many partitions, and how far each of these has been looked through with them. */
export interface Gathered {
  readonly facts: readonly CarriedFact[];
  readonly places: Places;
}

/** Bounds of what waits. */
export interface GatheringLimits {
  readonly facts: number;
  readonly bytes: number;
}

/**
 * Facts of many partitions on their way into one transaction: while one batch is in work the next one gathers, and whoever brings more than
 * fits waits. Facts and the place that follows on them are always drained together.
 */
export class Gathering {
  readonly #limits: GatheringLimits;
  #facts: CarriedFact[] = [];
  #bytes = 0;
  #places = new Map<number, Place>();
  /** Raised by `clear`: who still brings something for before brings nothing. */
  #turn = 0;
  #changed = Promise.withResolvers<void>();

  constructor(limits: GatheringLimits) {
    this.#limits = limits;
  }

  /** The turn for which something may be brought now. */
  get turn(): number {
    return this.#turn;
  }

  get isEmpty(): boolean {
    return this.#facts.length === 0 && this.#places.size === 0;
  }

  /** Brings facts of a partition, in order, and the place behind them; resolves when they are in, or false when their turn is over. */
  async add(turn: number, partition: number, facts: readonly CarriedFact[], place: Place): Promise<boolean> {
    let from = 0;
    do {
      while (turn === this.#turn && from < facts.length && this.#isFull()) await this.#changed.promise;
      if (turn !== this.#turn) return false;
      while (from < facts.length && !this.#isFull()) {
        const fact = facts[from] as CarriedFact;
        this.#facts.push(fact);
        this.#bytes += fact.record.length;
        from += 1;
      }
      const last = facts[from - 1];
      if (from === facts.length) this.#places.set(partition, place);
      else if (last !== undefined)
        this.#places.set(partition, { position: last.position, offset: last.nextOffset ?? place.offset });
      this.#wake();
    } while (from < facts.length);
    return true;
  }

  /** Resolves when something is there, was cleared, or after `ms`. */
  async something(ms: number): Promise<void> {
    if (!this.isEmpty) return;
    let timer: NodeJS.Timeout | undefined;
    const late = new Promise<void>((resolve) => (timer = setTimeout(resolve, ms)));
    await Promise.race([this.#changed.promise, late]);
    clearTimeout(timer);
  }

  /** Everything that is there, facts in the order of the store; makes room. */
  drain(): Gathered {
    const facts = this.#facts.sort((a, b) => (a.position < b.position ? -1 : 1));
    const gathered = { facts, places: this.#places };
    this.#facts = [];
    this.#bytes = 0;
    this.#places = new Map();
    this.#wake();
    return gathered;
  }

  /** Forgets everything and turns away whoever waits; a new turn begins. */
  clear(): void {
    this.#turn += 1;
    this.drain();
  }

  #isFull(): boolean {
    return this.#facts.length >= this.#limits.facts || this.#bytes >= this.#limits.bytes;
  }

  #wake(): void {
    this.#changed.resolve();
    this.#changed = Promise.withResolvers<void>();
  }
}
