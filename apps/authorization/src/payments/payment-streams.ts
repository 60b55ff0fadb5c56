import { isRefused } from '@tillstream/domain/fact';
import type { PaymentDecision } from '@tillstream/domain/payment/decide';
import type { PaymentFact } from '@tillstream/domain/payment/events';
import { evolvePayment } from '@tillstream/domain/payment/evolve';
import type { PaymentRefusal } from '@tillstream/domain/payment/refusals';
import { newPayment, type PaymentState } from '@tillstream/domain/payment/state';
import { streamOf } from '@tillstream/domain/stream';
import {
  derivedFactId,
  NO_STREAM,
  type EventStore,
  type FactToAppend,
  type FactWriter,
  type StoredRecord,
} from '@tillstream/event-store';
import type { KeyOwnership } from '@tillstream/messaging';
import type { BusinessClock } from '@tillstream/service-kit';
import { BoundedMap } from './bounded-map.ts';
import { SerialWork } from './serial-work.ts';

/** A payment's stream as far as it was read: its state and where it ends. */
export interface PaymentStream {
  readonly state: PaymentState;
  readonly revision: number;
  readonly lastFactId: string | null;
  /** Correlation of the last fact: what the resolver does later belongs to it. */
  readonly correlation: string | null;
  /** The merchant; null of a stream that holds nothing. */
  readonly key: string | null;
}

/** Around the facts of one decision. */
export interface Author {
  /** Actor of the envelope. */
  readonly by: string;
  /** The merchant. */
  readonly key: string;
  /** Undefined: as the stream's last fact. */
  readonly correlation?: string;
  /** The fact that this answers, and the rule by which: ids follow from it, so that doing it twice appends once (design 4). */
  readonly cause?: { readonly factId: string; readonly rule: string };
  /** Of an intent: the writer's generation when it was taken up, because its limits were counted under it. The present one if left out. */
  readonly generation?: number | undefined;
}

/** The key went to another writer, so nothing new may begin here; nothing was stored. */
export class NotTheWriter extends Error {
  override readonly name = 'NotTheWriter';
  constructor() {
    super('the key has another writer now');
  }
}

/** What begins something, and counts against limits or funds: stored by the key's one writer alone, and under its generation. */
const intents: ReadonlySet<string> = new Set([
  'ChannelRequested',
  'AdviceRequested',
  'RefundRequested',
  'ReturnRequested',
]);
/** Own facts remembered, so that what was read of them from the store is known as ours; some seconds of the heaviest load. */
const MOST_OWN = 50_000;

/** What came of a decision: a refusal that stored nothing, or the stream after the facts. */
export type Decided =
  | { readonly refused: PaymentRefusal; readonly state: PaymentState }
  | { readonly facts: readonly PaymentFact[]; readonly state: PaymentState };

/** Told of every append, in the order of the stream. */
export type OnStored = (
  paymentId: string,
  before: PaymentState,
  after: PaymentState,
  facts: readonly FactToAppend[],
  /** Position of each fact. */
  positions: readonly bigint[],
) => void;

const empty: PaymentStream = { state: newPayment, revision: NO_STREAM, lastFactId: null, correlation: null, key: null };

/** So often may somebody else be first before we call it a defect; with one writer a conflict is an exception. */
const mostConflicts = 20;

/** The payments' streams: read once, kept while they are used, decided about one at a time. */
export class PaymentStreams {
  readonly #store: EventStore;
  readonly #writer: FactWriter;
  readonly #clock: BusinessClock;
  readonly #newId: () => string;
  readonly #known: BoundedMap<string, PaymentStream>;
  readonly #serial = new SerialWork();
  readonly #onStored: OnStored;
  readonly #ownership: KeyOwnership;
  readonly #own = new BoundedMap<string, true>(MOST_OWN);
  #turn = 0;

  constructor(needs: {
    readonly store: EventStore;
    readonly clock: BusinessClock;
    readonly newId: () => string;
    readonly capacity: number;
    readonly onStored: OnStored;
    readonly ownership: KeyOwnership;
  }) {
    this.#store = needs.store;
    this.#writer = needs.store.writer('authorization');
    this.#clock = needs.clock;
    this.#newId = needs.newId;
    this.#known = new BoundedMap(needs.capacity);
    this.#onStored = needs.onStored;
    this.#ownership = needs.ownership;
  }

  /** The stream as we know it, without a read; undefined when it has to be read. */
  known(paymentId: string): PaymentStream | undefined {
    return this.#known.get(paymentId);
  }

