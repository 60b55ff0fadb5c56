import { createServer, type Server, type Socket } from 'node:net';
import type { AddressInfo } from 'node:net';
import { computeMac, equalInConstantTime, type MacProfile } from '@tillstream/crypto';
import {
  check,
  formatF54,
  FrameReader,
  IsoError,
  networkProfile,
  packWithMac,
  peek,
  replyMti,
  unpack,
  writeFrame,
  type NetworkMessage,
} from '@tillstream/iso8583';
import { clearingDateOf } from '../clock/business-clock.ts';
import { Journal, type Durability } from '../state/journal.ts';
import { ClearingFiles } from './clearing-files.ts';
import { Issuer, type Verdict } from './issuer.ts';
import { NetworkBook, type NetworkEntry } from './network-book.ts';
import { readRequest } from './request.ts';

/** How the MAC of the link is computed. */
export const linkMacProfile: MacProfile = { macAlgorithm: 'unionpay-ecb', macKeyMode: 'tdes16' };

const maxConnections = 64;
const maxFrameBytes = 2_048;

/** What a card network is made of. */
export interface NetworkSettings {
  readonly host?: string;
  /** 0: any free port. */
  readonly port: number;
  readonly journalPath: string;
  readonly durability?: Durability;
  readonly zonePinKey: Buffer;
  readonly linkMacKey: Buffer;
  readonly seed: string;
  /** Business clock: ms since the epoch. */
  readonly now: () => number;
  /** How late a late answer is, ms of the machine clock. */
  readonly lateAnswerMs: number;
  readonly dialect?: 'ascii' | 'bcd';
  /** Name of the channel in its clearing files; unionpay unless given. */
  readonly channel?: string;
}

/** What the network has seen. */
export interface NetworkCounts {
  answered: number;
  lost: number;
  late: number;
  /** Messages with a wrong MAC or shape: silence. */
  refused: number;
}

/** The card-network host: one or more links over TCP, a book of its own, a clearing day from 23:00 to 23:00. */
export class NetworkHost {
  readonly #settings: NetworkSettings;
  readonly #profile: ReturnType<typeof networkProfile>;
  readonly #journal: Journal<NetworkEntry>;
  readonly #book = new NetworkBook();
  readonly #issuer: Issuer;
  readonly #sockets = new Set<Socket>();
  readonly #late = new Set<NodeJS.Timeout>();
  readonly #server: Server;
  /** One per clearing date that is over. */
  readonly files: ClearingFiles;
  readonly counts: NetworkCounts = { answered: 0, lost: 0, late: 0, refused: 0 };

