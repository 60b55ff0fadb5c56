import { fen, minus, type Fen } from '@tillstream/money';
import type { Amounts, BusinessDate, Fact, StoredFact } from '../../fact.ts';
import { HOUSE, streamOf } from '../../stream.ts';
import type {
  CardRef,
  OperationKind,
  OperationRef,
  PaymentApproved,
  PaymentDates,
  PaymentFact,
  PaymentReversed,
  PaymentVoided,
  RefundAccepted,
  RefundDeclined,
  RefundRequested,
  ReversalRequested,
  VoidReversed,
} from '../../payment/events.ts';
import type { BookClosed, BookFact, EntryPosted } from '../events.ts';
import { noBook, type BookState } from '../state.ts';
import { takeIn, type LedgerFact } from '../take.ts';

/** Amounts in fen, spelled short: amount, fee, issuer cost, network cost. */
export const priced = (amount: number, fee: number, issuerCost: number, networkCost: number): Amounts => ({
  amount: fen(amount),
  fee: fen(fee),
  issuerCost: fen(issuerCost),
  networkCost: fen(networkCost),
});

export const STORE = '11111111-2222-4333-8444-555555555555';
const CHANNEL = 'unionpay';

export const operation = (id: string, kind: OperationKind, more: Partial<OperationRef> = {}): OperationRef => ({
  operationId: id,
  kind,
  acquirer: '48023310',
  merchantId: 'M1',
  terminalId: '10000001',
  batch: '000001',
  stan: '000001',
  rrn: '632600000001',
  ...more,
});
export const card: CardRef = {
  token: 'tok',
  bin: '620000',
  last4: '0005',
  fingerprint: 'fp-1',
  scheme: 'CUP',
  cardClass: 'CREDIT',
  issuer: '01020000',
};
const plan = { id: 'P', version: 1 };

const fact = <F extends PaymentFact>(type: F['type'], data: F['data']): F => ({ type, version: 1, data }) as F;
const netOf = (a: Amounts): Fen => minus(a.amount, a.fee);

export const approved = (amounts: Amounts, dates: PaymentDates, op = operation('p', 'sale')): PaymentApproved =>
  fact<PaymentApproved>('PaymentApproved', {
    ...amounts,
    ...dates,
    operation: op,
    channel: CHANNEL,
    scheme: 'CUP',
    cardClass: 'CREDIT',
    authCode: '123456',
    feePlan: plan,
    costPlan: plan,
  });
export const voided = (amounts: Amounts, dates: PaymentDates, op = operation('v', 'void')): PaymentVoided =>
  fact<PaymentVoided>('PaymentVoided', {
    ...amounts,
    operation: op,
    channel: CHANNEL,
    scheme: 'CUP',
    authCode: '123456',
    dates,
    clearingDate: dates.clearingDate,
  });
export const refundRequested = (
  returned: Amounts,
  dates: PaymentDates,
  tradeDate: BusinessDate,
  op = operation('r', 'refund'),
): RefundRequested =>
  fact<RefundRequested>('RefundRequested', {
    operation: op,
    amount: returned.amount,
    card,
    entryMode: '051',
    tradeDate,
    channel: CHANNEL,
    trace: { transmittedAt: '1123100000', stan: '000001', acquirer: '48023310' },
    contentHash: 'h',
    hold: netOf(returned),
    returned,
    dates,
    scheme: 'CUP',
  } as RefundRequested['data']);
export const refundAccepted = (
  returned: Amounts,
  dates: PaymentDates,
  clearingDate: BusinessDate,
  op = operation('r', 'refund'),
  release = netOf(returned),
): RefundAccepted =>
  fact<RefundAccepted>('RefundAccepted', {
    ...returned,
    operation: op,
    channel: CHANNEL,
    release,
    dates,
    clearingDate,
    authCode: '',
  } as RefundAccepted['data']);
export const refundDeclined = (returned: Amounts, dates: PaymentDates, op = operation('r', 'refund')): RefundDeclined =>
  fact<RefundDeclined>('RefundDeclined', {
    operation: op,
    amount: returned.amount,
    release: netOf(returned),
    dates,
    responseCode: '14',
  });
export const reversalRequested = (
  amount: Fen,
  hold: Fen,
  dates: PaymentDates | null,
  op = operation('p', 'sale'),
): ReversalRequested =>
  fact<ReversalRequested>('ReversalRequested', {
    operation: op,
    amount,
    by: 'terminal',
    reason: '98',
    hold,
    dates,
    trace: { transmittedAt: '1123100000', stan: '000001', acquirer: '48023310' },
  } as ReversalRequested['data']);
