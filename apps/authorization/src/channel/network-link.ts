import { connect as connectTcp, type Socket } from 'node:net';
import { connect as connectTls } from 'node:tls';
import type { MacProfile, SecurityModule, WrappedKey } from '@tillstream/crypto';
import {
  FrameReader,
  macFieldOf,
  networkProfile,
  packForMac,
  peek,
  replyMti,
  unpack,
  writeFrame,
  type NetworkMessage,
} from '@tillstream/iso8583';
import type { ChannelTrace } from '@tillstream/domain/payment/parts';
import { crashPoint } from '@tillstream/event-store';
import type { Log } from '@tillstream/service-kit';
import type { AuthorizationSettings } from '../options.ts';
import { PendingReplies } from './pending-replies.ts';

/** What came of one request on the link. */
export type LinkOutcome =
  | { readonly is: 'answered'; readonly reply: NetworkMessage }
  /** Nothing in time; the channel may have taken it up. */
  | { readonly is: 'no-answer' }
  /** A reply whose MAC or form is wrong: as good as none. */
  | { readonly is: 'untrusted' }
  /** Not one byte of it left us. */
  | { readonly is: 'not-sent'; readonly why: string };

/** What the link needs of the rest. */
export interface LinkNeeds {
  readonly settings: AuthorizationSettings['channel'];
  readonly security: SecurityModule;
  /** Whether the channel is registered, so that we know under which number to speak. */
  readonly registered: () => boolean;
  /** The link's MAC key, or undefined while the channel is not registered. */
  readonly macKey: () => Promise<WrappedKey | undefined>;
  /** A fresh key for an 0800. */
  readonly trace: () => Promise<ChannelTrace>;
  readonly log: Log;
  /** Given a reply that nobody waits for any more. */
  readonly onUnmatched: (reply: NetworkMessage) => void;
}

const MAX_FRAME_BYTES = 4_096;
/** Room that new payments leave to advices, reversals and 0800: a channel that answers nothing must not hold up what undoes. */
const RESERVED_IN_FLIGHT = 128;
/** Bytes written and not yet taken by the network; beyond that it does not read, and nothing more is sent. */
const MAX_UNSENT_BYTES = 256 * 1_024;

/**
 * One connection to the card network for many requests at a time (domain 2.3): answers are matched by F7, F11 and F32,
 * the link signs on after it connects, proves itself by echoes and comes back by itself after a break.
 */
export class NetworkLink {
  readonly #needs: LinkNeeds;
  readonly #profile: ReturnType<typeof networkProfile>;
  readonly #pending = new PendingReplies();
  #socket: Socket | undefined;
  #up = false;
  #stopped = false;
  #attempts = 0;
  #retry: NodeJS.Timeout | undefined;
  #echo: NodeJS.Timeout | undefined;
  #lastHeard = 0;

  constructor(needs: LinkNeeds) {
    this.#needs = needs;
    this.#profile = networkProfile(needs.settings.dialect);
  }

  /** Signed on and in order. */
  get up(): boolean {
    return this.#up;
  }

  /** Whether a new request would be sent now. */
  get takes(): boolean {
    return this.#up && this.#pending.size < this.#needs.settings.maxInFlight && !this.#isChoked;
  }

  /** The network does not read what we write. */
  get #isChoked(): boolean {
    return (this.#socket?.writableLength ?? 0) > MAX_UNSENT_BYTES;
  }

  /** Requests that wait for an answer. */
  get waiting(): number {
    return this.#pending.size;
  }

  /** Begins to connect, again and again until {@link stop}. */
  start(): void {
    this.#connect();
    this.#echo = setInterval(() => void this.#proveLink(), this.#needs.settings.echoIntervalMs);
    this.#echo.unref();
  }

