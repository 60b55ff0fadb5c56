import { createServer, type AddressInfo, type Server, type Socket } from 'node:net';
import {
  computeMac,
  decryptPinBlock,
  desEncrypt,
  equalInConstantTime,
  keyCheckValue,
  type MacProfile,
} from '@tillstream/crypto';
import {
  formatTotals,
  FrameReader,
  joinKeyBlob,
  openEnvelope,
  packWithMac,
  pack,
  parseF60,
  parseTotals,
  parseUploadEnd,
  parseUploadItems,
  peek,
  replyMti,
  replyTpdu,
  sealEnvelope,
  terminalProfile,
  unpack,
  type TerminalMessage,
} from '@tillstream/iso8583';
import { testPin, wishOf } from '../cards/test-cards.ts';

/** What the peer does with a message: answer with a code, say nothing, answer with a spoilt MAC, or without one. */
export type PeerAnswer =
  | {
      readonly code: string;
      readonly mac?: 'right' | 'spoilt' | 'none';
      readonly demand?: string;
      readonly text?: string;
    }
  | 'silence';

/** Decides about every message that is not a sign-in; undefined leaves it to the peer. */
export type PeerScript = (message: TerminalMessage, seen: number) => PeerAnswer | undefined;

const mak = Buffer.from('89ABCDEF0123456776543210FEDCBA98', 'hex');
const pik = Buffer.from('1023456789ABCDEF98BADCFE10325476', 'hex');
const profile: MacProfile = { macAlgorithm: 'unionpay-ecb', macKeyMode: 'tdes16' };

/**
 * The smallest acquirer that a terminal can be tried against: keys, codes and totals, kept in memory. It stands for the
 * far side of the wire in the specs of this project and shares no code with the real gateway but the message format.
 */
export class AcquirerPeer {
  readonly #tmk: Buffer;
  readonly #server: Server;
  readonly #sockets = new Set<Socket>();
  readonly #counts = new Map<string, number>();
  /** Every message in the order of arrival. */
  readonly received: TerminalMessage[] = [];
  readonly uploaded = new Map<string, number>();
  script: PeerScript = () => undefined;
  batch = '000001';
  spoilKeys = false;
  #rrn = 0;

  constructor(tmkHex: string) {
    this.#tmk = Buffer.from(tmkHex, 'hex');
    this.#server = createServer((socket) => this.#serve(socket));
  }

