import { manage } from './manage.ts';
import { reversalMessage, transactionMessage } from './messages.ts';
import {
  isAdvice,
  keyOf,
  pendingAdvices,
  pendingReversals,
  type Item,
  type ItemKind,
  type SentTransaction,
  type TerminalState,
} from './record.ts';
import {
  answered,
  codeOnly,
  entryOf,
  isOutOfStep,
  type Outcome,
  type PresentedCard,
  type Reading,
  type Refusal,
  type SaleRequest,
  type TerminalFault,
} from './outcome.ts';
import { isDone, isDropped } from './habits.ts';
import { sentOf } from './sent.ts';
import { approveOffline, deliverQueue, queueScriptResult, queueSignature } from './store-and-forward.ts';
import { batchFullAt, follows, reasons, rest, type Following, type Transaction } from './transaction.ts';
import { settleBatch, type SettlementOutcome } from './settlement.ts';
import { TerminalCore, type Reply, type TerminalSettings } from './terminal-core.ts';

/** After so many occasions without an answer to a reversal no payment is taken any more (domain 3.2). */
const occasionsBeforeBlock = 3;

/** A smart POS terminal: speaks the terminal profile over TCP and believes only its own record. */
export class Terminal {
  readonly #core: TerminalCore;
  #turn: Promise<unknown> = Promise.resolve();

  constructor(settings: TerminalSettings) {
    this.#core = new TerminalCore(settings);
  }

  /** What the terminal believes; read only. */
  get state(): Readonly<TerminalState> {
    return this.#core.state;
  }

  get terminalId(): string {
    return this.#core.terminal.terminalId;
  }

  /** 0800: new keys, and the batch number when the own batch is empty. */
  signIn(): Promise<Outcome> {
    return this.#inTurn(async () => {
      if (!(await this.#core.reachable())) return { is: 'refused', why: 'no-line' };
      return codeOnly(await this.#core.signIn());
    });
  }

  /** 0820 echo. */
  echo(): Promise<Outcome> {
    return this.#inTurn(() => manage(this.#core, 'echo'));
  }

  /** 0820 sign-off, after everything pending was sent. */
  signOff(): Promise<Outcome> {
    return this.#inTurn(async () => {
      const refusal = await this.#prepare();
      if (refusal !== undefined) return { is: 'refused', why: refusal };
      const outcome = await manage(this.#core, 'sign-off');
      if (outcome.is === 'answered' && outcome.code === '00') this.#core.note({ t: 'signed-off' });
      return outcome;
    });
  }

  sale(request: SaleRequest): Promise<Outcome> {
    return this.#begin('sale', request);
  }

  /** 0100: the issuer holds the amount until it is completed, given back or lapses. */
  preAuth(request: SaleRequest): Promise<Outcome> {
    return this.#begin('pre-auth', request);
  }