  /** Closes the connection; whoever waits gets `no-answer`. */
  stop(): void {
    this.#stopped = true;
    clearTimeout(this.#retry);
    clearInterval(this.#echo);
    this.#socket?.destroy();
    this.#pending.endAll({ is: 'no-answer' });
  }

  /** Sends a request once and waits at most `timeoutMs` for its answer. */
  async request(message: NetworkMessage, timeoutMs: number): Promise<LinkOutcome> {
    if (!this.#up) return { is: 'not-sent', why: 'the link is down' };
    return this.#exchange(message, timeoutMs);
  }

  async #exchange(message: NetworkMessage, timeoutMs: number): Promise<LinkOutcome> {
    const { settings } = this.#needs;
    const room = settings.maxInFlight + (message.mti === '0200' || message.mti === '0100' ? 0 : RESERVED_IN_FLIGHT);
    if (this.#pending.size >= room) return { is: 'not-sent', why: 'too many requests wait' };
    if (this.#isChoked) return { is: 'not-sent', why: 'the network does not read' };
    if (timeoutMs <= 0) return { is: 'not-sent', why: 'no time is left' };
    const socket = this.#socket;
    const bytes = await this.#sealed(message);
    if (bytes === undefined) return { is: 'not-sent', why: 'the channel has no MAC key' };
    if (socket === undefined || socket !== this.#socket || socket.destroyed) {
      return { is: 'not-sent', why: 'the link broke' };
    }
    const key = traceKey(message);
    if (this.#pending.has(key)) return { is: 'not-sent', why: 'the key is in use' };
    const outcome = this.#pending.wait(key, replyMti(message.mti), timeoutMs);
    socket.write(writeFrame(bytes));
    if (message.mti !== '0800') crashPoint('channel-sent');
    return outcome;
  }

  async #sealed(message: NetworkMessage): Promise<Buffer | undefined> {
    const key = await this.#needs.macKey();
    if (key === undefined) return undefined;
    const { bytes, mab, macAt } = packForMac(this.#profile, message);
    const profile: MacProfile = this.#needs.settings.mac;
    bytes.set(await this.#needs.security.computeMac({ key, profile, data: mab }), macAt);
    return bytes;
  }

  #connect(): void {
    if (this.#stopped) return;
    const { host, port, tls, connectTimeoutMs, backOffMs } = this.#needs.settings;
    if (!this.#needs.registered()) {
      this.#retry = setTimeout(() => this.#connect(), backOffMs.first);
      this.#retry.unref();
      return;
    }
    const socket = tls === undefined ? connectTcp({ host, port }) : connectTls({ ...tls, host, port });
    this.#socket = socket;
    socket.setNoDelay(true);
    socket.setKeepAlive(true, 30_000);
    const reader = new FrameReader({ maxFrameBytes: MAX_FRAME_BYTES });
    const slow = setTimeout(() => socket.destroy(new Error('no connection in time')), connectTimeoutMs);
    socket.once(tls === undefined ? 'connect' : 'secureConnect', () => {
      clearTimeout(slow);
      void this.#signOn(socket);
    });
    socket.on('data', (chunk: Buffer) => this.#take(socket, reader, chunk));
    socket.on('error', (error) => this.#needs.log.warn('card network link', { why: error.message }));
    socket.on('close', () => {
      clearTimeout(slow);
      if (this.#socket === socket) this.#broken();
    });
  }

  #broken(): void {
    if (this.#up) this.#needs.log.warn('card network link is down', { waiting: this.#pending.size });
    this.#up = false;
    this.#socket = undefined;
    // What was sent may have arrived: each request goes on to its own deadline, a late answer comes over the next connection.
    if (this.#stopped) return;
    const { first, longest } = this.#needs.settings.backOffMs;
    const pause = Math.min(longest, first * 2 ** Math.min(this.#attempts, 20));
    this.#attempts += 1;
    this.#retry = setTimeout(() => this.#connect(), pause);
    this.#retry.unref();
  }

  async #signOn(socket: Socket): Promise<void> {
    const signedOn = await this.#manage('001').catch(() => false);
    if (socket !== this.#socket || this.#stopped) return;
    if (!signedOn) {
      socket.destroy();
      return;
    }
    this.#attempts = 0;
    this.#up = true;
    this.#needs.log.info('card network link is up', { dialect: this.#needs.settings.dialect });
  }

  async #proveLink(): Promise<void> {
    const { echoIntervalMs } = this.#needs.settings;
    const socket = this.#socket;
    if (!this.#up || socket === undefined || performance.now() - this.#lastHeard < echoIntervalMs) return;
    const alive = await this.#manage('301').catch(() => false);
    if (!alive && socket === this.#socket) socket.destroy(new Error('no answer to an echo'));
  }

  /** 001 sign-on, 301 echo; true when the network answers 00. */
  async #manage(code: '001' | '301'): Promise<boolean> {
    const { transmittedAt, stan, acquirer } = await this.#needs.trace();
    const message: NetworkMessage = { mti: '0800', fields: { 7: transmittedAt, 11: stan, 32: acquirer, 70: code } };
    const outcome = await this.#exchange(message, this.#needs.settings.replyTimeoutMs);
    return outcome.is === 'answered' && outcome.reply.fields[39] === '00';
  }

  #take(socket: Socket, reader: FrameReader, chunk: Buffer): void {
    this.#lastHeard = performance.now();
    try {
      reader.push(chunk);
      for (let frame = reader.next(); frame !== undefined; frame = reader.next()) {
        // A view of a chunk that the reader may reuse; the answer is read after an await.
        void this.#takeReply(Buffer.from(frame));
      }
    } catch (error) {
      socket.destroy(error as Error);
    }
  }

  async #takeReply(bytes: Buffer): Promise<void> {
    try {
      const reply = unpack(this.#profile, bytes);
      const trusted = await this.#trusts(reply, bytes);
      const key = traceKey(reply);
      if (this.#pending.end(key, reply.mti, trusted ? { is: 'answered', reply } : { is: 'untrusted' })) return;
      if (trusted) this.#needs.onUnmatched(reply);
      else this.#needs.log.warn('a reply of the card network was dropped', { why: 'its MAC is wrong' });
    } catch (error) {
      this.#needs.log.warn('a reply of the card network was dropped', { why: (error as Error).message });
    }
  }

  async #trusts(reply: NetworkMessage, bytes: Buffer): Promise<boolean> {
    const { mac, mab } = peek(this.#profile, bytes);
    if (mac === undefined || reply.fields[macFieldOf(this.#profile, reply)] === undefined) return reply.mti === '0810';
    const key = await this.#needs.macKey();
    if (key === undefined) return false;
    return this.#needs.security.verifyMac({ key, profile: this.#needs.settings.mac, data: mab, mac });
  }
}

/** The key by which the network matches (domain 2.3). */
export const traceKey = ({ fields }: NetworkMessage): string => `${fields[7]}.${fields[11]}.${fields[32]}`;
