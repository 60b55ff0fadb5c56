import type { PaymentFact } from '@tillstream/domain/payment/events';
import type { StoredRecord } from '@tillstream/event-store';
import type { Takeover } from '@tillstream/messaging';
import { entryOf } from '../limits/limit-book.ts';
import type { Desk } from '../desk.ts';
import { isPayingKind, reservationFor, touchedBy, type OperationRow } from './operation-rows.ts';
import { RowFold, type Recollection } from './recollection.ts';

const BATCH = 5_000;
const PAUSE_MS = 250;
/** Longer than any append may be under way: the store gives one up after 5 s. */
const WATCHED_MS = 10_000;

/**
 * Looks after what an old writer stores after the new one has loaded its keys: what it had in flight. It is counted, once, and the
 * operation gets an owner; an intent that passes a limit by it is reported (design 6, *Limits*). Of both writers' facts the rows are
 * followed, but only the other's change limits here: our own did when they were stored.
 */
export class OldWriter {
  /** Resolves when nothing can come any more, or after {@link stop}. Rejects never. */
  readonly ended: Promise<void>;
  readonly #desk: Desk;
  readonly #takeover: Takeover;
  readonly #since: string;
  readonly #rows: RowFold;
  readonly #stop = Promise.withResolvers<void>();
  #after: bigint;
  #stopped = false;

  constructor(desk: Desk, { rows, upTo }: Recollection, takeover: Takeover, since: string) {
    this.#desk = desk;
    this.#takeover = takeover;
    this.#since = since;
    this.#after = upTo;
    this.#rows = new RowFold(desk.platform.pool, new Map(rows));
    this.ended = this.#watch(Date.now() + WATCHED_MS);
  }

  async stop(): Promise<void> {
    this.#stopped = true;
    this.#stop.resolve();
    await this.ended;
  }

  async #watch(until: number): Promise<void> {
    const { log } = this.#desk.platform;
    for (let isLast = false; !this.#stopped && !isLast && this.#takeover.current().size > 0;) {
      // What cannot be read keeps the watch going: nothing is left out because the store was away.
      isLast = Date.now() >= until;
      try {
        await this.#look();
      } catch (error) {
        isLast = false;
        log.warn('what an old writer had in flight cannot be read', { why: (error as Error).message });
      }
      const timer = Promise.withResolvers<void>();
      const cancel = setTimeout(timer.resolve, PAUSE_MS);
      await Promise.race([timer.promise, this.#stop.promise]);
      clearTimeout(cancel);
    }
  }

  async #look(): Promise<void> {
    for (;;) {
      const facts = await this.#desk.platform.store.readAll(this.#after, { nouns: ['payment'], limit: BATCH });
      const last = facts.at(-1);
      if (last === undefined || this.#stopped) return;
      const ours = facts.filter(({ key }) => this.#takeover.concerns(key));
      for (const fact of ours) {
        const before = new Map(this.#of(fact).map((row) => [row.operationId, row]));
        await this.#rows.take([fact]);
        if (!this.#desk.streams.isOwn(fact.id)) this.#took(fact, before);
        this.#after = fact.position;
      }
      this.#after = last.position;
    }
  }

  /** Its operation and what stands on the same payment. */
  #of(fact: StoredRecord): readonly OperationRow[] {
    return touchedBy(fact).flatMap((id) => this.#rows.rows.get(id) ?? []);
  }

  #took(fact: StoredRecord, before: ReadonlyMap<string, OperationRow>): void {
    const { streams, funding, figures, platform } = this.#desk;
    const paymentId = fact.stream.slice('payment-'.length);
    if (!this.#takeover.concerns(fact.key)) return;
    figures.alarm('old-writer');
    platform.log.warn('an old writer stored what it had in flight', { paymentId, type: fact.type });
    streams.forgetOne(paymentId);
    funding.took(fact);
    for (const row of this.#of(fact)) {
      const known = before.get(row.operationId);
      // Of what was not known before only the operation of this very fact is new; the table may know of later ones.
      const isNew = known === undefined && row.operationId === operationIn(fact);
      if (known === row || (known === undefined && !isNew)) continue;
      this.#moved(fact, row, known);
    }
  }

  #moved(fact: StoredRecord, row: OperationRow, known: OperationRow | undefined): void {
    const { limits, index, clearingDay, owner } = this.#desk;
    const { operationId, paymentId, merchantId, authCode } = row;
    const now = reservationFor(row, this.#since);
    if (known === undefined && now !== null) this.#report(fact, now);
    limits.moved(known ? reservationFor(known, this.#since) : null, now);
    if (known === undefined && isPayingKind(row.kind)) index.add(row, fact.position);
    if (authCode !== null && known?.authCode !== authCode) index.addHold({ ...row, authCode }, fact.position);
    clearingDay.seen(row.clearingDate);
    if (row.undecided && !owner.owns(operationId)) owner.own({ paymentId, operationId, merchantId, patient: true });
  }

  /** Asked before it is counted: whether the two writers together gave more than the plan allows. */
  #report({ data }: StoredRecord, reservation: NonNullable<ReturnType<typeof reservationFor>>): void {
    const { registry, settings, limits, figures, platform } = this.#desk;
    const merchant = registry.merchant(reservation.merchantId);
    const { entryMode, generation, operation } = data as Extract<PaymentFact, { type: 'ChannelRequested' }>['data'];
    if (merchant === undefined) return;
    const plan = settings.limits[merchant.merchantType];
    if (limits.allows(plan, { ...reservation, entry: entryOf(entryMode) })) return;
    figures.alarm('limit-passed-at-takeover');
    platform.log.warn('alarm: a limit was passed by what an old writer had in flight', {
      ...{ merchantId: reservation.merchantId, operationId: operation.operationId, generation: generation ?? null },
    });
  }
}

const operationIn = ({ data }: StoredRecord): string | undefined =>
  (data as { readonly operation?: { readonly operationId: string } }).operation?.operationId;
