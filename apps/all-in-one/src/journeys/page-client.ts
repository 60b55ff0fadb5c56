import { connect, type Socket } from 'node:net';
import { frameOf, macOf, openKeys, packMessage, unpackBody, type Fields, type Message } from './page-codec.ts';

/*
 * A terminal's client, written from the terminal profile's page alone: with page-codec.ts it imports nothing but Node, so that
 * the page is shown to be enough for a vendor. The numbers in the comments are the page's sections.
 */

/** What a client of the page is: its numbers, its master key, the host's address. */
export interface PageClientSettings {
  readonly host: string;
  readonly port: number;
  readonly terminalId: string;
  readonly merchantId: string;
  readonly tmkHex: string;
  /** How long an answer may take, ms. */
  readonly timeoutMs: number;
}

/** One connection and the keys of the last sign-in. */
export class PageClient {
  readonly #settings: PageClientSettings;
  readonly #tmk: Buffer;
  #socket: Socket | undefined;
  #received = Buffer.alloc(0);
  #stan = 0;
  keys: { readonly pik: Buffer; readonly mak: Buffer } | undefined;
  batch = '000001';
  /** Every request that was answered, with its answer. */
  readonly told: { readonly request: Message; readonly reply: Message }[] = [];

  constructor(settings: PageClientSettings) {
    this.#settings = settings;
    this.#tmk = Buffer.from(settings.tmkHex, 'hex');
  }

  get terminalId(): string {
    return this.#settings.terminalId;
  }

  /** F41 and F42. */
  get place(): Fields {
    return { 41: this.#settings.terminalId, 42: this.#settings.merchantId };
  }

  /** One more for every new message (section 9). */
  nextStan(): string {
    this.#stan = this.#stan === 999_999 ? 1 : this.#stan + 1;
    return String(this.#stan).padStart(6, '0');
  }

  /** The message with a right F64 (section 7). */
  sealed(mti: string, fields: Fields): Buffer {
    if (this.keys === undefined) throw new Error('no MAC key: sign in first');
    const block = packMessage(mti, fields, [64]);
    return Buffer.concat([block, macOf(this.keys.mak, block)]);
  }

  /** 0800 (section 6): takes keys and batch number. */
  async signIn(stan = this.nextStan()): Promise<Message> {
    const fields = { ...this.place, 11: stan, 60: `00${this.batch}003`, 63: '001' };
    const reply = await this.ask('0800', fields, { mac: false });
    const [f60, f62] = [reply.fields[60], reply.fields[62]];
    if (reply.fields[39] !== '00' || typeof f62 !== 'object' || typeof f60 !== 'string') return reply;
    this.keys = openKeys(this.#tmk, f62);
    this.batch = f60.slice(2, 8);
    return reply;
  }

  /** Sends a message and waits for the reply to it; a reply that should carry a MAC and has no right one is an error. */
  async ask(mti: string, fields: Fields, { mac = true }: { readonly mac?: boolean } = {}): Promise<Message> {
    const message = mac ? this.sealed(mti, fields) : packMessage(mti, fields);
    const body = await this.exchange(frameOf(message));
    if (body === undefined) throw new Error(`no answer to ${mti} within ${this.#settings.timeoutMs} ms`);
    const reply = unpackBody(body);
    this.#check(reply, mac);
    this.told.push({ request: { mti, fields, demand: '0', macBlock: message }, reply });
    return reply;
  }

  /** Sends bytes as they are; gives the body of the next frame, or undefined when none came or the host hung up. */
  async exchange(bytes: Buffer): Promise<Buffer | undefined> {
    const socket = await this.#line();
    socket.write(bytes);
    return new Promise((resolve) => {
      const timer = setTimeout(() => end(undefined), this.#settings.timeoutMs);
      const take = (piece: Buffer): void => {
        this.#received = Buffer.concat([this.#received, piece]);
        if (this.#received.length < 2) return;
        const length = this.#received.readUInt16BE(0);
        if (this.#received.length < 2 + length) return;
        const body = this.#received.subarray(2, 2 + length);
        this.#received = this.#received.subarray(2 + length);
        end(body);
      };
      const hungUp = (): void => end(undefined);
      const end = (body: Buffer | undefined): void => {
        clearTimeout(timer);
        socket.off('data', take);
        socket.off('close', hungUp);
        resolve(body);
      };
      socket.on('data', take);
      socket.once('close', hungUp);
    });
  }

  close(): void {
    this.#socket?.destroy();
    this.#socket = undefined;
  }

  #check(reply: Message, mac: boolean): void {
    const code = reply.fields[39];
    const f64 = reply.fields[64];
    if (f64 === undefined) {
      if (!mac || code === 'A0' || code === '97' || code === '30' || code === '77') return;
      throw new Error(`the reply ${reply.mti} with F39 ${String(code)} has no F64`);
    }
    if (this.keys === undefined || !macOf(this.keys.mak, reply.macBlock).equals(f64 as Buffer)) {
      throw new Error(`F64 of the reply ${reply.mti} is wrong`);
    }
  }

  async #line(): Promise<Socket> {
    const open = this.#socket;
    if (open !== undefined && !open.destroyed) return open;
    this.#received = Buffer.alloc(0);
    const { host, port } = this.#settings;
    return new Promise((resolve, reject) => {
      const socket = connect({ host, port }, () => {
        socket.off('error', reject);
        socket.on('error', () => socket.destroy());
        this.#socket = socket;
        resolve(socket);
      });
      socket.once('error', reject);
    });
  }
}
