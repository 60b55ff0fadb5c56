import { connect, type Socket } from 'node:net';
import { computeMac, decodeField62, macMatches, type MacProfile, type WorkingKeys } from '@tillstream/crypto';
import {
  formatF60,
  FrameReader,
  openEnvelope,
  pack,
  packWithMac,
  peek,
  sealEnvelope,
  terminalProfile,
  terminalTpdu,
  unpack,
  type Header,
  type TerminalMessage,
} from '@tillstream/iso8583';

const header: Header = {
  application: '61',
  softwareMajor: '31',
  terminalStatus: '0',
  demand: '0',
  softwareMinor: '100000',
};
const macProfile: MacProfile = { macAlgorithm: 'unionpay-ecb', macKeyMode: 'tdes16' };
/** A fictional credit card whose issuer approves. */
const CARD = '6200000000000005';
/** One reply in so many has its MAC checked, which costs as much as everything else about it. */
const CHECKED = 16;

export type Fields = TerminalMessage['fields'];

/** One connection with one exchange at a time; it comes back by itself. */
export class LoadLine {
  readonly #port: number;
  readonly #source: string;
  #socket: Socket | undefined;
  #reader = new FrameReader();
  #waiting: ((body: Buffer | undefined) => void) | undefined;

  constructor(port: number, source = '127.0.0.1') {
    this.#port = port;
    this.#source = source;
  }

  /** Sends a frame; the reply's body, or undefined when none came in time or the connection broke. */
  async exchange(frame: Buffer, timeoutMs: number): Promise<Buffer | undefined> {
    const socket = this.#socket ?? (await this.#connect());
    if (socket === undefined) return undefined;
    return new Promise((resolve) => {
      const timer = setTimeout(() => this.#settle(undefined), timeoutMs);
      this.#waiting = (body) => {
        clearTimeout(timer);
        // A late answer must not be taken for the next one's.
        if (body === undefined) this.close();
        resolve(body);
      };
      socket.write(frame);
    });
  }

  close(): void {
    this.#socket?.destroy();
    this.#socket = undefined;
  }

