import gossip from '@eventstore/db-client/generated/gossip_pb.js';
import gossipGrpc from '@eventstore/db-client/generated/gossip_grpc_pb.js';
import streamsGrpc from '@eventstore/db-client/generated/streams_grpc_pb.js';
import type { AppendReq, AppendResp, ReadReq, ReadResp } from '@eventstore/db-client/generated/streams_pb.js';
import {
  Metadata,
  Server,
  ServerCredentials,
  status,
  type sendUnaryData,
  type ServerReadableStream,
  type ServerUnaryCall,
  type ServerWritableStream,
} from '@grpc/grpc-js';
import { Gate } from './gate.ts';
import { StandInLog, type LogEvent } from './log.ts';
import {
  appendAnswer,
  askedOf,
  checkpointMessage,
  confirmationMessage,
  eventMessage,
  expectedOf,
  notFoundMessage,
  proposedOf,
  streamNameOf,
  type Asked,
} from './messages.ts';

/** What happens to one append: every connection is cut before or after it is stored, or it is stored and nobody ever answers. */
export type AppendFault = 'cut-before' | 'cut-after' | 'no-answer';

/** How a stand-in differs from the usual. */
export interface StandInOptions {
  /** Where the log is kept; in memory alone when left out. */
  readonly file?: string;
  readonly port?: number;
  /** Most bytes of one append; 1 MiB, as an EventStoreDB has it unless told otherwise. */
  readonly maxAppendBytes?: number;
  /** Says no positions in reads of a stream, as servers before 22.6. */
  readonly isOld?: boolean;
}

const NOBODY_KNOWS = 2n ** 64n - 1n;

/**
 * A stand-in for an EventStoreDB: it speaks the client's gRPC protocol (append, read, subscribe with filters and checkpoints, gossip; deletes are
 * refused) over a log in memory, so that the driver's own code runs where no server can. It is no EventStoreDB: whoever reports on it says so.
 */
export class EventStoreStandIn {
  readonly log: StandInLog;
  /** Appends that came, and what is to happen to the next ones, in order. */
  appends = 0;
  readonly faults: AppendFault[] = [];
  /** Held up before each message of a subscription, and after each checkpoint of one, for as long as these say. */
  beforeMessage = (): Promise<void> => Promise.resolve();
  afterCheckpoint = (): Promise<void> => Promise.resolve();
  readonly #options: StandInOptions;
  readonly #server = new Server();
  #gate: Gate | undefined;

  private constructor(options: StandInOptions) {
    this.#options = options;
    this.log = new StandInLog(options.file);
  }

