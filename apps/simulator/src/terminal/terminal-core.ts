import {
  IsoError,
  packWithMac,
  pack,
  peek,
  replyMti,
  terminalProfile,
  unpack,
  type TerminalMessage,
} from '@tillstream/iso8583';
import type { Address, SimulatedTerminal } from '../protocol.ts';
import { instantOf, localTime, type LocalTime } from '../clock/business-clock.ts';
import { Journal, type Durability } from '../state/journal.ts';
import type { ReversalHabit } from './habits.ts';
import { CardBox } from './card-box.ts';
import { Line, type Judgement, type ReceivedFrame } from './line.ts';
import { managementMessage } from './messages.ts';
import { evolve, newTerminalState, nextStan, type Entry, type TerminalState } from './record.ts';
import { acceptKeys, PinPad } from './working-keys.ts';

/** What a terminal is made of. */
export interface TerminalSettings {
  readonly terminal: SimulatedTerminal;
  readonly gateway: Address;
  /** How long an answer may take, ms of the machine clock. */
  readonly answerTimerMs: number;
  /** File of its own record. */
  readonly journalPath: string;
  readonly durability?: Durability;
  /** Business clock: ms since the epoch. */
  readonly now: () => number;
  /** Takes date and time from the sign-in reply, as a terminal does whose clock nobody sets otherwise. */
  readonly followHostClock?: boolean;
  /** F63.1, three characters. */
  readonly operator?: string;
  /** How often an unanswered message is tried on one occasion; 3 unless given (domain 3.2). */
  readonly tries?: number;
  /** What it does with a reversal that stays unanswered; keeps it unless given. */
  readonly reversals?: ReversalHabit;
  /** Told every request with what came back, for whoever keeps a record beside the terminal's own. */
  readonly onExchange?: (exchange: Exchange) => void;
}

/** A request that was sent, or meant to be, and what came back. */
export interface Exchange {
  readonly terminalId: string;
  readonly request: TerminalMessage;
  readonly reply: Reply;
  /** Machine clock, ms: before the first byte went out. */
  readonly sentAt: number;
}

/** What came back: a reply that may be believed, or nothing. */
export type Reply =
  | { readonly is: 'reply'; readonly code: string; readonly fields: TerminalMessage['fields'] }
  | { readonly is: 'none'; readonly because: 'no-answer' | 'untrusted' };

const nothing: Reply = { is: 'none', because: 'no-answer' };
const untrusted: Reply = { is: 'none', because: 'untrusted' };

/** Codes after which the terminal fetches new keys before it goes on (domain 2.5). */
const askForSignIn = new Set(['A0', '99', '77', '97']);

/** Record, keys and line of a terminal: what every transaction and the settlement stand on. */
export class TerminalCore {
  readonly terminal: SimulatedTerminal;
  readonly box: CardBox;
  readonly operator: string;
  readonly tries: number;
  readonly answerTimerMs: number;
  readonly reversals: ReversalHabit;
  readonly state: TerminalState = newTerminalState();
  readonly #journal: Journal<Entry>;
  readonly #line: Line;
  readonly #tmk: Buffer;
  readonly #now: () => number;
  readonly #followHostClock: boolean;
  readonly #onExchange: (exchange: Exchange) => void;
  #pad: PinPad | undefined;
  #mustSignIn = false;
  #hostBatch: string | null = null;