  async listen(): Promise<{ host: string; port: number }> {
    await new Promise<void>((resolve) => this.#server.listen({ host: '127.0.0.1', port: 0 }, resolve));
    return { host: '127.0.0.1', port: (this.#server.address() as AddressInfo).port };
  }

  cutAll(): void {
    for (const socket of this.#sockets) socket.destroy();
  }

  async close(): Promise<void> {
    this.cutAll();
    await new Promise<void>((resolve) => this.#server.close(() => resolve()));
  }

  /** MTIs in the order of arrival. */
  get mtis(): string[] {
    return this.received.map(({ mti }) => mti);
  }

  #serve(socket: Socket): void {
    const reader = new FrameReader();
    this.#sockets.add(socket);
    socket.on('error', () => socket.destroy());
    socket.on('close', () => this.#sockets.delete(socket));
    socket.on('data', (chunk: Buffer) => {
      reader.push(chunk);
      for (let frame = reader.next(); frame !== undefined; frame = reader.next()) this.#take(socket, frame);
    });
  }

  #take(socket: Socket, frame: Buffer): void {
    const { tpdu, header, message: bytes } = openEnvelope(frame);
    const seen = peek(terminalProfile, bytes);
    const message = unpack(terminalProfile, bytes);
    this.received.push(message);
    const genuine = seen.mac === undefined || equalInConstantTime(seen.mac, computeMac(profile, mak, seen.mab));
    const count = (this.#counts.get(message.mti) ?? 0) + 1;
    this.#counts.set(message.mti, count);
    const scripted = this.script(message, count);
    const answer = scripted ?? (genuine ? this.#answer(message) : { code: 'A0', mac: 'none' as const });
    if (answer === 'silence') return;
    const said = this.#reply(message, answer.code);
    const words = answer.text === undefined ? {} : { 63: `${' '.repeat(43)}${answer.text}` };
    const reply = { ...said, fields: { ...said.fields, ...words } };
    const mac = answer.mac ?? (seen.mac === undefined ? 'none' : 'right');
    const packed =
      mac === 'none'
        ? pack(terminalProfile, reply)
        : packWithMac(terminalProfile, reply, (mab) =>
            mac === 'spoilt' ? Buffer.alloc(8, 0x41) : computeMac(profile, mak, mab),
          );
    socket.write(sealEnvelope({ tpdu: replyTpdu(tpdu), header: { ...header, demand: answer.demand ?? '0' } }, packed));
  }

  #answer({ mti, fields }: TerminalMessage): PeerAnswer {
    if (mti !== '0200' || fields[3] === '200000') return { code: '00' };
    const pan = fields[2] ?? (fields[35] ?? '').split('=')[0] ?? '';
    const wish = wishOf(pan);
    if (Number(fields[4] ?? '0') > 200_000_00) return { code: '61' };
    if (wish.is === 'decline') return { code: wish.code };
    if (fields[52] !== undefined && decryptPinBlock('iso-0', pik, fields[52], pan) !== testPin) return { code: '55' };
    return wish.is === 'approve' ? { code: '00' } : { code: '98' };
  }

  #reply(request: TerminalMessage, code: string): TerminalMessage {
    const { fields } = request;
    const echoed = Object.fromEntries(
      ([3, 4, 11, 12, 13, 41, 42, 49, 60] as const).flatMap((n) => (fields[n] === undefined ? [] : [[n, fields[n]]])),
    );
    const reply = { ...echoed, 12: fields[12] ?? '120000', 13: fields[13] ?? '1123', 39: code };
    const of = (extra: TerminalMessage['fields']): TerminalMessage => ({
      mti: replyMti(request.mti),
      fields: { ...reply, ...extra },
    });
    if (request.mti === '0800' && code === '00') return of(this.#signInFields());
    if (request.mti === '0500') return of({ 48: this.#totalsReply(request) });
    if (request.mti === '0320') this.#countUpload(request);
    if (request.mti === '0200' || request.mti === '0220') return of(this.#financialFields(request));
    return of({});
  }

  #signInFields(): TerminalMessage['fields'] {
    const deliver = (key: Buffer): { key: Buffer; kcv: Buffer } => ({
      key: desEncrypt(this.#tmk, key),
      kcv: this.spoilKeys ? Buffer.alloc(4) : keyCheckValue('tdes', key),
    });
    const blob = joinKeyBlob('003', { pik: deliver(pik), mak: deliver(mak) });
    return { 32: '48021000', 37: '632612000001', 60: `00${this.batch}003`, 62: blob };
  }

  #financialFields({ fields }: TerminalMessage): TerminalMessage['fields'] {
    this.#rrn += 1;
    const foreign = /^[345]/.test(fields[2] ?? fields[35] ?? '');
    const balance = fields[3] === '310000' ? { 54: '1002156C000000012345' } : {};
    return {
      ...balance,
      15: '1123',
      37: `6326${String(this.#rrn).padStart(8, '0')}`,
      38: String(this.#rrn).padStart(6, '0'),
      63: foreign ? 'VIS' : 'CUP',
    };
  }

  /** Balanced by default; a script may make `totalsReply` say otherwise. */
  totalsReply: 1 | 2 | 3 = 1;

  #totalsReply({ fields }: TerminalMessage): string {
    const totals = parseTotals(fields[48] ?? '');
    const reply = this.totalsReply;
    return formatTotals({ domestic: { ...totals.domestic, reply }, foreign: { ...totals.foreign, reply: 1 } });
  }

  #countUpload({ fields }: TerminalMessage): void {
    const { network, type } = parseF60(fields[60] ?? '');
    const shape =
      type === '25' ? 'copy' : network === '201' ? 'list' : network === '202' || network === '207' ? 'end' : 'chip';
    const items =
      shape === 'list'
        ? parseUploadItems(fields[48] ?? '').length
        : shape === 'end'
          ? parseUploadEnd(fields[48] ?? '')
          : 1;
    this.uploaded.set(shape, (this.uploaded.get(shape) ?? 0) + items);
  }
}
