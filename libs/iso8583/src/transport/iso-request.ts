import { check } from '../check.ts';
import type { Walked } from '../codec/peek.ts';
import { unpack } from '../codec/unpack.ts';
import type { Envelope } from '../framing/envelope.ts';
import type { IsoMessage, MessageOf, Profile } from '../spec/profile.ts';
import type { MessageSpec } from '../spec/message-spec.ts';

/** Who is at the other end. */
export interface Peer {
  /** Unique in this process, counts up. */
  readonly id: number;
  readonly remoteAddress: string;
}

/** What a handler or guard answers. MTI is the request's + 10 unless given; `demand` goes into the header (DEMANDS). */
export interface IsoReply {
  readonly mti?: string;
  readonly fields: IsoMessage['fields'];
  readonly demand?: string;
}

/** The answer of a host that must not or cannot say anything; the terminal then reverses. */
export const SILENCE = Symbol('silence');

/** One request on its way through the host. `S` is what the guard found out about the sender. */
export class IsoRequest<P extends Profile = Profile, S = unknown> {
  readonly peer: Peer;
  /** Undefined on a link without TPDU and header. */
  readonly envelope: Envelope | undefined;
  /** MTI to the last field. */
  readonly bytes: Buffer;
  readonly peeked: Walked;
  /** Set by the guard's admission. */
  session: S | undefined;
  readonly #profile: P;
  #read: { message: IsoMessage; spec: MessageSpec } | undefined;

  constructor(profile: P, peer: Peer, envelope: Envelope | undefined, bytes: Buffer, peeked: Walked) {
    this.#profile = profile;
    this.peer = peer;
    this.envelope = envelope;
    this.bytes = bytes;
    this.peeked = peeked;
  }

  /** The message, unpacked and checked at the first access; throws IsoError. */
  get message(): MessageOf<P> {
    return this.#once().message as MessageOf<P>;
  }

  /** Which of the profile's messages it is; throws IsoError. */
  get spec(): MessageSpec {
    return this.#once().spec;
  }

  #once(): { message: IsoMessage; spec: MessageSpec } {
    if (this.#read === undefined) {
      const message = unpack(this.#profile, this.bytes) as IsoMessage;
      this.#read = { message, spec: check(this.#profile, message) };
    }
    return this.#read;
  }
}

/** The named fields of the request, for a reply that echoes them. Fields that it lacks are left out. */
export function echoOf(message: IsoMessage, numbers: readonly number[]): IsoMessage['fields'] {
  const fields: IsoMessage['fields'] = {};
  for (const number of numbers) if (message.fields[number] !== undefined) fields[number] = message.fields[number];
  return fields;
}
