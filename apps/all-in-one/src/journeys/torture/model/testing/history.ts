import type { FileLine } from '../../spoilt-files.ts';
import { Witness, type Told } from '../../witness.ts';
import type { Broken, Evidence } from '../evidence.ts';
import { BankView, NetworkView, type NetworkOperation } from '../foreign-view.ts';
import { brokenRules } from '../rules.ts';
import { StoreView, type Read } from '../store-view.ts';

/** The merchant of every hand-made history, on a plan of 0.60 %. */
export const MERCHANT = '898310000000001';
/** The one business date, and the one on which it is paid. */
export const DATE = '2026-11-24';
export const DUE = '2026-11-25';
const TERMINAL = '10000001';
const ACQUIRER = '48021000';
/** What issuer and network keep of a payment, fen. */
const COSTS = { issuer: 45, network: 3 };

/** An operation of a hand-made history. */
export interface Made {
  readonly stan: string;
  readonly kind: string;
  /** Fen. */
  readonly amount: number;
  readonly payment: string;
  /** What it undoes, completes or returns. */
  readonly on: Made | null;
}

type Line = readonly [account: string, amount: number];

/** Fen of the merchant's fee. */
export const feeFor = (amount: number): number => Math.round((amount * 6) / 1_000);
/** The network's name of an operation. */
export const traceOf = ({ stan }: Made): string => `1124100000.${stan}.${ACQUIRER}`;
const netThere = (amount: number): number => amount - COSTS.issuer - COSTS.network;

const approvalFacts: Readonly<Record<string, string>> = {
  'pre-auth': 'PreAuthApproved',
  'pre-auth-void': 'PreAuthVoided',
  void: 'PaymentVoided',
  'completion-void': 'PaymentVoided',
};
/** The network's words. */
const there: Readonly<Record<string, string>> = { 'offline-sale': 'sale', 'completion-advice': 'completion' };
const cancels = (kind: string): boolean => kind === 'void' || kind === 'completion-void';
const isPayment = (kind: string): boolean => kind === 'sale' || kind.startsWith('completion');

/** Facts, and what terminals, network and bank saw, written down by hand: what the model's rules are held against. */
export class History {
  readonly network = new NetworkView('by hand');
  readonly bank = new BankView('by hand', () => []);
  readonly store = new StoreView();
  readonly #witness = new Witness();
  readonly #files = new Map<string, NonNullable<ReturnType<Evidence['files']['get']>>>();
  #facts = 0;

  /** Names an operation; nothing is known of it yet. */
  made(stan: string, kind = 'sale', amount = 10_000, on: Made | null = null): Made {
    return { stan, kind, amount, on, payment: on?.payment ?? stan };
  }

