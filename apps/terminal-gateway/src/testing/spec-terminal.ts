import {
  computeMac,
  decodeField62,
  encryptPinBlock,
  macMatches,
  systemRandom,
  type MacProfile,
  type SignInNetwork,
  type WorkingKeys,
} from '@tillstream/crypto';
import {
  checkReply,
  connectIso,
  formatF60,
  identify,
  openEnvelope,
  pack,
  packWithMac,
  peek,
  sealEnvelope,
  terminalProfile,
  terminalTpdu,
  unpack,
  type Header,
  type IsoConnection,
  type IsoMessage,
  type TerminalMessage,
} from '@tillstream/iso8583';

const header: Header = {
  application: '61',
  softwareMajor: '31',
  terminalStatus: '0',
  demand: '0',
  softwareMinor: '100000',
};

type Fields = TerminalMessage['fields'];

/** A reply as a terminal sees it. */
export interface SeenReply {
  readonly mti: string;
  readonly fields: Fields;
  readonly demand: string;
  /** `absent`, or whether F64 is right under the terminal's keys. */
  readonly mac: 'absent' | 'right' | 'wrong';
}

export interface SpecTerminalOptions {
  readonly terminalId: string;
  readonly merchantId: string;
  readonly tmk: Buffer;
  readonly port: number;
  readonly macProfile?: MacProfile;
}

/** A terminal for specs: a real socket, the terminal's half of the keys, every field in the spec's hands. */
export class SpecTerminal {
  readonly options: SpecTerminalOptions;
  keys: WorkingKeys | undefined;
  batch = '000001';
  #stan = 0;
  #connection: IsoConnection | undefined;

  constructor(options: SpecTerminalOptions) {
    this.options = options;
  }

  get #mac(): MacProfile {
    return this.options.macProfile ?? { macAlgorithm: 'unionpay-ecb', macKeyMode: 'tdes16' };
  }

  nextStan(): string {
    this.#stan += 1;
    return String(this.#stan).padStart(6, '0');
  }

  async connection(): Promise<IsoConnection> {
    if (this.#connection === undefined || this.#connection.closed) {
      this.#connection = await connectIso({ host: '127.0.0.1', port: this.options.port, connectTimeoutMs: 2_000 });
    }
    return this.#connection;
  }

  /** Sends a message; with `mac`, sealed under these keys. Undefined when nothing came within `waitMs`. */
  async send(
    message: TerminalMessage,
    options: { mac?: boolean | Buffer; keys?: WorkingKeys; waitMs?: number } = {},
  ): Promise<SeenReply | undefined> {
    const { mac = true, keys = this.keys, waitMs = 4_000 } = options;
    const full = {
      mti: message.mti,
      fields: { 41: this.options.terminalId, 42: this.options.merchantId, ...message.fields },
    } as TerminalMessage;
    const bytes =
      mac === false
        ? pack(terminalProfile, full)
        : packWithMac(terminalProfile, full, (mab) =>
            Buffer.isBuffer(mac) ? mac : computeMac(this.#mac, (keys as WorkingKeys).mak, mab),
          );
    const body = await this.sendBytes(bytes, waitMs);
    return body === undefined ? undefined : this.#read(full, body, keys);
  }

  async sendBytes(message: Buffer, waitMs = 4_000): Promise<Buffer | undefined> {
    const connection = await this.connection();
    await connection.send(sealEnvelope({ tpdu: terminalTpdu(), header }, message));
    return connection.receive(waitMs);
  }

  #read(request: TerminalMessage, body: Buffer, keys: WorkingKeys | undefined): SeenReply {
    const opened = openEnvelope(body);
    const seen = peek(terminalProfile, opened.message);
    const reply = unpack(terminalProfile, opened.message);
    const spec = identify(terminalProfile, request as IsoMessage);
    // What the host says must be a legal reply of the profile, whatever the spec looks at.
    if (spec !== undefined) checkReply(terminalProfile, spec, reply as IsoMessage);
    const right = seen.mac !== undefined && keys !== undefined && macMatches(this.#mac, keys.mak, seen.mab, seen.mac);
    return {
      ...reply,
      demand: opened.header.demand,
      mac: seen.mac === undefined ? 'absent' : right ? 'right' : 'wrong',
    };
  }

  signInMessage(stan = this.nextStan(), network = '003'): TerminalMessage {
    return { mti: '0800', fields: { 11: stan, 60: formatF60({ type: '00', batch: this.batch, network }), 63: '001' } };
  }

  keysOf(reply: SeenReply | undefined, network: SignInNetwork = '003'): WorkingKeys {
    return decodeField62(network, this.options.tmk, reply?.fields[62] as Buffer);
  }

  /** Signs in and takes the keys. */
  async signIn(network: SignInNetwork = '003', stan?: string): Promise<SeenReply> {
    const reply = await this.send(this.signInMessage(stan, network), { mac: false });
    if (reply?.fields[39] !== '00') throw new Error(`sign-in answered ${reply?.fields[39]}`);
    this.keys = this.keysOf(reply, network);
    this.batch = reply.fields[60]?.slice(2, 8) as string;
    return reply;
  }

  f60(type: string, network = '000'): string {
    return formatF60({ type, batch: this.batch, network, capability: '6', chipCondition: '0' });
  }

  sale(fields: Fields = {}): TerminalMessage {
    return {
      mti: '0200',
      fields: {
        2: '6200000000000005',
        3: '000000',
        4: '000000010000',
        11: this.nextStan(),
        12: '101112',
        13: '1123',
        14: '3012',
        22: '012',
        25: '00',
        49: '156',
        60: this.f60('22'),
        63: '001',
        ...fields,
      },
    };
  }

  reversalOf(sale: TerminalMessage): TerminalMessage {
    const { 3: processing, 4: amount, 11: stan, 22: entry, 25: condition, 49: currency, 60: transaction } = sale.fields;
    const own = { 3: processing, 4: amount, 11: stan, 22: entry, 25: condition, 49: currency, 60: transaction };
    return { mti: '0400', fields: { ...own, 39: '98' } as Fields };
  }

  echo(): TerminalMessage {
    return {
      mti: '0820',
      fields: { 11: this.nextStan(), 60: formatF60({ type: '00', batch: this.batch, network: '301' }) },
    };
  }

  pinBlock(pin: string, pan: string): Buffer {
    return encryptPinBlock('iso-0', (this.keys as WorkingKeys).pik, pin, pan, systemRandom);
  }

  close(): void {
    this.#connection?.close();
  }
}
