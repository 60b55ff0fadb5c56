import { forceRefund, remainingOf } from '@tillstream/domain/payment/decide';
import type { PaymentRefusal } from '@tillstream/domain/payment/refusals';
import type { PaymentState } from '@tillstream/domain/payment/state';
import { ZERO, type Fen } from '@tillstream/money';
import type { Desk } from '../desk.ts';
import { askWriter, writerPattern } from '../writer/ask-writer.ts';

/** What a merchant's refunds may take, fen. */
export interface RefundFunds {
  readonly merchantId: string;
  /** Settleable money less debt. */
  readonly available: Fen;
  /** How far below zero refunds may bring it. */
  readonly debtLine: Fen;
}

/** Two people and the refund that they let pass. */
export interface ForcedRefund {
  /** Largest refund, fen. */
  readonly amount: Fen;
  readonly requestedBy: string;
  readonly approvedBy: string;
  readonly reason: string;
}

/** What came of forcing: nothing new is false; or why not. */
export type Forced = { readonly created: boolean; readonly remaining: Fen } | { readonly refused: PaymentRefusal };

/** What people see of refund funding, and how two of them let a refund pass (domain 3.5). */
export class RefundFunding {
  readonly #desk: Desk;

  constructor(desk: Desk) {
    this.#desk = desk;
  }

  /** Undefined for a merchant that is not registered, and until everything is loaded. */
  of(merchantId: string): RefundFunds | undefined {
    const { funding, registry, settings } = this.#desk;
    const merchant = registry.merchant(merchantId);
    const available = funding.available(merchantId);
    if (merchant === undefined || available === undefined) return undefined;
    return { merchantId, available, debtLine: settings.debtLines[merchant.merchantType] };
  }

  /** As {@link of}, asked of the merchant's writer when that is another instance. Rejects with `StoreUnavailable` when it does not answer. */
  async find(merchantId: string): Promise<RefundFunds | undefined> {
    if (this.#desk.platform.ownership.holds(merchantId)) return this.of(merchantId);
    return (await askWriter<RefundFunds | null>(this.#desk, writerPattern.refundFunds, merchantId, {})) ?? undefined;
  }

  /**
   * Lets the next refund of a payment pass, once, up to an amount; the terminal sends it under a new STAN, because the refused one
   * keeps its answer. One append: killed before it nothing is forced, after it the same request says so again.
   */
  async force(paymentId: string, force: ForcedRefund): Promise<Forced> {
    const { streams } = this.#desk;
    const { state } = await streams.load(paymentId);
    if (state.is !== 'payment') return { refused: 'original-not-found' };
    const merchantId = state.first.ref.merchantId;
    if (!this.#desk.platform.ownership.holds(merchantId))
      return askWriter<Forced>(this.#desk, writerPattern.forceRefund, merchantId, { paymentId, force });
    const author = { by: `operator:${force.approvedBy}`, key: merchantId };
    const decided = await streams.decide(paymentId, author, (now) => forceRefund(now, force));
    if ('refused' in decided) return { refused: decided.refused };
    return { created: decided.facts.length > 0, remaining: remaining(decided.state) };
  }
}

const remaining = (state: PaymentState): Fen => (state.is === 'payment' ? remainingOf(state) : ZERO);
