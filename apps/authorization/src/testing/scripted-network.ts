import { createServer, type Server, type Socket } from 'node:net';
import { computeMac, macMatches, type MacProfile } from '@tillstream/crypto';
import {
  check,
  FrameReader,
  networkProfile,
  packWithMac,
  peek,
  replyMti,
  unpack,
  writeFrame,
  type NetworkMessage,
} from '@tillstream/iso8583';

/** What the network does with one request. */
export interface Scripted {
  readonly code?: string;
  readonly authCode?: string;
  /** F15, MMDD. */
  readonly clearing?: string;
  /** F4 of the answer; as asked unless given. */
  readonly amount?: string;
  readonly balance?: string;
  /** ms. */
  readonly after?: number;
  /** Never answered. */
  readonly lost?: boolean;
  /** Answered under a wrong MAC. */
  readonly forged?: boolean;
  /** Waited for before the answer. */
  readonly until?: Promise<void>;
}

const mac: MacProfile = { macAlgorithm: 'unionpay-ecb', macKeyMode: 'tdes16' };
const profile = networkProfile('ascii');

/** A card network for specs: a real server for our own link, whose answers the spec writes. */
export class ScriptedNetwork {
  /** Financial requests, advices and reversals with a right MAC, in order. */
  readonly received: NetworkMessage[] = [];
  /** What our messages had wrong by the profile; a spec that sees one fails. */
  readonly faults: string[] = [];
  script: (message: NetworkMessage) => Scripted = () => ({});
  /** Refuses to sign on while false. */
  willing = true;
  readonly #macKey: Buffer;
  readonly #sockets = new Set<Socket>();
  #server: Server | undefined;
  #port = 0;

  constructor(macKey: Buffer) {
    this.#macKey = macKey;
  }

  get port(): number {
    return this.#port;
  }

  /** Requests of one MTI. */
  of(...mtis: string[]): NetworkMessage[] {
    return this.received.filter(({ mti }) => mtis.includes(mti));
  }

  /** Listens; again on the same port after {@link close}. */
  async open(): Promise<void> {
    const server = createServer((socket) => this.#serve(socket));
    this.#server = server;
    await new Promise<void>((resolve) => server.listen(this.#port, '127.0.0.1', resolve));
    const address = server.address();
    if (address !== null && typeof address === 'object') this.#port = address.port;
  }

  /** Breaks every connection and listens no more. */
  async close(): Promise<void> {
    const { promise, resolve } = Promise.withResolvers<void>();
    if (this.#server === undefined) resolve();
    this.#server?.close(() => resolve());
    this.dropConnections();
    await promise;
    this.#server = undefined;
  }

  /** Breaks every connection; new ones are taken. */
  dropConnections(): void {
    for (const socket of this.#sockets) socket.destroy();
  }

  #serve(socket: Socket): void {
    this.#sockets.add(socket);
    const reader = new FrameReader({ maxFrameBytes: 4_096 });
    socket.on('error', () => undefined);
    socket.on('close', () => this.#sockets.delete(socket));
    socket.on('data', (chunk: Buffer) => {
      reader.push(chunk);
      for (let frame = reader.next(); frame !== undefined; frame = reader.next()) void this.#answer(socket, frame);
    });
  }

  async #answer(socket: Socket, frame: Buffer): Promise<void> {
    const message = unpack(profile, frame);
    const { mac: given, mab } = peek(profile, frame);
    if (given === undefined || !macMatches(mac, this.#macKey, mab, given)) return;
    try {
      check(profile, message);
    } catch (error) {
      this.faults.push((error as Error).message);
      return;
    }
    if (message.mti === '0800') {
      const { 7: f7, 11: f11, 32: f32, 70: f70 } = message.fields;
      const code = this.willing ? '00' : '91';
      this.#send(socket, { mti: '0810', fields: { 7: f7, 11: f11, 32: f32, 39: code, 70: f70 } });
      return;
    }
    this.received.push(message);
    const scripted = this.script(message);
    if (scripted.lost === true) return;
    if (scripted.after !== undefined) await new Promise((resolve) => setTimeout(resolve, scripted.after));
    await scripted.until;
    this.#send(socket, replyTo(message, scripted), scripted.forged);
  }

  #send(socket: Socket, reply: NetworkMessage, forged = false): void {
    const key = forged ? Buffer.alloc(16, 7) : this.#macKey;
    // After a break the network speaks over the newest connection.
    const target = socket.destroyed ? [...this.#sockets].at(-1) : socket;
    target?.write(writeFrame(packWithMac(profile, reply, (mab) => computeMac(mac, key, mab))));
  }
}

function replyTo({ mti, fields }: NetworkMessage, scripted: Scripted): NetworkMessage {
  const { 3: f3, 4: f4, 7: f7, 11: f11, 32: f32, 37: f37, 41: f41, 42: f42, 49: f49 } = fields;
  const { code = '00', authCode = 'A12345', clearing = '1123', amount = f4, balance } = scripted;
  const approved = code === '00' || code === '10';
  return {
    mti: replyMti(mti),
    fields: {
      ...{ 3: f3, 4: amount, 7: f7, 11: f11, 15: clearing, 32: f32, 37: f37, 39: code, 41: f41, 42: f42, 49: f49 },
      ...(approved && (mti.startsWith('02') || mti.startsWith('01')) ? { 38: authCode } : {}),
      ...(balance !== undefined ? { 54: balance } : {}),
    },
  };
}
