import { randomUUID } from 'node:crypto';
import { Test } from '@nestjs/testing';
import type { INestMicroservice } from '@nestjs/common';
import { batchPattern, type BatchAnswer } from '@tillstream/domain/batch/commands';
import { EMPTY_BLOCK } from '@tillstream/domain/batch/totals';
import { approved, card, operation, refundAccepted, refundRequested } from '@tillstream/domain/book/testing/day';
import type { Amounts } from '@tillstream/domain/fact';
import type { OperationRef, PaymentDates } from '@tillstream/domain/payment/events';
import { streamOf } from '@tillstream/domain/stream';
import {
  type PostgresEventStore,
  StoreUnavailable,
  type EventStore,
  type FactWriter,
  type StoredRecord,
} from '@tillstream/event-store';
import { PlatformModule, type FixedBusinessClock, type Platform } from '@tillstream/service-kit';
import { openPlatformBench, type PlatformBench } from '@tillstream/service-kit/testing';
import { fen } from '@tillstream/money';
import { Settlement, SettlementModule, type SettlementOptions } from '../index.ts';
import { ScriptedBank } from './scripted-bank.ts';
import { ScriptedFiles } from './scripted-files.ts';
import { ScriptedLedger } from './scripted-ledger.ts';

export const ACQUIRER = '48021000';
export const MERCHANT = '480290053310001';
export const OTHER = '480290053310002';
export const TERMINAL = '10000001';
/** Monday; Friday before it is 2026-11-20. */
export const MONDAY = '2026-11-23';
export const TUESDAY = '2026-11-24';
export const SAME_DAY: PaymentDates = { tradeDate: MONDAY, clearingDate: MONDAY };

/** One running service. */
export interface Opened {
  readonly settlement: Settlement;
  send(
    pattern: keyof typeof batchPattern,
    message: object,
  ): Promise<BatchAnswer | { readonly kind: 'unknown' | 'not-taken' }>;
  close(): Promise<void>;
}

/** Amounts that are easy to follow: a fee of 0.6 %, costs of 0.45 % and 0.033 %. */
export const priced = (amount: number): Amounts => ({
  amount: fen(amount),
  fee: fen(Math.round(amount * 0.006)),
  issuerCost: fen(Math.round(amount * 0.0045)),
  networkCost: fen(Math.round(amount * 0.00033)),
});

/** Totals of the domestic block. */
export const totals = (debitSum: number, debitCount: number, creditSum = 0, creditCount = 0) => ({
  domestic: { debitSum, debitCount, creditSum, creditCount },
  foreign: EMPTY_BLOCK,
});

/** Waits for something to come true, without a time that a slow machine could miss. */
export async function until(what: string, reached: () => Promise<boolean> | boolean): Promise<void> {
  const deadline = Date.now() + 25_000;
  while (!(await reached())) {
    if (Date.now() > deadline) throw new Error(`it did not come true: ${what}`);
    await new Promise((resolve) => setTimeout(resolve, 10));
  }
}

/** A platform, a bank and a ledger; settlement services come and go on it. */
export class Bench {
  readonly bank = new ScriptedBank();
  readonly files: ScriptedFiles;
  readonly database: PlatformBench['database'];
  readonly store: PostgresEventStore;
  readonly clock: FixedBusinessClock;
  readonly platform: Platform;
  readonly logLines: string[];
  readonly append: PlatformBench['append'];
  readonly ledger: ScriptedLedger;
  readonly #bench: PlatformBench;
  #stan = 0;
  #traces = 0;

  private constructor(bench: PlatformBench) {
    this.#bench = bench;
    this.database = bench.database;
    this.store = bench.store;
    this.clock = bench.business;
    this.platform = bench.platform;
    this.logLines = bench.logLines;
    this.append = bench.append;
    this.ledger = new ScriptedLedger(bench.store);
    this.files = new ScriptedFiles(bench.store, () => this.clock.now().getTime());
  }

  static async open(at?: string): Promise<Bench> {
    const bench = new Bench(await openPlatformBench({ service: 'settlement', ...(at ? { at } : {}) }));
    await bench.bank.open();
    await bench.files.open();
    await bench.ledger.start(bench.platform.feed);
    await bench.registers(MERCHANT, '6230580000000018');
    await bench.registers(OTHER, '6230580000000026');
    return bench;
  }

  /** A merchant with its account in the vault. */
  async registers(merchantId: string, accountNumber: string): Promise<void> {
    const { vault, personKeys } = this.platform;
    const person = `merchant:${merchantId}`;
    const handle = `account.${merchantId}`;
    const sealed = await personKeys.encrypt(person, 'account-number', accountNumber);
    await vault.people.store({ handle, person, field: 'account-number', sealed });
    const rest = { merchantType: 'ENTERPRISE', mcc: '5331', feeClass: 'STANDARD', creditCode: 'X' };
    await this.append(streamOf.merchant(merchantId), merchantId, {
      type: 'MerchantRegistered',
      version: 1,
      data: { merchantId, name: '商店, 有限公司', accountHolder: '商店有限公司', settlementAccount: handle, ...rest },
    });
  }

