import type { CardClass, MerchantClass } from '@tillstream/domain/fee/card-class';
import type { RequestKind } from './request.ts';

/** Costs that issuer and network keep of a transaction, in fen. */
export interface Costs {
  readonly issuerCost: number;
  readonly networkCost: number;
}

export const noCosts: Costs = { issuerCost: 0, networkCost: 0 };

/** A request that the network took up and what it answered; no card number, only a digest of it. */
export interface Taken extends Costs {
  readonly key: string;
  readonly is: RequestKind;
  readonly digest: string;
  readonly card: string;
  /** First six and last four digits; journals of before it was kept have none. */
  readonly maskedCard?: string;
  readonly cardClass: CardClass;
  readonly merchantClass: MerchantClass;
  readonly amount: number;
  readonly rrn: string;
  readonly merchantId: string;
  readonly terminalId: string;
  /** `YYYY-MM-DD`. */
  readonly clearing: string;
  readonly code: string;
  readonly authCode: string;
  readonly balance: number | null;
  /** Key of what a void, completion or refund is for. */
  readonly original: string | null;
}

/** What the network writes into its journal. */
export type NetworkEntry =
  | { readonly t: 'taken'; readonly taken: Taken }
  | { readonly t: 'reversed'; readonly key: string }
  | { readonly t: 'tombstone'; readonly key: string }
  | { readonly t: 'closed'; readonly date: string; readonly amount: number };

/** A transaction as it stands now. */
export interface Standing {
  readonly taken: Taken;
  status: 'standing' | 'voided' | 'reversed';
  refunded: number;
  returned: Costs;
  /** Key of the completion that stands on a hold. */
  completedBy: string | null;
}

/** F39 of a yes, in whole or in part. */
export const isYes = (code: string): boolean => code === '00' || code === '10';

/**
 * What the card network knows: every request by its key, the use of every card, and per clearing date the net that it
 * owes the acquirer. Replaying the journal gives the same book.
 */
export class NetworkBook {
  readonly #standing = new Map<string, Standing>();
  readonly #byReference = new Map<string, string>();
  readonly #byDate = new Map<string, Standing[]>();
  readonly #tombstones = new Set<string>();
  readonly #nets = new Map<string, number>();
  readonly #closed = new Map<string, number>();
  readonly #spent = new Map<string, number>();

  find(key: string): Standing | undefined {
    return this.#standing.get(key);
  }

  /** The sale that a merchant knows by this reference number. */
  findByReference(merchantId: string, rrn: string): Standing | undefined {
    const key = this.#byReference.get(`${merchantId}.${rrn}`);
    return key === undefined ? undefined : this.#standing.get(key);
  }

  /** Everything that was taken up on a clearing date, in its order. */
  ofClearingDate(date: string): readonly Standing[] {
    return this.#byDate.get(date) ?? [];
  }

  hasTombstone(key: string): boolean {
    return this.#tombstones.has(key);
  }

  /** Fen that a card has spent, less what came back. */
  spentBy(card: string): number {
    return this.#spent.get(card) ?? 0;
  }

  /** What the network owes the acquirer for a clearing date, fen; negative: the acquirer owes. */
  netOf(date: string): number {
    return this.#nets.get(date) ?? 0;
  }

  /** The net with which a date was closed, undefined while it is open. */
  closedNetOf(date: string): number | undefined {
    return this.#closed.get(date);
  }

  apply(entry: NetworkEntry): void {
    switch (entry.t) {
      case 'taken':
        this.#take(entry.taken);
        return;
      case 'reversed':
        this.#reverse(entry.key);
        return;
      case 'tombstone':
        this.#tombstones.add(entry.key);
        return;
      case 'closed':
        this.#closed.set(entry.date, entry.amount);
    }
  }

  #take(taken: Taken): void {
    const standing: Standing = { taken, status: 'standing', refunded: 0, returned: noCosts, completedBy: null };
    this.#standing.set(taken.key, standing);
    const day = this.#byDate.get(taken.clearing);
    if (day === undefined) this.#byDate.set(taken.clearing, [standing]);
    else day.push(standing);
    if (!isYes(taken.code)) return;
    switch (taken.is) {
      case 'completion':
      case 'sale':
        if (taken.is === 'completion') this.#completed(taken.original, taken.key);
        this.#byReference.set(`${taken.merchantId}.${taken.rrn}`, taken.key);
        this.#move(taken, 1);
        return;
      case 'void':
      case 'completion-void':
        this.#setVoided(taken, true);
        return;
      case 'pre-auth-void':
        this.#setFreed(taken, true);
        return;
      case 'refund':
        this.#refund(taken);
        return;
      case 'pre-auth':
      case 'inquiry':
      case 'unsupported':
    }
  }

  /** Undoes one operation: the money of a sale or completion goes back, what a void undid stands again. */
  #reverse(key: string): void {
    const standing = this.#standing.get(key);
    if (standing === undefined || standing.status !== 'standing') return;
    standing.status = 'reversed';
    const { taken } = standing;
    if (!isYes(taken.code)) return;
    if (taken.is === 'sale' || taken.is === 'completion') this.#move(taken, -1);
    if (taken.is === 'completion') this.#completed(taken.original, null);
    if (taken.is === 'void' || taken.is === 'completion-void') this.#setVoided(taken, false);
    if (taken.is === 'pre-auth-void') this.#setFreed(taken, false);
  }

  #setVoided(taken: Taken, voided: boolean): void {
    const sale = taken.original === null ? undefined : this.#standing.get(taken.original);
    if (sale === undefined) return;
    sale.status = voided ? 'voided' : 'standing';
    this.#move(sale.taken, voided ? -1 : 1);
    if (sale.taken.is === 'completion') this.#completed(sale.taken.original, voided ? null : sale.taken.key);
  }

  #setFreed({ original }: Taken, freed: boolean): void {
    const hold = original === null ? undefined : this.#standing.get(original);
    if (hold !== undefined) hold.status = freed ? 'voided' : 'standing';
  }

  #completed(original: string | null, by: string | null): void {
    const hold = original === null ? undefined : this.#standing.get(original);
    if (hold !== undefined) hold.completedBy = by;
  }

  #refund(taken: Taken): void {
    const sale = taken.original === null ? undefined : this.#standing.get(taken.original);
    if (sale === undefined) return;
    sale.refunded += taken.amount;
    sale.returned = {
      issuerCost: sale.returned.issuerCost + taken.issuerCost,
      networkCost: sale.returned.networkCost + taken.networkCost,
    };
    this.#move(taken, -1);
  }

  #move({ clearing, card, amount, issuerCost, networkCost }: Taken, sign: 1 | -1): void {
    this.#nets.set(clearing, this.netOf(clearing) + sign * (amount - issuerCost - networkCost));
    this.#spent.set(card, this.spentBy(card) + sign * amount);
  }
}