  /** Listens on 127.0.0.1, on a free port unless one is given. */
  static async start(options: StandInOptions = {}): Promise<EventStoreStandIn> {
    const standIn = new EventStoreStandIn(options);
    standIn.#addServices();
    const behind = await new Promise<number>((resolve, reject) =>
      standIn.#server.bindAsync('127.0.0.1:0', ServerCredentials.createInsecure(), (error, port) =>
        error ? reject(error) : resolve(port),
      ),
    );
    standIn.#gate = await Gate.open(behind, options.port);
    return standIn;
  }

  get port(): number {
    return this.#gate?.port ?? 0;
  }

  get url(): string {
    return `esdb://127.0.0.1:${this.port}?tls=false`;
  }

  /** Cuts every connection and refuses new ones; what is stored stays. */
  async down(): Promise<void> {
    await this.#gate?.close();
  }

  /** Takes connections again, on the same port. */
  async up(): Promise<void> {
    await this.#gate?.reopen();
  }

  /** Cuts every connection, and takes new ones. */
  cut(): void {
    this.#gate?.cut();
  }

  /** Ends for good. */
  async stop(): Promise<void> {
    await this.down();
    this.#server.forceShutdown();
  }

  #addServices(): void {
    this.#server.addService(streamsGrpc.StreamsService, {
      read: (call: ServerWritableStream<ReadReq, ReadResp>) => void this.#read(call),
      append: (call: ServerReadableStream<AppendReq, AppendResp>, answer: sendUnaryData<AppendResp>) =>
        this.#append(call, answer),
      delete: refused,
      tombstone: refused,
      batchAppend: (call: { emit(name: 'error', error: unknown): void }) =>
        call.emit('error', { code: status.UNIMPLEMENTED, details: 'the stand-in has no batched append' }),
    });
    this.#server.addService(gossipGrpc.GossipService, {
      read: (_: unknown, answer: sendUnaryData<InstanceType<typeof gossip.ClusterInfo>>) =>
        answer(null, this.#cluster()),
    });
  }

  #append(call: ServerReadableStream<AppendReq, AppendResp>, answer: sendUnaryData<AppendResp>): void {
    let options: AppendReq.Options | undefined;
    const messages: AppendReq.ProposedMessage[] = [];
    call.on('data', (request: AppendReq) => {
      options ??= request.getOptions();
      const message = request.getProposedMessage();
      if (message !== undefined) messages.push(message);
    });
    call.on('end', () => {
      if (options === undefined) return;
      this.appends += 1;
      const fault = this.faults.shift();
      if (fault === 'cut-before') return this.cut();
      const proposed = messages.map(proposedOf);
      const bytes = proposed.reduce((sum, { data }) => sum + data.length, 0);
      const most = this.#options.maxAppendBytes ?? 1024 * 1024;
      if (bytes > most) return answer(tooLarge(most));
      const written = this.log.write(streamNameOf(options), expectedOf(options), proposed);
      if (fault === 'cut-after') return this.cut();
      if (fault !== 'no-answer') answer(null, appendAnswer(written));
    });
  }

  async #read(call: ServerWritableStream<ReadReq, ReadResp>): Promise<void> {
    const asked = askedOf(call.request);
    if (typeof asked.from === 'bigint' && asked.stream === undefined && !this.log.isBoundary(asked.from)) {
      const error = { code: status.UNKNOWN, details: `no record begins at ${asked.from}` };
      call.emit('error', error);
      return;
    }
    if (asked.subscribe) return this.#subscribe(call, asked);
    if (asked.stream !== undefined && this.log.stream(asked.stream) === undefined)
      await write(call, notFoundMessage(asked.stream));
    for (const event of this.#asked(asked)) if (!(await write(call, this.#message(event, asked)))) return;
    call.end();
  }

  #asked({ stream, from, backwards, count }: Asked): readonly LogEvent[] {
    const events = stream === undefined ? this.log.events : (this.log.stream(stream) ?? []);
    const index = (at: bigint): number => (stream === undefined ? this.log.indexAt(at) : Number(at));
    if (!backwards) {
      const start = from === 'start' ? 0 : from === 'end' ? events.length : index(from);
      return events.slice(start, Math.min(events.length, start + count));
    }
    // Backwards a position of the log is excluded, and a revision included.
    const end = from === 'end' ? events.length : from === 'start' ? 0 : index(from) + (stream === undefined ? 0 : 1);
    return events.slice(Math.max(0, end - count), end).reverse();
  }

  async #subscribe(call: ServerWritableStream<ReadReq, ReadResp>, { stream, from, filter }: Asked): Promise<void> {
    let wake = (): void => undefined;
    const forget = this.log.watch(() => wake());
    let isOver = false;
    call.on('cancelled', () => {
      isOver = true;
      wake();
    });
    await write(call, confirmationMessage('stand-in'));
    const events = (): readonly LogEvent[] =>
      stream === undefined ? this.log.events : (this.log.stream(stream) ?? []);
    let next = from === 'start' ? 0 : from === 'end' ? events().length : this.#behind(stream, from);
    for (let looked = 0; !isOver;) {
      const event = events()[next];
      if (event === undefined) {
        await new Promise<void>((resolve) => (wake = resolve));
        continue;
      }
      await this.beforeMessage();
      next += 1;
      const wanted = filter === undefined || filter.wants(event);
      if (wanted && !(await write(call, this.#message(event, { stream })))) break;
      looked += 1;
      if (filter === undefined || looked % filter.checkpointEvery !== 0) continue;
      // The server names now the event that it looked at last, now the place where it looks next.
      const isNext = (looked / filter.checkpointEvery) % 2 === 1;
      const place = isNext ? (events()[next]?.position ?? this.log.end) : event.position;
      if (!(await write(call, checkpointMessage(place)))) break;
      await this.afterCheckpoint();
    }
    forget();
  }

  #behind(stream: string | undefined, from: bigint): number {
    if (stream !== undefined) return Number(from) + 1;
    const at = this.log.indexAt(from);
    return this.log.events[at]?.position === from ? at + 1 : at;
  }

  #message(event: LogEvent, { stream }: Pick<Asked, 'stream'>): ReadResp {
    return eventMessage(event, stream !== undefined && this.#options.isOld === true ? NOBODY_KNOWS : event.position);
  }

  #cluster() {
    const member = new gossip.MemberInfo();
    member.setState(gossip.MemberInfo.VNodeState.LEADER);
    member.setIsAlive(true);
    const endPoint = new gossip.EndPoint();
    endPoint.setAddress('127.0.0.1');
    endPoint.setPort(this.port);
    member.setHttpEndPoint(endPoint);
    const cluster = new gossip.ClusterInfo();
    cluster.setMembersList([member]);
    return cluster;
  }
}

/** Writes when the other side can take it; false when it is gone. */
async function write(call: ServerWritableStream<ReadReq, ReadResp>, message: ReadResp): Promise<boolean> {
  if (call.cancelled) return false;
  if (call.write(message)) return true;
  await new Promise<void>((resolve) => {
    const go = (): void => {
      call.off('drain', go).off('cancelled', go);
      resolve();
    };
    call.on('drain', go).on('cancelled', go);
  });
  return !call.cancelled;
}

function refused(_: ServerUnaryCall<unknown, unknown>, answer: sendUnaryData<never>): void {
  const metadata = new Metadata();
  metadata.set('exception', 'access-denied');
  answer({ code: status.PERMISSION_DENIED, details: 'facts are never removed', metadata });
}

function tooLarge(most: number) {
  const metadata = new Metadata();
  metadata.set('exception', 'maximum-append-size-exceeded');
  metadata.set('maximum-append-size', String(most));
  return { code: status.INVALID_ARGUMENT, details: `maximum append size of ${most} exceeded`, metadata };
}