export const reversed = (
  undone: Amounts | null,
  release: Fen,
  dates: PaymentDates | null,
  clearingDate: BusinessDate | null,
  op = operation('p', 'sale'),
): PaymentReversed =>
  fact<PaymentReversed>('PaymentReversed', {
    operation: op,
    amount: undone?.amount ?? fen(1),
    undone,
    release,
    channel: CHANNEL,
    dates,
    clearingDate,
  });
export const voidReversed = (
  restored: Amounts | null,
  release: Fen,
  dates: PaymentDates,
  op = operation('v', 'void'),
): VoidReversed =>
  fact<VoidReversed>('VoidReversed', {
    operation: op,
    amount: restored?.amount ?? fen(1),
    restored,
    release,
    channel: CHANNEL,
    dates,
    clearingDate: dates.clearingDate,
  });

/** A store's order of facts taken into the books of all merchants and the house, as the ledger does it. */
export class Books {
  readonly facts: BookFact[] = [];
  readonly states = new Map<string, BookState>();
  private position = 0n;
  private today: BusinessDate;

  constructor(today: BusinessDate) {
    this.today = today;
  }

  /** The business clock reaches another date. */
  on(today: BusinessDate): this {
    this.today = today;
    return this;
  }

  stateOf(key: string): BookState {
    return this.states.get(key) ?? noBook(key);
  }

  /** Stores a fact under its key, takes it in, gives the book facts that followed. */
  take(
    key: string,
    fact: LedgerFact,
    stream = `payment-${'operation' in fact.data ? fact.data.operation.operationId : 'x'}`,
  ): readonly BookFact[] {
    this.position += 1n;
    return this.redeliver(key, this.stored(key, fact, stream));
  }

  stored(key: string, fact: Fact, stream: string): StoredFact {
    const payment = 'operation' in (fact.data as object);
    return {
      ...fact,
      id: `f${this.position}`,
      stream: payment ? stream : `other-${key}`,
      revision: 0,
      at: `${this.today}T04:00:00.000Z`,
      by: 'service:test',
      causedBy: null,
      correlation: 'c',
      key,
      position: this.position,
    };
  }

  redeliver(key: string, stored: StoredFact): readonly BookFact[] {
    const { facts, state } = takeIn(this.stateOf(key), stored, { store: STORE, date: this.today });
    this.states.set(key, state);
    this.facts.push(...facts);
    return facts;
  }

  endDay(date: BusinessDate, keys: Iterable<string> = [...this.states.keys()]): readonly BookFact[] {
    return [...keys].flatMap((merchantId) =>
      this.take(
        merchantId,
        { type: 'DayEnded', version: 1, data: { merchantId, date } },
        streamOf.settlement(merchantId, date),
      ),
    );
  }

  credit(clearingDate: BusinessDate, amount: Fen): readonly BookFact[] {
    const data = { channel: CHANNEL, clearingDate, amount, bankReference: `B${clearingDate}` };
    return this.take(HOUSE, { type: 'ChannelCredited', version: 1, data });
  }

  due(
    merchantId: string,
    dueDate: BusinessDate,
    through: BusinessDate,
    more: { minimum?: number; accountCorrected?: boolean } = {},
  ): readonly BookFact[] {
    const data = {
      merchantId,
      dueDate,
      through,
      minimum: fen(more.minimum ?? 100),
      ...(more.accountCorrected ? { accountCorrected: true } : {}),
    };
    return this.take(merchantId, { type: 'PayoutDue', version: 1, data });
  }

  confirm(merchantId: string, dueDate: BusinessDate, amount: Fen): readonly BookFact[] {
    const data = { merchantId, dueDate, amount, bankReference: 'B1' };
    return this.take(merchantId, { type: 'PayoutConfirmed', version: 1, data });
  }
}

export const entriesOf = (facts: readonly BookFact[]): EntryPosted['data'][] =>
  facts.flatMap((one) => (one.type === 'EntryPosted' ? [one.data] : []));
export const closeOf = (facts: readonly BookFact[]): BookClosed['data'] => {
  const close = facts.find((one) => one.type === 'BookClosed');
  if (close?.type !== 'BookClosed') throw new Error('no book was closed');
  return close.data;
};
/** An entry as text, `1101 99517, 5001 450 …`, in the order of its lines. */
export const asText = (entry: Pick<EntryPosted['data'], 'lines'> | undefined): string =>
  (entry?.lines ?? []).map(({ account, amount }) => `${account} ${amount}`).join(', ');
