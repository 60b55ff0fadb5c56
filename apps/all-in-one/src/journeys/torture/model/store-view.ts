import type pg from 'pg';
import { ClearingView } from './clearing-view.ts';
import { HoldView } from './hold-view.ts';
import { approvals, journalOf, meaning, type Standing } from './meaning.ts';
import { PayoutView } from './payout-view.ts';

/*
 * The model's own reading of the store: records as JSON, and what each type of fact means, in a table of its own. Nothing here comes from
 * the product's deciders.
 */

/** A stored fact as JSON. */
export interface Read {
  readonly position: number;
  readonly id: string;
  readonly stream: string;
  readonly type: string;
  readonly data: Record<string, unknown>;
}

/** An operation of a terminal as the facts tell it. */
export interface Operation {
  readonly id: string;
  readonly kind: string;
  /** `<terminal>.<batch>.<stan>`. */
  readonly key: string;
  readonly merchantId: string;
  readonly terminalId: string;
  readonly paymentId: string;
  /** Of the operation itself; a claim that a crash left alone carried another. */
  rrn: string;
  amount: number;
  /** `<F7>.<F11>.<F32>` of its own request to the channel. */
  trace: string | null;
  cardClass: string;
  standing: Standing;
  /** Every standing that it had, in order. */
  readonly past: Standing[];
  /** Facts by which it was approved. */
  approvals: number;
  /** Facts by which an advice was answered 00 before the channel knew of it. */
  promises: number;
  approvedAmount: number;
  /** Fen of the merchant's fee, as the approval says. */
  fee: number;
  /** What of the fee comes back with it (refunds). */
  feeReturned: number;
  /** Of the payment: the channel's clearing date. */
  clearingDate: string | null;
  /** The void that has cancelled what it paid. */
  cancelledBy: string | null;
  /** A void that the clearing file showed to be done. */
  confirmed: boolean;
  /** It goes, or went, back to the payer by a refund of ours. */
  returned: 'no' | 'asked' | 'accepted';
}

/** An entry of a book. */
export interface Entry {
  readonly position: number;
  readonly merchantId: string;
  readonly date: string;
  readonly journal: string;
  readonly cause: string;
  readonly caseId: string | null;
  readonly lines: readonly { readonly account: string; readonly amount: number; readonly clearingDate?: string }[];
}

interface Ref {
  readonly operationId: string;
  readonly kind: string;
  readonly merchantId: string;
  readonly terminalId: string;
  readonly batch: string;
  readonly stan: string;
  readonly rrn: string;
}

const BATCH = 5_000;

/** Everything that the model knows of the store, filled from where it ended the last time. */
export class StoreView {
  readonly operations = new Map<string, Operation>();
  readonly byTrace = new Map<string, Operation>();
  readonly byKey = new Map<string, Operation[]>();
  readonly entries: Entry[] = [];
  /** Id of a fact that moves money → the journal that has to follow from it. */
  readonly owed = new Map<string, string>();
  /** Id of a fact → journals that follow from it. */
  readonly booked = new Map<string, string[]>();
  readonly factIds = new Set<string>();
  readonly payouts = new PayoutView();
  readonly holds = new HoldView();
  /** Payment → what pays the merchant now, or did last. */
  readonly #paying = new Map<string, Operation>();
  readonly credited = new Map<string, number>();
  /** `<terminal>.<batch>` → how the host ended it. */
  readonly batches = new Map<string, 'balanced' | 'reconciled' | 'with differences'>();
  /** `<terminal>.<batch>.<stan>` of what the comparison of a batch found at the host alone. */
  readonly hostOnly = new Set<string>();
  readonly clearing = new ClearingView();
  readonly unknownTypes = new Set<string>();
  position = 0;
  payments = 0;
  /** Marks of batches that were open when their day ended. */
  overdue = 0;

  /** Reads on to the end of the store. */
  async read(pool: pg.Pool): Promise<void> {
    for (;;) {
      const { rows } = await pool.query<{ position: string; record: string }>(
        `select f.position::text, convert_from(f.record, 'UTF8') as record from store.fact f where f.position > $1
          order by f.position limit ${BATCH}`,
        [this.position],
      );
      for (const { position, record } of rows) {
        this.take({ ...(JSON.parse(record) as Omit<Read, 'position'>), position: Number(position) });
      }
      if (rows.length < BATCH) return;
    }
  }

  /** Takes the next fact in. */
  take(fact: Read): void {
    this.position = fact.position;
    this.factIds.add(fact.id);
    if (fact.stream.startsWith('payment-')) return this.#payment(fact);
    if (fact.type === 'EntryPosted') return this.#entry(fact);
    if (fact.stream.startsWith('batch-')) return this.#batch(fact);
    if (fact.stream.startsWith('payout-')) return this.payouts.take(fact);
    if (fact.stream.startsWith('clearing-')) this.clearing.take(fact);
    if (fact.type === 'ChannelCredited')
      this.credited.set(String(fact.data['clearingDate']), Number(fact.data['amount']));
  }

