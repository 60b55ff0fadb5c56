import { Problem } from '@tillstream/service-kit';
import type { DataSource } from 'typeorm';
import { type Mark, NothingReported, readRowsAt, type RowView } from '../read/snapshot.ts';

/** Reads for answers: each in one transaction, at one position that the answer names. */
export class Reports {
  readonly #source: DataSource;

  constructor(source: DataSource) {
    this.#source = source;
  }

  /** What `work` reads, with its position. @throws Problem 503 while nothing was taken in */
  async at<T extends object>(work: (view: RowView) => Promise<T>): Promise<{ readonly position: Mark } & T> {
    try {
      return await readRowsAt(this.#source, async (view) => ({ position: view.mark, ...(await work(view)) }));
    } catch (error) {
      if (!(error instanceof NothingReported)) throw error;
      throw new Problem({ status: 503, code: 'not-reported-yet', title: 'Reports have not taken in any fact yet' });
    }
  }
}

/** 404 with a code of its own. */
export const unknown = (noun: string): Problem =>
  new Problem({ status: 404, code: `${noun}-unknown`, title: `There is no such ${noun}` });
