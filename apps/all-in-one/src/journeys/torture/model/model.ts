import { join } from 'node:path';
import type { RealPayout } from '@tillstream/simulator';
import type pg from 'pg';
import { demoMerchants } from '../../../demo/roster.ts';
import type { SpoiltFile } from '../spoilt-files.ts';
import type { Witness } from '../witness.ts';
import type { Broken, Evidence } from './evidence.ts';
import { BankView, NetworkView } from './foreign-view.ts';
import { brokenRules } from './rules.ts';
import { StoreView } from './store-view.ts';

/**
 * The independent model: it remembers what the foreign world saw and holds the store against it. It shares no rule with the product;
 * what a fact means, what a fee is and what is owed are said once more in this folder.
 */
export class Model {
  readonly store = new StoreView();
  readonly #network: NetworkView;
  readonly #bank: BankView;
  readonly #witness: Witness;
  readonly #files: ReadonlyMap<string, SpoiltFile>;
  readonly #plans = new Map(demoMerchants.map(({ merchantId, planId }) => [merchantId, planId]));

  /** @param foreign what the foreign parties really did; their records stand in `simulatorFolder` */
  constructor(
    simulatorFolder: string,
    witness: Witness,
    foreign: { readonly paid: () => readonly RealPayout[]; readonly files: ReadonlyMap<string, SpoiltFile> },
  ) {
    this.#files = foreign.files;
    this.#network = new NetworkView(join(simulatorFolder, 'network.ndjson'));
    this.#bank = new BankView(join(simulatorFolder, 'bank.ndjson'), foreign.paid);
    this.#witness = witness;
  }

  /**
   * Every rule that does not hold now, first the payments' and then the money's. The node has nothing in doubt and nothing left to
   * follow; at the end every batch is settled too, and every day closed and paid.
   */
  async judge(
    pool: pg.Pool,
    { atEnd = false, afterExpiry = false }: { readonly atEnd?: boolean; readonly afterExpiry?: boolean } = {},
  ): Promise<Broken[]> {
    await this.store.read(pool);
    this.#network.read();
    this.#bank.read();
    const evidence: Evidence = {
      witness: this.#witness,
      network: this.#network,
      bank: this.#bank,
      files: this.#files,
      store: this.store,
      plans: this.#plans,
      ...{ atEnd, afterExpiry },
    };
    return brokenRules(evidence);
  }
}
