import { latestMonthDay } from '@tillstream/domain/calendar/month-day';
import { LIVE_SCHEMA } from '@tillstream/service-kit';
import type { Pool } from 'pg';
import { OPERATION_TABLE } from './operation.model.ts';
import { parkedKeys, positionOf } from './recollection.ts';

/** A sale that a void or refund may name by RRN. */
export interface IndexedSale {
  readonly paymentId: string;
  readonly merchantId: string;
  readonly rrn: string;
  readonly tradeDate: string;
  readonly localDate: string;
}

interface Fresh extends IndexedSale {
  readonly position: bigint;
}

/** What the overlay may hold while the rows lag; beyond it the index answers nothing (design 6). */
const mostFresh = 200_000;

/** Sales by (merchant, RRN, date): the rows, and in memory what the rows do not have yet. */
export class PaymentIndex {
  readonly #pool: Pool;
  readonly #fresh = new Map<string, Fresh[]>();
  #freshCount = 0;
  #loaded = false;
  #parked: ReadonlySet<string> = new Set();

  constructor(pool: Pool) {
    this.#pool = pool;
  }

  /** Starts with what the rows lack. */
  load(fresh: readonly IndexedSale[], position: bigint, parked: ReadonlySet<string>): void {
    for (const sale of fresh) this.add(sale, position);
    this.#parked = parked;
    this.#loaded = true;
  }

  /** Whether an answer, also "there is none", can be given for this merchant. */
  readyFor(merchantId: string): boolean {
    return this.#loaded && this.#freshCount < mostFresh && !this.#parked.has(merchantId);
  }

  /** Adds a sale of ours at the position of its fact. */
  add(sale: IndexedSale, position: bigint): void {
    const key = keyOf(sale);
    const there = this.#fresh.get(key);
    if (there) there.push({ ...sale, position });
    else this.#fresh.set(key, [{ ...sale, position }]);
    this.#freshCount += 1;
  }

  /** Forgets what the rows have by now; to be called every few seconds. */
  async prune(): Promise<void> {
    // The position first: a key that is parked up to it is then among the parked.
    const upTo = await positionOf(this.#pool);
    this.#parked = await parkedKeys(this.#pool);
    for (const [key, sales] of this.#fresh) {
      const rest = sales.filter(({ position, merchantId }) => position > upTo || this.#parked.has(merchantId));
      this.#freshCount -= sales.length - rest.length;
      if (rest.length > 0) this.#fresh.set(key, rest);
      else this.#fresh.delete(key);
    }
  }

  /**
   * The payment that (merchant, RRN) and, when given, MMDD name. A terminal knows the date of its slip, which after the
   * cut-off is not the trade date, so either may match (domain 2.2). Undefined when there is none; rejects when the
   * rows cannot be read.
   */
  async find(merchantId: string, rrn: string, monthDay: string | null, today: string): Promise<string | undefined> {
    const fresh = this.#fresh.get(keyOf({ merchantId, rrn })) ?? [];
    const candidates: IndexedSale[] = fresh.length > 0 ? fresh : await this.#stored(merchantId, rrn);
    if (monthDay === null) return candidates.at(-1)?.paymentId;
    const date = latestMonthDay(monthDay, today);
    return candidates.find((one) => date !== undefined && (one.tradeDate === date || one.localDate === date))
      ?.paymentId;
  }

  async #stored(merchantId: string, rrn: string): Promise<IndexedSale[]> {
    const found = await this.#pool.query<{ payment_id: string; trade_date: string; local_date: string }>(
      `select payment_id, trade_date::text, local_date::text from ${LIVE_SCHEMA}.${OPERATION_TABLE}
       where merchant_id = $1 and rrn = $2 and kind in ('sale', 'offline-sale') order by trade_date`,
      [merchantId, rrn],
    );
    return found.rows.map(({ payment_id: paymentId, trade_date: tradeDate, local_date: localDate }) => ({
      paymentId,
      merchantId,
      rrn,
      tradeDate,
      localDate,
    }));
  }
}

const keyOf = ({ merchantId, rrn }: Pick<IndexedSale, 'merchantId' | 'rrn'>): string => `${merchantId}.${rrn}`;