  /** Stores a fact; gives its id. */
  fact(stream: string, type: string, data: object): string {
    this.#facts += 1;
    const id = `fact-${this.#facts}`;
    const fact: Read = { position: this.#facts, id, stream, type, data: { ...data } };
    this.store.take(fact);
    return id;
  }

  /** Stores a fact of an operation; gives its id. */
  about(one: Made, type: string, data: object = {}): string {
    const { kind, stan, amount, payment } = one;
    const at = { merchantId: MERCHANT, terminalId: TERMINAL, batch: '000001', stan, rrn: `R${stan}` };
    return this.fact(`payment-${payment}`, type, {
      operation: { operationId: `${kind} ${stan}`, kind, ...at },
      ...{ amount, tradeDate: DATE, clearingDate: DATE },
      ...data,
    });
  }

  /** The intent: it goes to the channel. */
  ask(one: Made, data: object = {}): void {
    this.about(one, 'ChannelRequested', { ...this.#sent(one), ...data });
  }

  /** An advice is durable and answered before the channel knows of it. */
  promise(one: Made): void {
    this.about(one, 'AdviceRequested', this.#sent(one));
  }

  /** The channel has approved it: the fact and, when it moves money, its journal. */
  approve(one: Made, data: object = {}): void {
    const type = approvalFacts[one.kind] ?? 'PaymentApproved';
    const cause = this.about(one, type, { fee: feeFor(one.amount), ...data });
    if (cancels(one.kind)) this.cancel(cause, one.on!);
    else if (type === 'PaymentApproved') this.entry('J1', cause, this.sold(one.amount));
  }

  /** A void or a reversal takes back what was posted. */
  cancel(cause: string, { amount }: Made): void {
    this.entry(
      'J2',
      cause,
      this.sold(amount).map(([account, by]) => [account, -by]),
    );
  }

  /** Lines of J1. */
  sold(amount: number): Line[] {
    const fee = feeFor(amount);
    return [
      ['1101', netThere(amount)],
      ['5001', COSTS.issuer],
      ['5002', COSTS.network],
      ['2001', fee - amount],
      ['4001', -fee],
    ];
  }

  /** A refund that the channel has taken, with the part of the fee that comes back. */
  refund(one: Made, feeBack: number): void {
    this.about(one, 'RefundRequested', { ...this.#sent(one), returned: { fee: feeBack } });
    const cause = this.about(one, 'RefundAccepted');
    this.entry('J3', cause, [
      ['2001', one.amount - feeBack],
      ['4001', feeBack],
      ['1101', -one.amount],
    ]);
    this.taken(one);
    this.told(one, '00');
    this.believes(one, 'approved');
  }

  /** Stores an entry; gives its id. */
  entry(journal: string, cause: string, lines: readonly Line[], data: object = {}): string {
    return this.fact(`book-${MERCHANT}-${DATE}`, 'EntryPosted', {
      ...{ merchantId: MERCHANT, date: DATE, journal, cause, caseId: null },
      lines: lines.map(([account, amount]) => ({ account, amount, clearingDate: DATE })),
      ...data,
    });
  }

  /** The network's record of it. */
  taken(one: Made, more: Partial<NetworkOperation> = {}): void {
    const { kind, stan, amount, on } = one;
    this.network.operations.set(traceOf(one), {
      ...{ key: traceOf(one), is: there[kind] ?? kind, amount, rrn: `R${stan}`, code: '00', reversed: false },
      ...{ merchantId: MERCHANT, terminalId: TERMINAL, clearing: DATE, cardClass: 'CREDIT' },
      ...{ issuerCost: COSTS.issuer, networkCost: COSTS.network, original: on === null ? null : traceOf(on) },
      ...more,
    });
  }

  /** The network has undone it. */
  undoneThere(one: Made): void {
    const known = this.network.operations.get(traceOf(one));
    if (known !== undefined) known.reversed = true;
  }

  /** The terminal was told. */
  told({ kind, stan, amount }: Made, code: string | null, more: Partial<Told> = {}): void {
    this.#witness.told.push({
      ...{ n: this.#witness.told.length, terminalId: TERMINAL, key: `000001.${stan}`, amount, code, rrn: `R${stan}` },
      ...{ kind: kind as Told['kind'], originalRrn: null, repliedAmount: null, ...more },
    });
  }

  /** The terminal's own record. */
  believes(
    { kind, stan, amount }: Made,
    status: 'approved' | 'declined' | 'reversed' | 'dropped' | 'sent',
    voided = false,
  ): void {
    this.#witness.beliefs.set(`${TERMINAL}.000001.${stan}`, {
      ...{ kind: kind as Told['kind'] & 'sale', amount, status, code: '00', voided },
      ...{ batch: '000001', stan, rrn: `R${stan}` },
    });
  }

  /** Asked, approved, told and believed: everybody agrees. */
  done(stan: string, kind = 'sale', amount = 10_000, on: Made | null = null): Made {
    const one = this.made(stan, kind, amount, on);
    this.ask(one);
    this.approve(one);
    this.taken(one);
    this.told(one, '00');
    this.believes(one, 'approved');
    if (on !== null && kind.endsWith('void')) this.believes(on, 'approved', true);
    return one;
  }

  /** Undone here and there by an 0400 of its terminal. */
  undo(one: Made): void {
    this.about(one, 'ReversalRequested');
    const isBooked = isPayment(one.kind);
    const cause = this.about(one, 'PaymentReversed', { undone: isBooked ? {} : null });
    if (isBooked) this.cancel(cause, one);
    this.undoneThere(one);
    this.told({ ...one, kind: 'reversal' }, '00');
    this.believes(one, 'reversed');
  }

  /** The network's own lines of the day. */
  truth(): FileLine[] {
    return [...this.network.operations.values()]
      .filter((one) => this.network.stands(one) && isPayment(one.is))
      .map(({ is, key, amount }) => ({ kind: is, key, amount, net: netThere(amount) }));
  }

  /** The network's file of the day is compared, whatever it says. */
  file(lines: readonly FileLine[] = this.truth(), version = 1): void {
    const truth = this.truth();
    const named = new Set(lines.map(({ key }) => key));
    const missed = new Set(truth.flatMap(({ key }) => (named.has(key) ? [] : [key])));
    this.#files.set(DATE, { date: DATE, version, truth, lines, missed });
  }

  /** The node has compared it. */
  compare(version = 1): void {
    this.fact(`clearing-${DATE}`, 'ClearingFileReconciled', { clearingDate: DATE, version });
  }

  /** A difference is found: the case, and what it moves. */
  differs(outcome: string, key: string, move: { readonly receivable: number; readonly hold?: number }): string {
    const [transmittedAt = '', stan = '', acquirer = ''] = key.split('.');
    return this.fact(`clearing-${DATE}`, 'ClearingDifferenceFound', {
      ...{ caseId: `case ${outcome} ${stan}`, merchantId: MERCHANT, clearingDate: DATE, outcome },
      trace: { transmittedAt, stan, acquirer },
      move: { issuerCost: 0, networkCost: 0, hold: 0, ...move },
    });
  }

  /** The entries of a short item (J11). */
  short(cause: string, { stan, amount }: Made): void {
    const net = netThere(amount);
    const caseId = `case SHORT ${stan}`;
    this.entry('J11', cause, [['1191', net], ['1101', -net]], { caseId }); // prettier-ignore
    this.entry('J11-top-up', cause, [['1002', net], ['1001', -net]], { caseId }); // prettier-ignore
    const hold = amount - feeFor(amount);
    this.entry('J12', cause, [['2001', hold], ['2003', -hold]], { caseId }); // prettier-ignore
  }

  /** The bank has paid by the file, and the books know it. */
  credited(): void {
    const net = this.#files.get(DATE)?.lines.reduce((sum, line) => sum + line.net, 0) ?? 0;
    this.bank.credits.set(DATE, net);
    const cause = this.fact(`channel-money-${DATE}`, 'ChannelCredited', { clearingDate: DATE, amount: net });
    this.entry('J5', cause, [['1002', net], ['1101', -net]]); // prettier-ignore
  }

  /** A payout is due and ordered from what the books have. */
  order(amount: number, dueDate = DUE): void {
    const cause = this.payout('PayoutDue', { amount, dueDate });
    this.entry('J6', cause, [['2001', amount], ['2002', -amount]], { dueDate }); // prettier-ignore
  }

  /** A fact of a payout. */
  payout(type: string, data: object): string {
    return this.fact(`payout-${MERCHANT}`, type, { merchantId: MERCHANT, dueDate: DUE, ...data });
  }

  /** The bank's word that it was paid, and its journal. */
  confirm(amount: number): void {
    const cause = this.payout('PayoutConfirmed', { amount });
    this.entry('J6', cause, [['2002', amount], ['1002', -amount]]); // prettier-ignore
  }

  /** What the bank really does. */
  pays(amount: number, { times = 1, returned = false, attempt = 1 } = {}): void {
    const reference = `${MERCHANT}.${DUE.replaceAll('-', '')}.${attempt}`;
    this.bank.paid = [...this.bank.paid, { reference, amount, times: times as 0 | 1 | 2, returned }];
  }

  /** The rules that this history breaks, each once, by name. */
  broken(when: { readonly atEnd?: boolean; readonly afterExpiry?: boolean } = {}): string[] {
    return [...new Set(this.judged(when).map(({ rule }) => rule))];
  }

  /** What is broken, in full. */
  judged({ atEnd = false, afterExpiry = false } = {}): Broken[] {
    return brokenRules({
      ...{ witness: this.#witness, network: this.network, bank: this.bank, store: this.store },
      ...{ files: this.#files, plans: new Map([[MERCHANT, 'flat-060']]), atEnd, afterExpiry },
    });
  }

  #sent({ stan }: Made): object {
    return {
      trace: { transmittedAt: '1124100000', stan, acquirer: ACQUIRER },
      card: { cardClass: 'CREDIT' },
    };
  }
}
