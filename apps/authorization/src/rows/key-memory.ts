import { addDays } from '@tillstream/domain/calendar/date';
import type { KeyFollower, Takeover } from '@tillstream/messaging';
import { partitionOf } from '@tillstream/messaging';
import { tradeDateNow, type Desk } from '../desk.ts';
import type { OnStored } from '../payments/payment-streams.ts';
import type { Resolver } from '../resolver/resolver.ts';
import { isPayingKind, reservationFor } from './operation-rows.ts';
import { OldWriter } from './old-writer.ts';
import { recollect, type Recollection } from './recollection.ts';
import { remember } from './remember.ts';

type Stored = Parameters<OnStored>;

/** Appends of our own that may wait for the end of a load; beyond it the load is done again. */
const MOST_WAITING = 50_000;

/**
 * What the one writer remembers of its keys (design 6, *Limits*): loaded when a key is taken over, kept up by its own appends,
 * dropped when the key goes. Every payment counts once, whoever stored it and however that fell into the load.
 */
export class KeyMemory implements KeyFollower {
  readonly #desk: Desk;
  readonly #resolver: Resolver;
  readonly #loaded = new Set<number>();
  readonly #oldWriters = new Set<OldWriter>();
  #waiting: Stored[] = [];

  constructor(desk: Desk, resolver: Resolver) {
    this.#desk = desk;
    this.#resolver = resolver;
  }

  /** An append of ours: remembered, or kept until its key is loaded; nothing of a key that is another writer's. */
  stored(...stored: Stored): void {
    const key = stored[3][0]?.key ?? '';
    if (this.#loaded.has(partitionOf(key))) return remember(this.#desk, ...stored);
    if (this.#desk.platform.ownership.holds(key)) this.#waiting.push(stored);
  }

  async taken(takeover: Takeover): Promise<void> {
    const { platform, funding, streams } = this.#desk;
    const concerns = (merchantId: string): boolean => takeover.concerns(merchantId);
    const since = addDays(tradeDateNow(platform), -1);
    // After the generation was raised: what is stored under an older one later is what an old writer had in flight.
    const head = await platform.store.head();
    const recollection = await recollect(platform.pool, platform.store, { since, head, concerns });
    await funding.load(concerns, head);
    if (this.#waiting.length > MOST_WAITING) {
      this.#waiting = [];
      throw new Error('too much was stored while the keys were loaded');
    }
    streams.forget(concerns);
    this.#count(recollection, concerns);
    const partitions = takeover.current();
    for (const partition of partitions) this.#loaded.add(partition);
    this.#rememberWaiting(concerns, head);
    this.#inherit(recollection, takeover);
    if (takeover.othersAtWork) this.#watch(recollection, takeover, since);
  }

  lost(partitions: ReadonlySet<number>): void {
    for (const partition of partitions) this.#loaded.delete(partition);
    const concerns = (merchantId: string): boolean => partitions.has(partitionOf(merchantId));
    this.#forget(concerns);
    this.#resolver.release(concerns);
  }

  /** Ends what looks after old writers. */
  async stop(): Promise<void> {
    await Promise.all([...this.#oldWriters].map((watch) => watch.stop()));
  }

  #forget(concerns: (merchantId: string) => boolean): void {
    const { limits, funding, index, streams } = this.#desk;
    limits.drop(concerns);
    funding.drop(concerns);
    index.drop(concerns);
    streams.forget(concerns);
  }

  /** Into memory at one moment, for the keys that are still ours. */
  #count({ rows, fresh, upTo, parked, newestClearingDate }: Recollection, concerns: (key: string) => boolean): void {
    const { limits, index, clearingDay, platform } = this.#desk;
    const since = addDays(tradeDateNow(platform), -1);
    for (const row of rows.values()) {
      const reservation = concerns(row.merchantId) ? reservationFor(row, since) : null;
      if (reservation !== null) limits.count(reservation);
    }
    const ours = fresh.filter(({ merchantId }) => concerns(merchantId));
    const sales = ours.filter(({ kind }) => isPayingKind(kind));
    const holds = ours.flatMap((row) => (row.authCode === null ? [] : [{ ...row, authCode: row.authCode }]));
    index.load({ sales, holds }, upTo, parked);
    clearingDay.seen(newestClearingDate);
  }

  /** What we stored ourselves while the load was reading, and it has not read. */
  #rememberWaiting(concerns: (key: string) => boolean, head: bigint): void {
    const waiting = this.#waiting;
    this.#waiting = waiting.filter(([, , , facts]) => !concerns(facts[0]?.key ?? ''));
    for (const stored of waiting) {
      const [, , , facts, positions] = stored;
      if (concerns(facts[0]?.key ?? '') && (positions.at(-1) ?? 0n) > head) remember(this.#desk, ...stored);
    }
  }

  #inherit({ rows }: Recollection, { concerns, othersAtWork }: Takeover): void {
    const undecided = [...rows.values()].filter((row) => row.undecided && concerns(row.merchantId));
    this.#resolver.inherit(undecided, othersAtWork);
  }

  #watch(recollection: Recollection, takeover: Takeover, since: string): void {
    const watch = new OldWriter(this.#desk, recollection, takeover, since);
    this.#oldWriters.add(watch);
    void watch.ended.then(() => this.#oldWriters.delete(watch));
  }
}
