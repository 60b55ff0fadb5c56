import type { Read } from './store-view.ts';

/** What the facts say of one merchant's payouts, fen. */
export interface PayoutSums {
  confirmed: number;
  returned: number;
  /** Paid against the bank's own word, or twice: held since, or booked by two people. */
  excess: number;
  /** Of the excess: held, because nobody has said yet what became of it. */
  held: number;
  /** Of the excess: booked as paid. */
  resolved: number;
}

/** Why nothing may be ordered for a merchant. */
interface Stop {
  readonly why: 'account' | 'contradiction';
  readonly name: string;
}

/** Facts after which nothing more is expected of a payout on its day. */
const answers: ReadonlySet<string> = new Set(['PayoutNotNeeded', 'PayoutConfirmed', 'PayoutRejected']);

/** The payouts as the facts tell. */
export class PayoutView {
  readonly sums = new Map<string, PayoutSums>();
  /** Orders that were made although the merchant's payouts had to stop (domain 4.3). */
  readonly inSpite: string[] = [];
  /** `<merchant> <due date>` of what was said to be due and has no answer. */
  readonly open = new Set<string>();
  readonly #stops = new Map<string, Stop[]>();
  /** Ids of `PayoutDue` that were said while the merchant's payouts had to stop, with the reason. */
  readonly #stopped = new Map<string, string>();

  /** Takes a fact of a payout's stream, or an entry. */
  take({ id, type, data }: Read): void {
    const { merchantId = '', dueDate = '', amount = 0 } = data as Partial<Record<string, string>> & { amount?: number };
    const sums = this.#of(merchantId);
    if (type === 'PayoutDue') this.open.add(`${merchantId} ${dueDate}`);
    if (answers.has(type)) this.open.delete(`${merchantId} ${dueDate}`);
    switch (type) {
      case 'PayoutConfirmed':
        sums.confirmed += amount;
        return;
      case 'PayoutReturned':
        sums.returned += amount;
        return this.#stop(merchantId, { why: 'account', name: `the return of ${dueDate}` });
      case 'PayoutRejected':
        return this.#stop(merchantId, { why: 'account', name: `the rejection of ${dueDate}` });
      case 'PayoutAccountCorrected':
        return this.#goOn(merchantId, ({ why }) => why === 'account');
      case 'PayoutContradicted':
      case 'PayoutContradictionResolved':
        return this.#contradiction(sums, type, data);
      case 'PayoutDue': {
        const [stop] = this.#stops.get(merchantId) ?? [];
        if (stop !== undefined) this.#stopped.set(id, stop.name);
        return;
      }
      case 'EntryPosted': {
        const stop = this.#stopped.get(String(data['cause']));
        if (data['journal'] === 'J6' && stop !== undefined)
          this.inSpite.push(`${merchantId} due ${dueDate} after ${stop}`);
      }
    }
  }

  #of(merchantId: string): PayoutSums {
    const known = this.sums.get(merchantId) ?? { confirmed: 0, returned: 0, excess: 0, held: 0, resolved: 0 };
    this.sums.set(merchantId, known);
    return known;
  }

  #contradiction(sums: PayoutSums, type: string, data: Read['data']): void {
    const { merchantId, dueDate, n, hold, how, outcome } = data as Record<'merchantId' | 'dueDate' | 'how', string> &
      Record<'n' | 'hold', number> & { readonly outcome?: string };
    const name = `contradiction ${n} of ${dueDate}`;
    if (type === 'PayoutContradicted') {
      sums.excess += hold;
      sums.held += hold;
      return this.#stop(merchantId, { why: 'contradiction', name });
    }
    sums.held -= hold;
    if (outcome === 'paid') sums.resolved += hold;
    else sums.excess -= hold;
    this.#goOn(merchantId, (stop) => stop.name === name);
    // The account takes money after all.
    if (outcome === 'paid' && how === 'confirmed-after-rejection')
      this.#goOn(merchantId, (stop) => stop.why === 'account');
  }

  #stop(merchantId: string, stop: Stop): void {
    this.#stops.set(merchantId, [...(this.#stops.get(merchantId) ?? []), stop]);
  }

  #goOn(merchantId: string, over: (stop: Stop) => boolean): void {
    const stops = this.#stops.get(merchantId) ?? [];
    this.#stops.set(
      merchantId,
      stops.filter((stop) => !over(stop)),
    );
  }
}
