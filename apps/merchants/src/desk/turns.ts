import { Problem } from '@tillstream/service-kit';

/** Work one after the other, in the order of asking, with a bound on how much may wait. */
export class Turns {
  readonly #mostWaiting: number;
  #waiting = 0;
  #last: Promise<unknown> = Promise.resolve();

  constructor(mostWaiting: number) {
    this.#mostWaiting = mostWaiting;
  }

  /** What the work gives. Rejects with problem `busy` (503), and does nothing, when too many wait already. */
  async take<T>(work: () => Promise<T>): Promise<T> {
    if (this.#waiting >= this.#mostWaiting) {
      throw new Problem({ status: 503, code: 'busy', title: 'Too many registrations wait already; try again' });
    }
    this.#waiting += 1;
    const mine = this.#last.then(work).finally(() => (this.#waiting -= 1));
    this.#last = mine.catch(() => undefined);
    return mine;
  }
}
