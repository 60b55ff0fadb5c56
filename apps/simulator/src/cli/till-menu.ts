import { join } from 'node:path';
import type { Interface } from 'node:readline';
import { maskPan } from '@tillstream/crypto';
import { BINS, passesLuhn } from '@tillstream/domain/payment/bins';
import { responseCode } from '@tillstream/iso8583';
import { fen, formatYuanGrouped, parseYuan } from '@tillstream/money';
import { drawCard, testExpiry, testPin } from '../cards/test-cards.ts';
import { drawFrom } from '../plan/random.ts';
import { listed, menu, refusals } from './till-texts.ts';
import type { Address, SimulatedTerminal } from '../protocol.ts';
import type { Outcome, PresentedCard, SaleRequest } from '../terminal/outcome.ts';
import { settlementSlip, slipOf } from '../terminal/receipt.ts';
import { keyOf, pendingReversals, type Item, type ItemKind } from '../terminal/record.ts';
import { Terminal } from '../terminal/terminal.ts';
import { totalsOf } from '../terminal/totals.ts';

/** What the terminal in the shell is made of. */
export interface TillSettings {
  readonly terminal: SimulatedTerminal;
  readonly gateway: Address;
  readonly stateDir: string;
  readonly answerTimerMs: number;
  readonly lines: Interface;
  readonly print: (text: string) => void;
}

const isOpenHold = (item: Item): boolean => !item.voided && !item.completed;

/** The numbered menu of a terminal in the shell. Ends with 0 or the end of the input. */
export class TillMenu {
  readonly #settings: TillSettings;
  readonly #terminal: Terminal;
  readonly #cards: readonly (readonly [string, string])[];
  readonly #typed: string[] = [];
  #waiting: ((line: string | undefined) => void) | undefined;
  #ended = false;

