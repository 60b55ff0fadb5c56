import { latestMonthDay } from '@tillstream/domain/calendar/month-day';
import type { KeyOwnership } from '@tillstream/messaging';
import { LIVE_SCHEMA } from '@tillstream/service-kit';
import type { Pool } from 'pg';
import { FreshIndex, type Place } from './fresh-index.ts';
import { OPERATION_TABLE } from './operation.model.ts';
import { parkedKeys, positionOf } from './recollection.ts';

/** A sale or completion that a void or refund may name by RRN. */
export interface IndexedSale extends Place {
  readonly rrn: string;
}
/** An approved pre-authorisation that a completion or void may name by its authorisation code and card. */
export interface IndexedHold extends Place {
  /** F38. */
  readonly authCode: string;
  /** Keyed fingerprint of the card. */
  readonly fingerprint: string;
}

/** What the overlay may hold while the rows lag; beyond it the index answers nothing (design 6). */
const mostFresh = 200_000;

/** Originals by (merchant, RRN, date) and by (merchant, authorisation code, date, card): the rows, and in memory what they lack. */
export class PaymentIndex {
  readonly #pool: Pool;
  readonly #sales = new FreshIndex();
  readonly #holds = new FreshIndex();
  readonly #ownership: Pick<KeyOwnership, 'ready'>;
  #parked: ReadonlySet<string> = new Set();

  constructor(pool: Pool, ownership: Pick<KeyOwnership, 'ready'>) {
    this.#pool = pool;
    this.#ownership = ownership;
  }

  /** Takes in what the rows lack about keys that were taken over. */
  load(
    fresh: { readonly sales: readonly IndexedSale[]; readonly holds: readonly IndexedHold[] },
    position: bigint,
    parked: ReadonlySet<string>,
  ): void {
    for (const sale of fresh.sales) this.add(sale, position);
    for (const hold of fresh.holds) this.addHold(hold, position);
    this.#parked = parked;
  }

  /** Forgets what it holds of these merchants: another process is their writer. */
  drop(concerns: (merchantId: string) => boolean): void {
    this.#sales.drop(concerns);
    this.#holds.drop(concerns);
  }

  /** Whether an answer, also "there is none", can be given for this merchant. */
  readyFor(merchantId: string): boolean {
    const isBounded = this.#sales.count + this.#holds.count < mostFresh;
    return isBounded && this.#ownership.ready(merchantId) && !this.#parked.has(merchantId);
  }

  /** Adds a sale or completion of ours at the position of its fact. */
  add(sale: IndexedSale, position: bigint): void {
    this.#sales.add(saleKey(sale), sale, position);
  }

  /** Adds an approved pre-authorisation of ours at the position of its fact. */
  addHold(hold: IndexedHold, position: bigint): void {
    this.#holds.add(holdKey(hold), hold, position);
  }

  /** Forgets what the rows have by now; to be called every few seconds. */
  async prune(): Promise<void> {
    // The position first: a key that is parked up to it is then among the parked.
    const upTo = await positionOf(this.#pool);
    this.#parked = await parkedKeys(this.#pool);
    this.#sales.prune(upTo, this.#parked);
    this.#holds.prune(upTo, this.#parked);
  }

  /**
   * The payment that (merchant, RRN) and, when given, MMDD name. Undefined when there is none; rejects when the rows cannot
   * be read.
   */
  async find(merchantId: string, rrn: string, monthDay: string | null, today: string): Promise<string | undefined> {
    const fresh = this.#sales.find(saleKey({ merchantId, rrn }));
    const candidates =
      fresh.length > 0
        ? fresh
        : await this.#stored(merchantId, `rrn = $2 and kind = any($3::text[])`, [rrn, PAYING_KINDS]);
    if (monthDay === null) return candidates.at(-1)?.paymentId;
    return candidates.find(datedBy(monthDay, today))?.paymentId;
  }

  /**
   * The pre-authorisations that (merchant, authorisation code, card) and, when given, MMDD name, whatever became of them; the
   * issuer may use a code again. Rejects when the rows cannot be read.
   */
  async findHolds(
    hold: Pick<IndexedHold, 'merchantId' | 'authCode' | 'fingerprint'>,
    monthDay: string | null,
    today: string,
  ): Promise<readonly string[]> {
    const { merchantId, authCode, fingerprint } = hold;
    const stored = await this.#stored(merchantId, 'auth_code = $2 and fingerprint = $3', [authCode, fingerprint]);
    const all = [...stored, ...this.#holds.find(holdKey(hold))];
    const named = monthDay === null ? all : all.filter(datedBy(monthDay, today));
    return [...new Set(named.map(({ paymentId }) => paymentId))];
  }

  /** Holds that stand open with clearing dates before this one, the oldest first. Rejects when the rows cannot be read. */
  async openHolds(
    before: string,
    most: number,
  ): Promise<readonly { readonly paymentId: string; readonly merchantId: string }[]> {
    const found = await this.#pool.query<{ payment_id: string; merchant_id: string }>(
      `select payment_id, merchant_id from ${LIVE_SCHEMA}.${OPERATION_TABLE}
       where open and clearing_date < $1 order by clearing_date, operation_id limit $2`,
      [before, most],
    );
    return found.rows.map(({ payment_id: paymentId, merchant_id: merchantId }) => ({ paymentId, merchantId }));
  }

  async #stored(merchantId: string, condition: string, values: readonly unknown[]): Promise<Place[]> {
    const found = await this.#pool.query<{ payment_id: string; trade_date: string; local_date: string }>(
      `select payment_id, trade_date::text, local_date::text from ${LIVE_SCHEMA}.${OPERATION_TABLE}
       where merchant_id = $1 and ${condition} order by trade_date`,
      [merchantId, ...values],
    );
    return found.rows.map(({ payment_id: paymentId, trade_date: tradeDate, local_date: localDate }) => ({
      ...{ paymentId, merchantId, tradeDate, localDate },
    }));
  }
}

const PAYING_KINDS = ['sale', 'offline-sale', 'completion', 'completion-advice'];

/** A terminal knows the date of its slip, which after the cut-off is not the trade date, so either may match (domain 2.2). */
function datedBy(monthDay: string, today: string): (place: Place) => boolean {
  const date = latestMonthDay(monthDay, today);
  return ({ tradeDate, localDate }) => date !== undefined && (tradeDate === date || localDate === date);
}

const saleKey = ({ merchantId, rrn }: Pick<IndexedSale, 'merchantId' | 'rrn'>): string => `${merchantId}.${rrn}`;
const holdKey = ({ merchantId, authCode, fingerprint }: Pick<IndexedHold, 'merchantId' | 'authCode' | 'fingerprint'>) =>
  `${merchantId}.${authCode}.${fingerprint}`;
