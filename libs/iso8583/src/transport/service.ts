import { BaseRpcContext, type MessageHandler } from '@nestjs/microservices';
import { from, isObservable, lastValueFrom, of } from 'rxjs';
import { replyMti } from '../check.ts';
import { peekLoosely } from '../codec/peek.ts';
import { openEnvelope, replyTpdu, sealEnvelope, type Envelope } from '../framing/envelope.ts';
import { writeFrame } from '../framing/frame-reader.ts';
import { IsoError } from '../iso-error.ts';
import type { IsoMessage, Profile } from '../spec/profile.ts';
import type { FrameGuard } from './frame-guard.ts';
import { IsoRequest, SILENCE, type IsoReply, type Peer } from './iso-request.ts';
import type { ServerEvent } from './iso-server.ts';
import type { RouteTable } from './routes.ts';
import type { Served } from './server-connection.ts';

/** Where serving a message failed. */
export type ServiceFault = 'framing' | 'guard' | 'handler' | 'seal';

type Handler = MessageHandler<unknown, BaseRpcContext, unknown>;
type Answer = IsoReply | typeof SILENCE;

/** The road of one message: envelope, lengths, guard, content, handler, seal. Rejects never; what fails is told and unanswered. */
export class Service<P extends Profile, S> {
  readonly #profile: P;
  readonly #guard: FrameGuard<P, S>;
  readonly #enveloped: boolean;
  readonly #routes: RouteTable<Handler>;
  readonly #tell: (event: ServerEvent) => void;

  constructor(
    options: { profile: P; guard: FrameGuard<P, S>; envelope?: 'tpdu' | 'none' },
    routes: RouteTable<Handler>,
    tell: (event: ServerEvent) => void,
  ) {
    this.#profile = options.profile;
    this.#guard = options.guard;
    this.#enveloped = options.envelope !== 'none';
    this.#routes = routes;
    this.#tell = tell;
  }

  /** Tells about a fault of a connection or message. */
  report(peer: Peer, where: ServiceFault, error: unknown): void {
    if (error instanceof IsoError) this.#tell({ is: 'malformed', peer, error });
    else this.#tell({ is: 'failed', peer, where, error });
  }

  /** Serves one frame's body. */
  async serve(peer: Peer, body: Buffer): Promise<Served> {
    const request = this.#open(peer, body);
    if (request === undefined) return undefined;
    const answer = await this.#decide(request);
    if (answer === 'close') return 'close';
    if (answer === SILENCE) return undefined;
    try {
      return await this.#seal(request, answer);
    } catch (error) {
      this.#tell({ is: 'failed', peer, where: 'seal', error });
      return undefined;
    }
  }

  /** Without a readable MTI and bitmap there is nobody to answer to. */
  #open(peer: Peer, body: Buffer): IsoRequest<P, S> | undefined {
    try {
      const opened: (Envelope & { message: Buffer }) | undefined = this.#enveloped ? openEnvelope(body) : undefined;
      const message = opened?.message ?? body;
      const envelope = opened === undefined ? undefined : { tpdu: opened.tpdu, header: opened.header };
      return new IsoRequest<P, S>(this.#profile, peer, envelope, message, peekLoosely(this.#profile, message));
    } catch (error) {
      this.report(peer, 'framing', error);
      return undefined;
    }
  }

  async #decide(request: IsoRequest<P, S>): Promise<Answer | 'close'> {
    if (request.peeked.fault !== undefined) return this.#refuse(request, request.peeked.fault);
    try {
      const admission = await this.#guard.admit(request);
      if (admission.is === 'silence') return SILENCE;
      if (admission.is === 'close') return 'close';
      if (admission.is === 'answer') return admission.reply;
      request.session = admission.session;
    } catch (error) {
      this.#tell({ is: 'failed', peer: request.peer, where: 'guard', error });
      return SILENCE;
    }
    return this.#handle(request);
  }

  async #handle(request: IsoRequest<P, S>): Promise<Answer> {
    try {
      const handler = this.#routes.find(request.message as IsoMessage);
      if (handler === undefined)
        throw new IsoError('MTI', 'no handler takes this message', 'a message that this host serves');
      const result: unknown = await handler(request, new BaseRpcContext([request]));
      const answer = await lastValueFrom(isObservable(result) ? from(result) : of(result), { defaultValue: SILENCE });
      return (answer ?? SILENCE) as Answer;
    } catch (error) {
      return this.#refuse(request, error);
    }
  }

  async #refuse(request: IsoRequest<P, S>, error: unknown): Promise<Answer> {
    this.report(request.peer, 'handler', error);
    try {
      return await this.#guard.refuse(request, error);
    } catch (failure) {
      this.#tell({ is: 'failed', peer: request.peer, where: 'guard', error: failure });
      return SILENCE;
    }
  }

  async #seal(request: IsoRequest<P, S>, reply: IsoReply): Promise<Buffer> {
    const message: IsoMessage = { mti: reply.mti ?? replyMti(request.peeked.mti), fields: reply.fields };
    const bytes = await this.#guard.seal(request, message);
    const { envelope } = request;
    if (envelope === undefined) return writeFrame(bytes);
    const header = { ...envelope.header, demand: reply.demand ?? '0' };
    return sealEnvelope({ tpdu: replyTpdu(envelope.tpdu), header }, bytes);
  }
}