  #begin(kind: 'sale' | 'pre-auth', { amount, card, reading = '05', fault, partial }: SaleRequest): Promise<Outcome> {
    const entry = entryOf(reading, card);
    return this.#inTurn(() => this.#transact({ kind, amount, card, entry, original: null, fault, partial }));
  }

  /** Approves a sale by itself, below the floor limit and without PIN; the host hears of it later (domain 3.11). */
  offlineSale(request: SaleRequest): Promise<Outcome> {
    return this.#inTurn(() => Promise.resolve(approveOffline(this.#core, request)));
  }

  /** Queues what the chip made of the issuer's scripts (F55), or the signature of a transaction (F62); false for an unknown key. */
  report(is: 'script-result' | 'signature', key: string, content: Buffer): Promise<boolean> {
    const queue = is === 'signature' ? queueSignature : queueScriptResult;
    return this.#inTurn(() => Promise.resolve(queue(this.#core, key, content)));
  }

  inquiry({ card, reading = '02' }: { readonly card: PresentedCard; readonly reading?: Reading }): Promise<Outcome> {
    const entry = entryOf(reading, card);
    return this.#inTurn(() => this.#transact({ kind: 'inquiry', amount: 0, card, entry, original: null }));
  }

  /** Voids an approved sale of the record, in full; `not-in-record` when there is none of this key. */
  voidSale(key: string, fault?: TerminalFault): Promise<Outcome> {
    return this.#inTurn(() => this.#follow('void', key, undefined, fault));
  }

  /** Gives a hold of the record back, in full. */
  voidPreAuth(key: string, fault?: TerminalFault): Promise<Outcome> {
    return this.#inTurn(() => this.#follow('pre-auth-void', key, undefined, fault));
  }

  /** Completes a hold of the record with an amount (fen): asks first, or tells the host as an advice, sent until it is answered. */
  complete(
    key: string,
    amount: number,
    how: 'request' | 'advice' = 'request',
    fault?: TerminalFault,
  ): Promise<Outcome> {
    const kind = how === 'request' ? 'completion' : 'completion-advice';
    return this.#inTurn(() => this.#follow(kind, key, amount, fault));
  }

  /** Voids a completion of the record, in full; the hold is open again. */
  voidCompletion(key: string, fault?: TerminalFault): Promise<Outcome> {
    return this.#inTurn(() => this.#follow('completion-void', key, undefined, fault));
  }

  /** Refunds a sale or completion of the record, wholly or in part (fen). An advice: sent again until it is answered. */
  refund(key: string, amount: number): Promise<Outcome> {
    return this.#inTurn(() => this.#follow('refund', key, amount));
  }

  /** Compares totals with the host and closes the batch, with an upload where they differ. */
  settle(options: { readonly automatic?: boolean; readonly chipUpload?: boolean } = {}): Promise<SettlementOutcome> {
    return this.#inTurn(() => this.#settle(options));
  }

  /** For drills: the record loses an approved sale, as after a fault of its memory. False when there is none of this key. */
  forget(key: string): boolean {
    const item = this.#core.state.items.get(key);
    if (item?.status !== 'approved') return false;
    this.#core.note({ t: 'forgot', key });
    return true;
  }

  /** For drills: what a proper terminal never does. */
  drill<T>(work: (core: TerminalCore) => Promise<T>): Promise<T> {
    return this.#inTurn(() => work(this.#core));
  }

  /** Waits for what runs, then closes line and record. */
  async close(): Promise<void> {
    await this.#turn.catch(() => undefined);
    this.#core.close();
  }

  /** One thing at a time, as a cashier does it. */
  #inTurn<T>(work: () => Promise<T>): Promise<T> {
    const run = this.#turn.then(work, work);
    this.#turn = run.catch(() => undefined);
    return run;
  }

  /** What comes before every online message: keys, then reversals, then advices, in the order of their sending. */
  async #prepare(): Promise<Refusal | undefined> {
    const core = this.#core;
    if (!(await core.reachable())) return 'no-line';
    if (core.mustSignIn && (await core.signIn()) !== '00') return 'not-signed-in';
    const { date } = core.localTime();
    for (const item of pendingReversals(core.state)) {
      if (isDropped(core.reversals, item, date)) core.note({ t: 'dropped', key: keyOf(item) });
      else await this.#reverse(item);
    }
    const blocked = pendingReversals(core.state).some(({ occasions }) => occasions >= occasionsBeforeBlock);
    if (blocked) return 'reversal-pending';
    for (const item of pendingAdvices(core.state)) await this.#sendAdvice(item);
    return undefined;
  }

  /** New keys; and when the host goes on with another batch, the own one ended there, and its answer was lost: it is settled again. */
  async #inStep(): Promise<boolean> {
    const core = this.#core;
    if ((await core.signIn()) !== '00') return false;
    return core.hostBatch === core.state.batch || (await this.#settle({ automatic: true })).is === 'settled';
  }

  async #settle(options: { readonly automatic?: boolean; readonly chipUpload?: boolean }): Promise<SettlementOutcome> {
    const refusal = await this.#prepare();
    if (refusal !== undefined) return { is: 'not-settled', why: refusal };
    await deliverQueue(this.#core);
    return settleBatch(this.#core, { automatic: options.automatic ?? false, chipUpload: options.chipUpload ?? false });
  }

  /** Out of step (77) it signs in and does it once more; what waits goes out after an online transaction that was answered. */
  async #transact(transaction: Transaction): Promise<Outcome> {
    let outcome = await this.#online(transaction);
    if (isOutOfStep(outcome) && (await this.#inStep())) outcome = await this.#online(transaction);
    if (outcome.is === 'answered') await deliverQueue(this.#core);
    return outcome;
  }

  async #online(transaction: Transaction): Promise<Outcome> {
    const core = this.#core;
    const refusal = await this.#prepare();
    if (refusal !== undefined) return { is: 'refused', why: refusal };
    if (core.state.counted >= batchFullAt && (await this.#settle({ automatic: true })).is !== 'settled') {
      return { is: 'refused', why: 'batch-full' };
    }
    const { card } = transaction;
    const pin = card.pin === undefined ? null : core.pinBlock(card.pin, card.pan);
    const sent = sentOf(core, transaction);
    const request = transactionMessage(core.terminal, sent, card, pin);
    core.note({ t: 'sent', sent });
    if (transaction.fault === 'power-cut') {
      await core.askAndLosePower(request);
      return { is: 'unanswered', item: core.state.items.get(keyOf(sent)) ?? null };
    }
    if (isAdvice(sent.kind)) return this.#outcomeOf(sent, await core.askRepeatedly(request, { mac: true }));
    const began = performance.now();
    const reply = await core.ask(request, { mac: true });
    const { fault } = transaction;
    return fault === undefined ? this.#outcomeOf(sent, reply) : this.#pretend(sent, reply, fault, began);
  }

  #follow(kind: Following, key: string, amount?: number, fault?: TerminalFault): Promise<Outcome> {
    const sale = this.#core.state.items.get(key);
    const fits: readonly ItemKind[] = follows[kind];
    if (sale === undefined || !fits.includes(sale.kind) || sale.status !== 'approved') {
      return Promise.resolve({ is: 'refused', why: 'not-in-record' });
    }
    const card = this.#core.box.open(sale.card);
    const { batch, stan, date, rrn } = sale;
    // The slip of a completion shows the code of its hold when its own answer had none.
    const authCode = sale.authCode === '' ? (sale.original?.authCode ?? '') : sale.authCode;
    const entry = `${sale.entry.slice(0, 2)}2`;
    const original = { batch, stan, date, rrn, authCode };
    return this.#transact({ kind, amount: amount ?? sale.amount, card, entry, original, fault });
  }

  /** Takes a reply into the record. Without one, a sale or void stays undecided and will be reversed. */
  #outcomeOf(sent: SentTransaction, reply: Reply): Outcome {
    const core = this.#core;
    const key = keyOf(sent);
    if (reply.is === 'none') {
      if (reply.because === 'untrusted') core.note({ t: 'doubt', key, reason: 'A0' });
      return { is: 'unanswered', item: core.state.items.get(key) ?? null };
    }
    const { code, fields } = reply;
    core.note({
      t: 'answered',
      key,
      code,
      rrn: fields[37] ?? '',
      authCode: fields[38] ?? '',
      scheme: fields[63]?.slice(0, 3) ?? '',
      clearing: fields[15] ?? '',
      ...(code === '10' && fields[4] !== undefined && { part: Number(fields[4]) }),
    });
    return answered(sent.kind, code, core.state.items.get(key) ?? null, fields);
  }

  async #pretend(sent: SentTransaction, reply: Reply, fault: TerminalFault, began: number): Promise<Outcome> {
    const core = this.#core;
    const key = keyOf(sent);
    if (fault === 'answer-lost') await rest(core.answerTimerMs - (performance.now() - began));
    // A slip that does not print spoils an approval only; a decline is an answer all the same.
    if (fault === 'printer-failed' && reply.is === 'reply' && reply.code !== '00') return this.#outcomeOf(sent, reply);
    core.note({ t: 'doubt', key, reason: reasons[fault] });
    return { is: 'unanswered', item: core.state.items.get(key) ?? null };
  }

  async #reverse(item: Item): Promise<void> {
    const core = this.#core;
    const key = keyOf(item);
    const request = reversalMessage(core.terminal, item, core.box.open(item.card));
    for (let attempt = 0; attempt < core.tries; attempt += 1) {
      const reply = await core.ask(request, { mac: true });
      if (reply.is === 'reply' && isDone(core.reversals, reply.code)) {
        core.note({ t: 'reversed', key, code: reply.code });
        return;
      }
      if (core.mustSignIn && (await core.signIn()) === null) break;
    }
    core.note({ t: 'occasion', key });
  }

  async #sendAdvice(item: Item): Promise<void> {
    const core = this.#core;
    const request = transactionMessage(core.terminal, item, core.box.open(item.card), null);
    this.#outcomeOf(item, await core.askRepeatedly(request, { mac: true }));
  }
}