  #batch({ type, data }: Read): void {
    const key = `${String(data['terminalId'])}.${String(data['batch'])}`;
    if (type === 'BatchOverdue') this.overdue += 1;
    if (type === 'BatchBalanced') this.batches.set(key, 'balanced');
    if (type !== 'BatchReconciled') return;
    this.batches.set(key, data['outcome'] === 'SETTLED' ? 'reconciled' : 'with differences');
    for (const { kind, stan } of data['differences'] as readonly { readonly kind: string; readonly stan: string }[])
      if (kind === 'HOST_ONLY') this.hostOnly.add(`${key}.${stan}`);
  }

  #payment(fact: Read): void {
    if (!(fact.type in meaning)) {
      this.unknownTypes.add(fact.type);
      return;
    }
    const operation = this.#operationOf(fact);
    this.holds.take(fact, operation);
    const standing = meaning[fact.type];
    if (standing === undefined) return;
    // A claim and a tombstone are notes beside an operation that stands in the original's stream.
    if (standing !== 'claimed' || operation.past.length === 0) operation.standing = standing;
    operation.past.push(standing);
    this.#note(operation, fact);
  }

  #operationOf({ data, stream }: Read): Operation {
    const ref = (data['operation'] ?? { kind: 'unknown', rrn: '', ...data }) as Ref;
    const known = this.operations.get(ref.operationId);
    if (known !== undefined) return known;
    const operation: Operation = {
      id: ref.operationId,
      kind: ref.kind,
      key: `${ref.terminalId}.${ref.batch}.${ref.stan}`,
      merchantId: ref.merchantId,
      terminalId: ref.terminalId,
      paymentId: (data['originalPaymentId'] as string | undefined) ?? stream.slice('payment-'.length),
      rrn: ref.rrn,
      amount: 0,
      trace: null,
      cardClass: '',
      standing: 'asked',
      past: [],
      approvals: 0,
      promises: 0,
      approvedAmount: 0,
      fee: 0,
      feeReturned: 0,
      clearingDate: null,
      cancelledBy: null,
      confirmed: false,
      returned: 'no',
    };
    this.operations.set(operation.id, operation);
    this.byKey.set(operation.key, [...(this.byKey.get(operation.key) ?? []), operation]);
    return operation;
  }

  #note(operation: Operation, { id, type, data }: Read): void {
    const { trace, card } = data as { trace?: Record<string, string>; card?: { cardClass: string } };
    if (type !== 'OperationLinked') operation.rrn = (data['operation'] as Ref | undefined)?.rrn ?? operation.rrn;
    if (type !== 'ReversalRequested' && trace !== undefined) {
      operation.trace = `${trace['transmittedAt']}.${trace['stan']}.${trace['acquirer']}`;
      this.byTrace.set(operation.trace, operation);
    }
    if (type === 'ChannelRequested' && operation.kind === 'sale') this.payments += 1;
    const returned = this.operations.get(String(data['of']));
    if (returned !== undefined && type === 'ReturnRequested') toldByFile(returned);
    if (returned !== undefined && type === 'ReturnAccepted') returned.returned = 'accepted';
    if (card !== undefined) operation.cardClass = card.cardClass;
    const { amount } = data as { amount?: number };
    if (amount !== undefined && operation.amount === 0) operation.amount = amount;
    if (approvals.has(type)) operation.approvals += 1;
    if (type === 'AdviceRequested') operation.promises += 1;
    if (type === 'PreAuthApproved') operation.approvedAmount = amount ?? 0;
    if (type === 'VoidConfirmed') operation.confirmed = true;
    this.#cancel(operation, type, data);
    if (type === 'PaymentApproved') {
      this.#paying.set(operation.paymentId, operation);
      operation.approvedAmount = amount ?? 0;
      operation.fee = data['fee'] as number;
      operation.clearingDate = data['clearingDate'] as string;
    }
    if (type === 'RefundRequested') operation.feeReturned = (data['returned'] as { fee: number }).fee;
    const journal = journalOf(type, data);
    if (journal !== undefined) this.owed.set(id, journal);
  }

  /** A void takes back what pays at its time; undone, it pays again. */
  #cancel({ id, paymentId }: Operation, type: string, data: Read['data']): void {
    const paying = this.#paying.get(paymentId);
    if (paying === undefined) return;
    if (type === 'PaymentVoided' || (type === 'VoidConfirmed' && data['undone'] !== null)) paying.cancelledBy = id;
    if (type === 'VoidReversed' && data['restored'] !== null && paying.cancelledBy === id) paying.cancelledBy = null;
  }

  #entry(fact: Read): void {
    const { position, data } = fact;
    this.payouts.take(fact);
    const { merchantId, date, journal, cause, caseId = null, lines } = data as unknown as Omit<Entry, 'position'>;
    this.entries.push({ position, merchantId, date, journal, cause, caseId, lines });
    this.booked.set(cause, [...(this.booked.get(cause) ?? []), journal]);
  }
}

/** The file says that the channel has what nobody could tell: it stands there and is on its way back to the payer. */
function toldByFile(operation: Operation): void {
  operation.returned = 'asked';
  if (operation.standing === 'in doubt') operation.standing = 'stuck';
}
