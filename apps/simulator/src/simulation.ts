import { join } from 'node:path';
import { BankHost } from './bank/bank-host.ts';
import { FollowedClock } from './clock/business-clock.ts';
import { DayFleet } from './fleet/day-fleet.ts';
import { FileHost } from './network/file-host.ts';
import { NetworkHost } from './network/network-host.ts';
import type {
  Address,
  ClearingDoneMessage,
  DayReport,
  EndClearingMessage,
  Progress,
  ReadyMessage,
  SimulatedTerminal,
  StartMessage,
  TradeDayMessage,
} from './protocol.ts';

const defaultChannel = 'unionpay';

/** Everything foreign in one place: card network, bank, fleet, on one business clock. */
export class Simulation {
  readonly #start: StartMessage;
  readonly clock: FollowedClock;
  readonly #network: NetworkHost;
  readonly #bank: BankHost;
  readonly #files: FileHost;
  #fleet: DayFleet | undefined;

  constructor(start: StartMessage) {
    this.#start = start;
    this.clock = new FollowedClock(start.clock);
    const now = (): number => this.clock.now();
    const on = start.host === undefined ? {} : { host: start.host };
    this.#network = new NetworkHost({
      ...on,
      port: start.networkPort ?? 0,
      journalPath: join(start.stateDir, 'network.ndjson'),
      zonePinKey: keyOf(start.zonePinKeyHex, 'zonePinKeyHex'),
      linkMacKey: keyOf(start.linkMacKeyHex, 'linkMacKeyHex'),
      seed: start.seed,
      now,
      lateAnswerMs: start.lateAnswerMs ?? start.answerTimerMs + 1_000,
      dialect: start.dialect ?? 'ascii',
      channel: start.channel ?? defaultChannel,
    });
    this.#files = new FileHost({
      ...on,
      port: start.filesPort ?? 0,
      secret: start.filesSecret,
      files: this.#network.files,
    });
    this.#bank = new BankHost({
      ...on,
      port: start.bankPort ?? 0,
      journalPath: join(start.stateDir, 'bank.ndjson'),
      secret: start.bankSecret,
      now,
    });
  }

  /** Network and bank listen from here on; the fleet too, if it is known already. */
  async open(): Promise<ReadyMessage> {
    const [networkPort, bankPort, filesPort] = await Promise.all([
      this.#network.listen(),
      this.#bank.listen(),
      this.#files.listen(),
    ]);
    const { terminals, gateway } = this.#start;
    if (terminals !== undefined && gateway !== undefined) await this.useFleet(terminals, gateway);
    return { type: 'ready', networkPort, bankPort, filesPort };
  }

  /** Puts these terminals in place of the ones before. */
  async useFleet(terminals: readonly SimulatedTerminal[], gateway: Address): Promise<void> {
    for (const { tmkHex, terminalId } of terminals) keyOf(tmkHex, `tmkHex of terminal ${terminalId}`);
    await this.#fleet?.close();
    const { seed, stateDir, answerTimerMs } = this.#start;
    this.#fleet = new DayFleet({ terminals, gateway, seed, stateDir, answerTimerMs, clock: this.clock });
  }

  /** Trades one day. Throws when there is no fleet yet. */
  tradeDay({ date, payments }: TradeDayMessage, onProgress: (progress: Progress) => void): Promise<DayReport> {
    if (this.#fleet === undefined) throw new Error('there are no terminals yet; expected terminals and gateway before');
    if (!/^\d{4}-\d{2}-\d{2}$/.test(date)) throw new Error('date is not a date; expected YYYY-MM-DD');
    if (!Number.isInteger(payments) || payments < 0 || payments > 10_000_000) {
      throw new Error('payments is no count; expected an integer from 0 to 10,000,000');
    }
    return this.#fleet.tradeDay(date, payments, onProgress);
  }

  /** The network closes a date; its net stands on the bank's books from the value date on. */
  endClearing({ date, valueDate }: EndClearingMessage): ClearingDoneMessage {
    const channel = this.#start.channel ?? defaultChannel;
    const amount = this.#network.endClearing(date);
    const { bankReference } = this.#bank.credit({ channel, clearingDate: date, amount, valueDate });
    return { type: 'clearing-done', date, nets: [{ channel, clearingDate: date, amount, bankReference }] };
  }

  /** Lets what is in flight complete, then closes everything. */
  async close(): Promise<void> {
    await this.#fleet?.close();
    this.clock.release();
    await Promise.all([this.#network.close(), this.#bank.close(), this.#files.close()]);
  }
}

function keyOf(hex: string, what: string): Buffer {
  if (!/^[0-9A-Fa-f]{32}$/.test(hex)) throw new Error(`${what} is no double-length key; expected 32 hex digits`);
  return Buffer.from(hex, 'hex');
}