  operation(kind: 'sale' | 'refund' | 'void', more: Partial<OperationRef> = {}): OperationRef {
    const stan = String((this.#stan += 1)).padStart(6, '0');
    const place = { acquirer: ACQUIRER, merchantId: MERCHANT, terminalId: TERMINAL, batch: '000001', stan };
    return operation(randomUUID(), kind, { ...place, ...more });
  }

  /** An approved sale, with its intent before it. */
  async sale(amount: number, more: Partial<OperationRef> = {}, dates: PaymentDates = SAME_DAY): Promise<OperationRef> {
    const op = this.operation('sale', more);
    const stream = streamOf.payment(op.operationId);
    await this.ask(amount, op, dates.tradeDate);
    await this.append(stream, op.merchantId, approved(priced(amount), dates, op));
    return op;
  }

  /** Where the service finds the channel's files. */
  get sources() {
    return [{ channel: 'unionpay', url: this.files.url, secret: this.files.secret }];
  }

  /** The channel is asked, and nothing more. */
  async ask(amount: number, op: OperationRef, tradeDate: string): Promise<void> {
    const asked = { operation: op, amount: fen(amount), card, entryMode: '051', tradeDate };
    const data = { ...asked, channel: 'unionpay', trace: this.trace() };
    await this.append(streamOf.payment(op.operationId), op.merchantId, { type: 'ChannelRequested', version: 1, data });
  }

  /** A name that the channel knows no other request by. */
  trace(): { transmittedAt: string; stan: string; acquirer: string } {
    return { transmittedAt: '1123100000', stan: String((this.#traces += 1)).padStart(6, '0'), acquirer: ACQUIRER };
  }

  /** A refund that the channel accepts on a clearing date. */
  async refund(
    amount: number,
    clearingDate: string,
    more: Partial<OperationRef> = {},
    dates = SAME_DAY,
  ): Promise<void> {
    const op = this.operation('refund', more);
    const stream = streamOf.payment(op.operationId);
    const asked = refundRequested(priced(amount), dates, clearingDate, op);
    await this.append(stream, op.merchantId, { ...asked, data: { ...asked.data, trace: this.trace() } });
    await this.append(stream, op.merchantId, refundAccepted(priced(amount), dates, clearingDate, op));
  }

  /** What the channel owes for these sales. */
  credit(clearingDate: string, amount: number, channel = 'unionpay'): void {
    this.bank.credits.push({ bankReference: `C-${channel}-${clearingDate}`, channel, clearingDate, amount });
  }

  facts(stream: string): Promise<StoredRecord[]> {
    return this.store.readStream(stream);
  }

  async types(stream: string): Promise<string[]> {
    return (await this.facts(stream)).map(({ type }) => type);
  }

  /** @param diesAfter how many appends succeed; the last one's answer is lost and nothing is appended any more, as after `kill -9`
   * @param life dead from the moment that the spec says so */
  async service(
    options: Partial<SettlementOptions> = {},
    diesAfter = Infinity,
    life: { dead: boolean } = { dead: false },
  ): Promise<Opened> {
    const process = this.#bench.process({
      store: mortal(this.store, diesAfter, life),
      feed: { firstPauseMs: 5, longestPauseMs: 20 },
    });
    const { platform, commandServer } = process;
    const polls = { tickMs: 20, bankPollMs: 20, correctionPollMs: 20 };
    const settings = {
      bank: { url: this.bank.url, secret: this.bank.secret },
      files: this.sources,
      ...polls,
      ...options,
    };
    const module = await Test.createTestingModule({
      imports: [PlatformModule.of(platform), SettlementModule.register(settings)],
    }).compile();
    const app: INestMicroservice = module.createNestMicroservice({ strategy: commandServer, logger: false });
    process.hosts(app);
    await app.listen();
    return {
      settlement: app.get(Settlement),
      send: async (pattern, message) => {
        const bytes = Buffer.from(JSON.stringify(message));
        const { answerBy } = message as { answerBy: number };
        const outcome = await platform.commands.request(batchPattern[pattern], MERCHANT, bytes, answerBy);
        return outcome.kind === 'answer'
          ? (JSON.parse(outcome.payload.toString()) as BatchAnswer)
          : { kind: outcome.kind };
      },
      close: () => process.close(),
    };
  }

  /** A terminal's message with its defaults. */
  message(more: object = {}): object {
    const place = { acquirer: ACQUIRER, merchantId: MERCHANT, terminalId: TERMINAL, batch: '000001' };
    return { ...place, stan: '000900', operator: '001', correlation: 'spec', answerBy: Date.now() + 20_000, ...more };
  }

  async close(): Promise<void> {
    this.ledger.asleep = false;
    await this.#bench.close();
    await this.bank.close();
    await this.files.close();
  }
}

/** The store as a process sees it that is killed right after an append. */
function mortal(store: EventStore, diesAfter: number, life: { dead: boolean }): EventStore {
  let left = diesAfter;
  const writer = (owner: Parameters<EventStore['writer']>[0]): FactWriter => {
    const real = store.writer(owner);
    return {
      owner,
      append: async (...append) => {
        if (left <= 0 || life.dead) throw new StoreUnavailable('the process is dead');
        const known = (await store.readStream(append[0])).some(({ id }) => id === append[2][0]?.id);
        // Only what is new costs a life, so that every life brings the work on.
        if (known) return real.append(...append);
        left -= 1;
        const result = await real.append(...append);
        if (left <= 0) life.dead = true;
        if (life.dead) throw new StoreUnavailable('the process died before it heard the answer');
        return result;
      },
    };
  };
  return new Proxy(store, {
    get: (target, name) => {
      if (name === 'writer') return writer;
      const value: unknown = Reflect.get(target, name, target);
      return typeof value === 'function' ? (value.bind(target) as unknown) : value;
    },
  });
}