  constructor(settings: TillSettings) {
    this.#settings = settings;
    const { terminal, gateway, answerTimerMs, stateDir } = settings;
    const journalPath = join(stateDir, `${terminal.acquirer}.${terminal.terminalId}.ndjson`);
    this.#terminal = new Terminal({
      terminal,
      gateway,
      answerTimerMs,
      journalPath,
      now: Date.now,
      followHostClock: true,
      durability: 'power',
    });
    const draw = drawFrom('till', terminal.terminalId);
    this.#cards = [
      ...BINS.map((bin) => [`${bin.scheme} ${bin.cardClass}`, drawCard(bin, { is: 'approve' }, draw)] as const),
      ...listed.slice(1).map(([name, wish]) => [name, drawCard(BINS[0]!, wish, draw)] as const),
    ];
  }

  async run(): Promise<void> {
    const { terminal, gateway, lines, print } = this.#settings;
    const { merchantName, merchantId, terminalId } = terminal;
    print(`${merchantName}  商户 ${merchantId}  终端 ${terminalId}  →  ${gateway.host}:${gateway.port}`);
    this.#listen();
    try {
      for (;;) {
        print(menu);
        const choice = await this.#ask('> ');
        if (choice === undefined || choice === '0') break;
        await this.#choose(choice);
      }
    } finally {
      await this.#terminal.close();
      lines.close();
    }
  }

  async #choose(choice: string): Promise<void> {
    const { print } = this.#settings;
    try {
      switch (choice) {
        case '1':
          return this.#say(await this.#terminal.signIn());
        case '2':
          return await this.#sale();
        case '3':
          return await this.#balance();
        case '4':
          return await this.#void();
        case '5':
          return await this.#refund();
        case '6':
          return await this.#settle();
        case '7':
          return this.#reprint();
        case '8':
          return this.#totals();
        case '9':
          return this.#say(await this.#terminal.signOff());
        case '10':
          return await this.#preAuth();
        case '11':
          return await this.#complete();
        case '12':
          return await this.#voidPreAuth();
        case '13':
          return await this.#voidCompletion();
        default:
          print('请选择 0 至 13: choose 0 to 13');
      }
    } catch (error) {
      print(error instanceof Error ? error.message : 'unknown error');
    }
  }

  async #sale(): Promise<void> {
    const asked = await this.#amountAndCard();
    if (asked) this.#say(await this.#terminal.sale(asked));
  }

  async #preAuth(): Promise<void> {
    const asked = await this.#amountAndCard();
    if (asked) this.#say(await this.#terminal.preAuth(asked));
  }

  async #complete(): Promise<void> {
    const hold = await this.#pick(isOpenHold, 'pre-auth');
    const amount = hold && (await this.#amount('完成金额 completed (yuan): '));
    if (hold !== undefined && amount !== undefined) this.#say(await this.#terminal.complete(keyOf(hold), amount));
  }

  async #voidPreAuth(): Promise<void> {
    const hold = await this.#pick(isOpenHold, 'pre-auth');
    if (hold !== undefined) this.#say(await this.#terminal.voidPreAuth(keyOf(hold)));
  }

  async #voidCompletion(): Promise<void> {
    const completion = await this.#pick(this.#isVoidable, 'completion');
    if (completion !== undefined) this.#say(await this.#terminal.voidCompletion(keyOf(completion)));
  }

  /** 60.6: this terminal takes an approval over a part. */
  async #amountAndCard(): Promise<SaleRequest | undefined> {
    const amount = await this.#amount('金额 amount (yuan): ');
    const card = amount === undefined ? undefined : await this.#card();
    if (amount === undefined || card === undefined) return undefined;
    return { amount, card, reading: '05', partial: true };
  }

  readonly #isVoidable = (item: Item): boolean =>
    item.batch === this.#terminal.state.batch && !item.voided && item.refunded === 0;

  async #balance(): Promise<void> {
    const card = await this.#card();
    if (card !== undefined) this.#say(await this.#terminal.inquiry({ card }));
  }

  async #void(): Promise<void> {
    const sale = await this.#pick(this.#isVoidable);
    if (sale !== undefined) this.#say(await this.#terminal.voidSale(keyOf(sale)));
  }

  async #refund(): Promise<void> {
    const sale = await this.#pick((item) => !item.voided && item.refunded < item.amount);
    const amount = sale === undefined ? undefined : await this.#amount('退货金额 refund (yuan): ');
    if (sale !== undefined && amount !== undefined) this.#say(await this.#terminal.refund(keyOf(sale), amount));
  }

  async #settle(): Promise<void> {
    const { print, terminal } = this.#settings;
    const outcome = await this.#terminal.settle();
    if (outcome.is === 'settled') print(settlementSlip(terminal, outcome.report).join('\n'));
    else print(`结算未完成 not settled: ${outcome.why}`);
  }

  #reprint(): void {
    const { print } = this.#settings;
    const last = [...this.#terminal.state.items.values()]
      .filter(({ kind, status }) => kind !== 'inquiry' && status === 'approved')
      .at(-1);
    if (last === undefined) print('没有可打印的凭条 nothing to print');
    else this.#slip(last, true);
  }

  #totals(): void {
    const { state } = this.#terminal;
    const totals = totalsOf(state, state.batch);
    const line = (name: string, sums: (typeof totals)['domestic']): string =>
      `${name}: ${sums.debitCount} × ${formatYuanGrouped(fen(sums.debitSum))} / ${sums.creditCount} × ${formatYuanGrouped(fen(sums.creditSum))}`;
    const pending = pendingReversals(state).length;
    this.#settings.print(
      [
        `批次 batch ${state.batch}`,
        line('内卡 domestic', totals.domestic),
        line('外卡 foreign', totals.foreign),
        `待冲正 pending reversals: ${pending}`,
      ].join('\n'),
    );
  }

  #say(outcome: Outcome): void {
    const { print } = this.#settings;
    if (outcome.is === 'refused') return print(refusals[outcome.why]);
    if (outcome.is === 'unanswered')
      return print('交易结果未知, 请勿重复收款 no answer: it will be undone before the next transaction');
    const { zh, en } = responseCode(outcome.code);
    print(`${outcome.code} ${outcome.text ?? zh} ${en}`);
    if (outcome.balance !== null) print(`余额 balance ${formatYuanGrouped(fen(outcome.balance))}`);
    if (outcome.item?.status === 'approved') this.#slip(outcome.item, false);
  }

  #slip(item: Item, reprint: boolean): void {
    const { kind } = item;
    if (kind === 'inquiry') return;
    this.#settings.print(
      `\n${slipOf(this.#settings.terminal, { ...item, kind }, { copy: '持卡人存根', reprint }).join('\n')}\n`,
    );
  }

  async #pick(fits: (item: Item) => boolean, kind: ItemKind = 'sale'): Promise<Item | undefined> {
    const sales = [...this.#terminal.state.items.values()]
      .filter((item) => item.kind === kind && item.status === 'approved' && fits(item))
      .slice(-20);
    if (sales.length === 0) {
      this.#settings.print('没有符合的交易 no such sale in the record');
      return undefined;
    }
    sales.forEach((item, at) =>
      this.#settings.print(
        `  ${at + 1}  ${item.batch}/${item.stan}  ${item.maskedPan}  ${formatYuanGrouped(fen(item.amount))}`,
      ),
    );
    const sale = sales[Number(await this.#ask('第几笔 which: ')) - 1];
    if (sale === undefined) this.#settings.print('已取消 cancelled');
    return sale;
  }

  async #card(): Promise<PresentedCard | undefined> {
    const { print } = this.#settings;
    this.#cards.forEach(([name, pan], at) => print(`  ${String(at + 1).padStart(2)}  ${pan}  ${name}`));
    const typed = (await this.#ask('卡号 card (number of the list, or digits): ')) ?? '';
    const pan = this.#cards[Number(typed) - 1]?.[1] ?? typed.replaceAll(' ', '');
    if (!passesLuhn(pan)) {
      print('卡号校验错 not a card number');
      return undefined;
    }
    const pin = await this.#ask(`${maskPan(pan)} 密码 PIN (empty: none; test cards: ${testPin}): `);
    if (pin === undefined || pin === '') return { pan, expiry: testExpiry };
    if (/^\d{4,12}$/.test(pin)) return { pan, expiry: testExpiry, pin };
    print('密码为4至12位数字 a PIN has 4 to 12 digits');
    return undefined;
  }

  async #amount(question: string): Promise<number | undefined> {
    const typed = await this.#ask(question);
    try {
      const amount = parseYuan(typed ?? '');
      if (amount > 0) return amount;
    } catch {
      // Falls through to the same advice as for zero.
    }
    this.#settings.print('金额如 12.34: an amount such as 12.34');
    return undefined;
  }

  /** One line of input; undefined at its end. */
  #ask(question: string): Promise<string | undefined> {
    const { lines } = this.#settings;
    // A closed interface cannot prompt; what was typed ahead of its end is still worked off.
    if (!this.#ended) {
      lines.setPrompt(question);
      lines.prompt();
    }
    const typed = this.#typed.shift();
    if (typed !== undefined || this.#ended) return Promise.resolve(typed);
    return new Promise((resolve) => (this.#waiting = resolve));
  }

  /** Lines are kept until they are asked for, so that a script may type ahead. */
  #listen(): void {
    const { lines } = this.#settings;
    lines.on('line', (line) => {
      const waiting = this.#waiting;
      this.#waiting = undefined;
      if (waiting === undefined) this.#typed.push(line.trim());
      else waiting(line.trim());
    });
    lines.once('close', () => {
      this.#ended = true;
      this.#waiting?.(undefined);
    });
  }
}