  #settle(body: Buffer | undefined): void {
    const waiting = this.#waiting;
    this.#waiting = undefined;
    waiting?.(body);
  }

  #connect(): Promise<Socket | undefined> {
    return new Promise((resolve) => {
      const socket = connect({ host: '127.0.0.1', port: this.#port, localAddress: this.#source, noDelay: true });
      const reader = new FrameReader();
      this.#reader = reader;
      socket.once('connect', () => {
        this.#socket = socket;
        resolve(socket);
      });
      socket.on('data', (chunk: Buffer) => {
        if (this.#reader !== reader) return;
        reader.push(chunk);
        const body = reader.next();
        if (body !== undefined) this.#settle(Buffer.from(body));
      });
      socket.on('error', () => undefined);
      socket.on('close', () => {
        if (this.#socket === socket) this.#socket = undefined;
        resolve(undefined);
        if (this.#reader === reader) this.#settle(undefined);
      });
    });
  }
}

/** What a terminal got back: F39, and what it needs to undo or refund. */
export interface Answered {
  readonly code: string;
  readonly rrn: string;
  /** Of the replies that were checked. */
  readonly macRight: boolean;
}

/** The keys and numbers of a terminal; it costs as little as it can, so that one core offers several times what the node can do. */
export class LoadTerminal {
  readonly #terminal: { readonly terminalId: string; readonly merchantId: string; readonly tmk: Buffer };
  #keys: WorkingKeys | undefined;
  #stan = 0;
  batch = '000001';

  constructor(terminal: { readonly terminalId: string; readonly merchantId: string; readonly tmkHex: string }) {
    const { terminalId, merchantId, tmkHex } = terminal;
    this.#terminal = { terminalId, merchantId, tmk: Buffer.from(tmkHex, 'hex') };
  }

  nextStan(): string {
    this.#stan = (this.#stan % 999_999) + 1;
    return String(this.#stan).padStart(6, '0');
  }

  /** Signs in over a line. @throws Error when the host does not answer 00. */
  async signIn(line: LoadLine): Promise<void> {
    const fields = { 11: this.nextStan(), 60: formatF60({ type: '00', batch: this.batch, network: '003' }), 63: '001' };
    const body = await line.exchange(this.#frame(this.#plain('0800', fields)), 10_000);
    const reply = body && unpack(terminalProfile, openEnvelope(body).message);
    if (reply?.fields[39] !== '00')
      throw new Error(`sign-in of ${this.#terminal.terminalId}: ${reply?.fields[39] ?? 'none'}`);
    this.#keys = decodeField62('003', this.#terminal.tmk, reply.fields[62] as Buffer);
    this.batch = String(reply.fields[60]).slice(2, 8);
  }

  /** The fields of a sale. */
  sale(stan: string): Fields {
    const time = { 12: '101112', 13: '1123', 14: '3012' };
    const amount = { 4: '000000001000', 22: '012', 25: '00', 49: '156' };
    return { 2: CARD, 3: '000000', 11: stan, ...time, ...amount, 60: this.#f60('22'), 63: '001' };
  }

  /** The fields of a refund of a tenth of a sale. */
  refund(stan: string, saleStan: string, rrn: string): Fields {
    const original = { 37: rrn, 61: `${this.batch}${saleStan}0000` };
    return { ...this.sale(stan), 3: '200000', 4: '000000000100', ...original, 60: this.#f60('25'), 63: '000' };
  }

  /** The fields of the reversal of a sale. */
  reversal(sale: Fields): Fields {
    const { 3: f3, 4: f4, 11: f11, 22: f22, 25: f25, 49: f49, 60: f60 } = sale;
    return { 3: f3, 4: f4, 11: f11, 22: f22, 25: f25, 39: '98', 49: f49, 60: f60 };
  }

  /** Sends a message with its MAC. */
  async send(line: LoadLine, mti: string, fields: Fields, timeoutMs: number): Promise<Answered | undefined> {
    const keys = this.#keys;
    if (keys === undefined) throw new Error('not signed in');
    const bytes = packWithMac(terminalProfile, this.#plain(mti, fields), (mab) =>
      computeMac(macProfile, keys.mak, mab),
    );
    return this.#read(await line.exchange(this.#frame(bytes), timeoutMs));
  }

  /** Settles the empty batch, which is the next one then. */
  async settleEmpty(line: LoadLine, timeoutMs: number): Promise<Answered | undefined> {
    const f60 = formatF60({ type: '00', batch: this.batch, network: '201' });
    const message = this.#plain('0500', { 11: this.nextStan(), 48: '0'.repeat(62), 60: f60, 63: '001' });
    const answered = this.#read(await line.exchange(this.#frame(message), timeoutMs));
    if (answered?.code === '00') this.batch = String((Number(this.batch) % 999_998) + 1).padStart(6, '0');
    return answered;
  }

  #read(body: Buffer | undefined): Answered | undefined {
    if (body === undefined) return undefined;
    const { message } = openEnvelope(body);
    const { fields } = unpack(terminalProfile, message);
    const macRight = this.#stan % CHECKED !== 0 || this.#isRight(message);
    return { code: fields[39] ?? '', rrn: fields[37] ?? '', macRight };
  }

  #isRight(message: Buffer): boolean {
    const { mac, mab } = peek(terminalProfile, message);
    return mac === undefined || (this.#keys !== undefined && macMatches(macProfile, this.#keys.mak, mab, mac));
  }

  #f60(type: string): string {
    return formatF60({ type, batch: this.batch, network: '000', capability: '6', chipCondition: '0' });
  }

  #plain(mti: string, fields: Fields): TerminalMessage {
    const { terminalId, merchantId } = this.#terminal;
    return { mti, fields: { 41: terminalId, 42: merchantId, ...fields } } as TerminalMessage;
  }

  #frame(message: Buffer | TerminalMessage): Buffer {
    const bytes = Buffer.isBuffer(message) ? message : pack(terminalProfile, message);
    return sealEnvelope({ tpdu: terminalTpdu(), header }, bytes);
  }
}