  /** The stream, read when we do not know it. Rejects when the store cannot be read. */
  async load(paymentId: string): Promise<PaymentStream> {
    const known = this.#known.get(paymentId);
    if (known !== undefined) return known;
    const turn = this.#turn;
    const read = streamFrom(await this.#store.readStream(streamOf.payment(paymentId)));
    // A decision may have been stored meanwhile; the longer history is the newer one.
    const meanwhile = this.#known.get(paymentId);
    if (meanwhile !== undefined && meanwhile.revision >= read.revision) return meanwhile;
    // What was read before its key changed hands may be out of date by now.
    if (read.revision > NO_STREAM && turn === this.#turn) this.#keep(paymentId, read);
    return read;
  }

  /** Forgets the streams of these keys, whose facts another writer may add to. */
  forget(concerns: (key: string) => boolean): void {
    this.#turn += 1;
    this.#known.deleteWhere(({ key }) => key !== null && concerns(key));
  }

  /** Forgets one stream: somebody else has added to it. */
  forgetOne(paymentId: string): void {
    this.#turn += 1;
    this.#known.delete(paymentId);
  }

  /** Whether this fact was appended from here lately. */
  isOwn(factId: string): boolean {
    return this.#own.get(factId) === true;
  }

  /** Only the one writer's copy stays true, so that nobody else keeps one. */
  #keep(paymentId: string, stream: PaymentStream): void {
    if (stream.key !== null && this.#ownership.holds(stream.key)) this.#known.set(paymentId, stream);
    else this.#known.delete(paymentId);
  }

  /** Waits until the stream is longer than `beyondRevision` or the deadline (machine clock, ms); what it is then. */
  async grown(paymentId: string, beyondRevision: number, deadline: number): Promise<PaymentStream | undefined> {
    const more = await this.#store.waitForStream(streamOf.payment(paymentId), beyondRevision, deadline);
    if (more === undefined) return undefined;
    const known = this.#known.get(paymentId);
    if (known !== undefined && known.revision > beyondRevision) return known;
    this.#known.delete(paymentId);
    return this.load(paymentId);
  }

  /**
   * Decides and stores, after every decision about the same payment that was asked for before. Who was not first reads
   * again and decides again. `unread` trusts that a stream we do not know is new: the store says when it is not.
   * Rejects when it is unknown what was stored; the stream is then read anew before anything is decided on it. Rejects with
   * {@link NotTheWriter} when something would begin that is another writer's.
   */
  decide(
    paymentId: string,
    author: Author,
    decider: (state: PaymentState) => PaymentDecision,
    how: { readonly unread?: boolean } = {},
  ): Promise<Decided> {
    return this.#serial.run(paymentId, async () => {
      let stream = this.#known.get(paymentId) ?? (how.unread === true ? empty : await this.load(paymentId));
      for (let turn = 0; turn < mostConflicts; turn += 1) {
        const decision = decider(stream.state);
        if (isRefused(decision)) return { refused: decision.refusal, state: stream.state };
        if (decision.facts.length === 0) return { facts: [], state: stream.state };
        const stored = await this.#append(paymentId, stream, author, decision.facts);
        if (stored !== undefined) return { facts: decision.facts, state: stored.state };
        this.#known.delete(paymentId);
        stream = await this.load(paymentId);
      }
      throw new Error('a payment stream changed again and again while it was decided about');
    });
  }

  async #append(
    paymentId: string,
    stream: PaymentStream,
    author: Author,
    facts: readonly PaymentFact[],
  ): Promise<PaymentStream | undefined> {
    const correlation = author.correlation ?? stream.correlation ?? paymentId;
    const at = this.#clock.now().toISOString();
    const { by, key, cause } = author;
    const causedBy = cause?.factId ?? stream.lastFactId;
    const idOf = (n: number): string => (cause ? derivedFactId(cause.factId, cause.rule, n) : this.#newId());
    const stamped = this.#stamped(facts, author);
    const toAppend = stamped.map((fact, n) => ({ id: idOf(n), fact, at, by, causedBy, correlation, key }));
    const after = stamped.reduce(evolvePayment, stream.state);
    for (const { id } of toAppend) this.#own.set(id, true);
    try {
      const result = await this.#writer.append(streamOf.payment(paymentId), stream.revision, toAppend);
      if (!result.ok) return undefined;
      const lastFactId = toAppend.at(-1)?.id ?? stream.lastFactId;
      const stored = { state: after, revision: result.revision, lastFactId, correlation, key };
      this.#keep(paymentId, stored);
      this.#onStored(paymentId, stream.state, after, toAppend, result.positions);
      return stored;
    } catch (error) {
      this.#known.delete(paymentId);
      throw error;
    }
  }

  /** @throws NotTheWriter for an intent when the key is not ours, or was another's since the intent was taken up. */
  #stamped(facts: readonly PaymentFact[], { key, generation }: Author): readonly PaymentFact[] {
    if (!facts.some(({ type }) => intents.has(type))) return facts;
    const present = this.#ownership.generationOf(key);
    if (!this.#ownership.owns(key) || present === undefined) throw new NotTheWriter();
    if (generation !== undefined && generation !== present) throw new NotTheWriter();
    return facts.map((fact) =>
      intents.has(fact.type) ? ({ ...fact, data: { ...fact.data, generation: present } } as PaymentFact) : fact,
    );
  }
}

/** What stored facts of one payment stream lead to. */
export function streamFrom(records: readonly StoredRecord[]): PaymentStream {
  let state = newPayment;
  for (const { type, version, data } of records) state = evolvePayment(state, { type, version, data } as PaymentFact);
  const last = records.at(-1);
  if (last === undefined) return empty;
  return { state, revision: last.revision, lastFactId: last.id, correlation: last.correlation, key: last.key };
}