  constructor(settings: NetworkSettings) {
    this.#settings = settings;
    this.#profile = networkProfile(settings.dialect ?? 'ascii');
    this.#journal = new Journal<NetworkEntry>(settings.journalPath, settings.durability);
    for (const entry of this.#journal.replay()) this.#book.apply(entry);
    this.files = new ClearingFiles(settings.channel ?? 'unionpay', this.#book, () => clearingDateOf(settings.now()));
    this.#issuer = new Issuer({ zonePinKey: settings.zonePinKey, seed: settings.seed }, this.#book);
    this.#server = createServer((socket) => this.#serve(socket));
    this.#server.maxConnections = maxConnections;
  }

  /** Starts to listen; gives the port. */
  listen(): Promise<number> {
    const { host = '127.0.0.1', port } = this.#settings;
    return new Promise((resolve, reject) => {
      this.#server.once('error', reject);
      this.#server.listen({ host, port }, () => resolve((this.#server.address() as AddressInfo).port));
    });
  }

  /** What stands in the book, for reports and specs. */
  get book(): Pick<NetworkBook, 'netOf' | 'closedNetOf' | 'find' | 'findByReference'> {
    return this.#book;
  }

  /** Closes a clearing date and gives its net in fen; once closed, the same net for ever. Throws while the date is open. */
  endClearing(date: string): number {
    const closed = this.#book.closedNetOf(date);
    if (closed !== undefined) return closed;
    const current = clearingDateOf(this.#settings.now());
    if (date >= current) {
      throw new Error(`clearing date ${date} is not over: the network is at ${current}; ask again after 23:00`);
    }
    const amount = this.#book.netOf(date);
    this.#store([{ t: 'closed', date, amount }]);
    return amount;
  }

  /** Ends every link; answers still to come late are lost, as with a real cut. */
  async close(): Promise<void> {
    for (const timer of this.#late) clearTimeout(timer);
    for (const socket of this.#sockets) socket.destroy();
    await new Promise<void>((resolve) => this.#server.close(() => resolve()));
    this.#journal.close();
  }

  #store(entries: readonly NetworkEntry[]): void {
    this.#journal.append(...entries);
    for (const entry of entries) this.#book.apply(entry);
  }

  #serve(socket: Socket): void {
    const reader = new FrameReader({ maxFrameBytes });
    this.#sockets.add(socket);
    socket.setNoDelay(true);
    socket.on('error', () => socket.destroy());
    socket.on('close', () => this.#sockets.delete(socket));
    socket.on('data', (chunk: Buffer) => {
      try {
        reader.push(chunk);
        for (let frame = reader.next(); frame !== undefined; frame = reader.next()) this.#take(socket, frame);
      } catch (error) {
        if (!(error instanceof IsoError)) throw error;
        this.counts.refused += 1;
        socket.destroy();
      }
    });
  }

  #take(socket: Socket, frame: Buffer): void {
    try {
      const seen = peek(this.#profile, frame);
      const required = seen.mti !== '0800';
      if (seen.mac === undefined ? required : !this.#macIsRight(seen.mab, seen.mac)) {
        this.counts.refused += 1;
        return;
      }
      const message = unpack(this.#profile, frame);
      check(this.#profile, message);
      if (message.mti === '0800') this.#send(socket, managementReply(message));
      else this.#decide(socket, message);
    } catch (error) {
      if (!(error instanceof IsoError)) throw error;
      this.counts.refused += 1;
    }
  }

  #decide(socket: Socket, message: NetworkMessage): void {
    const verdict = this.#issuer.decide(readRequest(message), this.#settings.now());
    this.#store(verdict.entries);
    const reply = financialReply(message, verdict);
    switch (verdict.delivery) {
      case 'now':
        this.counts.answered += 1;
        this.#send(socket, reply);
        return;
      case 'late':
        this.counts.late += 1;
        this.#sendLate(socket, reply);
        return;
      case 'never':
        this.counts.lost += 1;
    }
  }

  #sendLate(socket: Socket, reply: NetworkMessage): void {
    const timer = setTimeout(() => {
      this.#late.delete(timer);
      this.#send(socket, reply);
    }, this.#settings.lateAnswerMs);
    this.#late.add(timer);
  }

  #send(socket: Socket, reply: NetworkMessage): void {
    if (socket.destroyed) return;
    socket.write(writeFrame(packWithMac(this.#profile, reply, (mab) => this.#mac(mab))));
  }

  #mac(data: Buffer): Buffer {
    return computeMac(linkMacProfile, this.#settings.linkMacKey, data);
  }

  #macIsRight(data: Buffer, mac: Buffer): boolean {
    return equalInConstantTime(this.#mac(data), mac);
  }
}

const echoed = [3, 4, 7, 11, 12, 13, 32, 33, 37, 41, 42, 49] as const;

function financialReply({ mti, fields }: NetworkMessage, verdict: Verdict): NetworkMessage {
  const answered = mti === '0221' || mti === '0421' ? `${mti.slice(0, 3)}0` : mti;
  const copied = Object.fromEntries(echoed.flatMap((n) => (fields[n] === undefined ? [] : [[n, fields[n]]])));
  return {
    mti: replyMti(answered),
    fields: {
      ...copied,
      ...(verdict.part === null ? {} : { 4: String(verdict.part).padStart(12, '0') }),
      15: verdict.clearing.slice(5, 7) + verdict.clearing.slice(8, 10),
      39: verdict.code,
      ...(verdict.authCode === '' ? {} : { 38: verdict.authCode }),
      ...(verdict.balance === null ? {} : { 54: balanceField(verdict.balance) }),
    },
  };
}

function balanceField(balance: number): string {
  const amount = String(Math.abs(balance)).padStart(12, '0');
  return formatF54({ account: '10', kind: '02', currency: '156', sign: balance < 0 ? 'D' : 'C', amount });
}

function managementReply({ mti, fields }: NetworkMessage): NetworkMessage {
  const { 7: transmission, 11: stan, 32: acquirer, 70: code } = fields;
  return { mti: replyMti(mti), fields: { 7: transmission, 11: stan, 32: acquirer, 39: '00', 70: code } };
}