  constructor(settings: TerminalSettings) {
    this.terminal = settings.terminal;
    this.operator = settings.operator ?? '001';
    this.tries = settings.tries ?? 3;
    this.reversals = settings.reversals ?? 'keeps';
    this.#onExchange = settings.onExchange ?? (() => undefined);
    this.answerTimerMs = settings.answerTimerMs;
    this.#now = settings.now;
    this.#followHostClock = settings.followHostClock ?? false;
    this.#tmk = Buffer.from(settings.terminal.tmkHex, 'hex');
    this.box = new CardBox(this.#tmk);
    this.#line = new Line(settings.gateway);
    this.#journal = new Journal<Entry>(settings.journalPath, settings.durability);
    for (const entry of this.#journal.replay()) evolve(this.state, entry);
    if (this.state.keyBlob !== null) this.#install(this.state.keyBlob);
  }

  /** Whether a sign-in is due before the next message that carries a MAC. */
  get mustSignIn(): boolean {
    return this.#mustSignIn || !this.state.signedIn || this.#pad === undefined;
  }

  /** The batch that the last sign-in named; null before the first since the start. The own one stays while it holds items. */
  get hostBatch(): string | null {
    return this.#hostBatch;
  }

  /** Terminal's own date and time. */
  localTime(): LocalTime {
    return localTime(this.#now() + this.state.clockOffsetMs);
  }

  /** Stores entries, then believes them. */
  note(...entries: readonly Entry[]): void {
    this.#journal.append(...entries);
    for (const entry of entries) evolve(this.state, entry);
  }

  /** A STAN for a message that moves no money. */
  takeStan(): string {
    const stan = nextStan(this.state.stan);
    this.note({ t: 'stan', stan });
    return stan;
  }

  /** Whether the gateway can be reached. */
  reachable(): Promise<boolean> {
    return this.#line.open();
  }

  /** F52 under the current PIK. */
  pinBlock(pin: string, pan: string): Buffer {
    if (this.#pad === undefined) throw new Error('no PIN key: sign in first');
    return this.#pad.pinBlock(pin, pan);
  }

  /** Sends a request once and waits for its reply. With `mac`, request and reply must both carry one (domain 2.6). */
  async ask(message: TerminalMessage, { mac }: { readonly mac: boolean }): Promise<Reply> {
    const sentAt = Date.now();
    const bytes = this.#packed(message, mac);
    if (bytes === undefined) return untrusted;
    const judge = (frame: ReceivedFrame): Judgement<Reply> => this.#judge(message, mac, frame);
    const reply = (await this.#line.exchange(bytes, this.answerTimerMs, judge)) ?? nothing;
    this.#onExchange({ terminalId: this.terminal.terminalId, request: message, reply, sentAt });
    return reply;
  }

  /** Sends a request and loses its line at once, as when the power goes: whether it arrived is not known. */
  async askAndLosePower(message: TerminalMessage): Promise<void> {
    const sentAt = Date.now();
    const bytes = this.#packed(message, true);
    if (bytes !== undefined) await this.#line.sendAndLose(bytes);
    this.#onExchange({ terminalId: this.terminal.terminalId, request: message, reply: nothing, sentAt });
  }

  /** Undefined without the keys that a MAC needs. */
  #packed(message: TerminalMessage, mac: boolean): Buffer | undefined {
    const pad = this.#pad;
    if (!mac) return pack(terminalProfile, message);
    return pad && packWithMac(terminalProfile, message, (mab) => pad.mac(mab));
  }

  /** As `ask`, again until a trusted reply came or the tries of one occasion are used up. */
  async askRepeatedly(message: TerminalMessage, options: { readonly mac: boolean }): Promise<Reply> {
    let reply: Reply = nothing;
    for (let attempt = 0; attempt < this.tries && reply.is === 'none'; attempt += 1) {
      reply = await this.ask(message, options);
    }
    return reply;
  }

  /** Fetches PIK and MAK; the answer's code, or null when there was none. Throws KeysRefused on a wrong KCV. */
  async signIn(): Promise<string | null> {
    const { batch } = this.state;
    const stan = this.takeStan();
    const request = managementMessage(this.terminal, 'sign-in', { stan, batch, operator: this.operator });
    const reply = await this.askRepeatedly(request, { mac: false });
    if (reply.is === 'none') return null;
    const blob = reply.fields[62];
    if (reply.code !== '00' || blob === undefined) return reply.code;
    acceptKeys(this.#tmk, blob);
    const hosts = reply.fields[60]?.slice(2, 8) ?? batch;
    const holdsItems = [...this.state.items.values()].some((item) => item.batch === batch);
    const hex = blob.toString('hex');
    const keys = { t: 'keys', blob: hex, batch: holdsItems ? batch : hosts } as const;
    this.note(this.#followHostClock ? { ...keys, clockOffsetMs: this.#offsetTo(reply.fields) } : keys);
    this.#install(hex);
    this.#mustSignIn = false;
    this.#hostBatch = hosts;
    return reply.code;
  }

  /** Says that the keys or the batch are out of step. */
  demandSignIn(): void {
    this.#mustSignIn = true;
  }

  close(): void {
    this.#line.close();
    this.#journal.close();
  }

  /** The host gives no year: the one that brings its date nearest to the terminal's own. */
  #offsetTo({ 12: time = '', 13: monthDay = '' }: TerminalMessage['fields']): number {
    const now = this.#now();
    const year = Number(localTime(now).date.slice(0, 4));
    const clock = `${time.slice(0, 2)}:${time.slice(2, 4)}:${time.slice(4, 6)}`;
    const offsets = [year - 1, year, year + 1]
      .map((one) => instantOf(`${one}-${monthDay.slice(0, 2)}-${monthDay.slice(2, 4)}`, clock) - now)
      .filter(Number.isFinite)
      .sort((a, b) => Math.abs(a) - Math.abs(b));
    return offsets[0] ?? 0;
  }

  #install(blobHex: string): void {
    const keys = acceptKeys(this.#tmk, Buffer.from(blobHex, 'hex'));
    this.#pad = new PinPad(keys, this.terminal.macKeyMode ?? 'tdes16');
  }

  #judge(request: TerminalMessage, mac: boolean, frame: ReceivedFrame): Judgement<Reply> {
    try {
      const seen = peek(terminalProfile, frame.message);
      if (seen.mti !== replyMti(request.mti)) return { is: 'skip' };
      if (seen.stan !== undefined && seen.stan !== request.fields[11]) return { is: 'skip' };
      const genuine = seen.mac === undefined ? !mac : (this.#pad?.verifies(seen.mab, seen.mac) ?? !mac);
      const { fields } = unpack(terminalProfile, frame.message);
      const code = fields[39] ?? '';
      // An A0 cannot be signed by a host that has lost the keys: not an answer, but a good reason to fetch new ones.
      if (askForSignIn.has(code)) this.#mustSignIn = true;
      if (!genuine || !belongsTo(request, fields)) return { is: 'answer', value: untrusted };
      if (frame.header.demand === '3') this.#mustSignIn = true;
      return { is: 'answer', value: { is: 'reply', code, fields } };
    } catch (error) {
      if (error instanceof IsoError) return { is: 'answer', value: untrusted };
      throw error;
    }
  }
}

/** A reply of another terminal, merchant or amount is no reply (domain 3.1). */
function belongsTo(request: TerminalMessage, reply: TerminalMessage['fields']): boolean {
  const same = (field: 4 | 11 | 41 | 42): boolean => {
    const [asked, got] = [request.fields[field], reply[field]];
    return asked === undefined || got === undefined || asked === got;
  };
  // An approval over a part says in F4 how much it is.
  return (same(4) || reply[39] === '10') && same(11) && same(41) && same(42);
}
