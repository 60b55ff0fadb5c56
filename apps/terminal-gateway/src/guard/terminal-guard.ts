import type { SecurityModule } from '@tillstream/crypto';
import {
  IsoError,
  pack,
  packForMac,
  SILENCE,
  terminalProfile,
  type Admission,
  type FrameGuard,
  type IsoMessage,
  type IsoReply,
  type TerminalMessage,
} from '@tillstream/iso8583';
import type { Log } from '@tillstream/service-kit';
import type { KeySet } from '../keys/key-set.ts';
import type { SessionKeys } from '../keys/session-keys.ts';
import { macProfileOf } from '../keys/mac-profiles.ts';
import type { Found, RegisteredTerminal, TerminalRegistry } from '../registry/terminal-registry.ts';
import type { TerminalRequest, TerminalSession } from './terminal-session.ts';
import type { Traffic } from './traffic.ts';

/** Whether a message must carry a MAC, by its MTI; what is not here is no request of the profile (domain 2.6). */
const macRule: ReadonlyMap<string, 'required' | 'optional'> = new Map(
  terminalProfile.messages.flatMap(({ mti, mac }) => mti.map((one) => [one, mac] as const)),
);

/** New payments: the only messages that a block or a missing registration holds up (design 6). */
const isNewPayment = (mti: string): boolean => mti === '0100' || mti === '0200';
const isSignIn = (mti: string): boolean => mti === '0800';

/** What the guard needs. */
export interface TerminalGuardSettings {
  readonly registry: TerminalRegistry;
  readonly keys: SessionKeys;
  readonly security: SecurityModule;
  readonly log: Log;
  readonly traffic: Traffic;
}

/**
 * Decides from bitmap, F41, F42 and F64 alone who a message is from and whether it is genuine, before anything else of it is
 * read (design 10), and seals replies under the set that verified the request.
 */
export class TerminalGuard implements FrameGuard<typeof terminalProfile, TerminalSession> {
  readonly #settings: TerminalGuardSettings;

  constructor(settings: TerminalGuardSettings) {
    this.#settings = settings;
  }

  async admit(request: TerminalRequest): Promise<Admission<TerminalSession>> {
    const { mti, f41, f42 } = request.peeked;
    if (!macRule.has(mti)) return { is: 'close' };
    if (f41 === undefined || f42 === undefined)
      return this.#refused(request, '30', 'without terminal or merchant number');
    const found = await this.#find(f41, f42);
    if (found.is === 'unknown') return this.#refused(request, '97', 'unknown terminal');
    const { terminal } = found;
    const why = notServed(terminal, mti);
    if (why !== undefined) return this.#refused(request, '97', why);
    try {
      return await this.#authenticate(request, found);
    } catch (error) {
      // Nothing of the message was passed on, so a new payment may be told so; whatever reports is sent again.
      this.#settings.log.error('a message could not be authenticated', { terminal: terminal.terminalId, error });
      return isNewPayment(mti) ? { is: 'answer', reply: bareReply(request, '91') } : { is: 'silence' };
    }
  }

  async seal(request: TerminalRequest, reply: IsoMessage): Promise<Buffer> {
    const message = reply as TerminalMessage;
    const set = request.session?.set;
    if (set === null || set === undefined) {
      const bytes = pack(terminalProfile, message);
      this.#settings.traffic.answered += 1;
      return bytes;
    }
    const { bytes, mab, macAt } = packForMac(terminalProfile, message);
    const mac = await this.#settings.security.computeMac({ key: set.keys, profile: set.mac, data: mab });
    mac.copy(bytes, macAt);
    this.#settings.traffic.answered += 1;
    return bytes;
  }

  refuse(request: TerminalRequest, error: unknown): IsoReply | typeof SILENCE {
    if (!(error instanceof IsoError) || !macRule.has(request.peeked.mti)) {
      this.#settings.traffic.silent += 1;
      return SILENCE;
    }
    return malformedReply(request);
  }

  async #find(f41: string, f42: string): Promise<Found> {
    const { registry } = this.#settings;
    const found = registry.find(f41, f42);
    if (found.is !== 'unknown') return found;
    await registry.caughtUp();
    return registry.find(f41, f42);
  }

  async #authenticate(
    request: TerminalRequest,
    found: Exclude<Found, { is: 'unknown' }>,
  ): Promise<Admission<TerminalSession>> {
    const { mti, mac, mab } = request.peeked;
    const { terminal } = found;
    if (mac === undefined) {
      if (macRule.get(mti) === 'required') return this.#refused(request, 'A0', 'without MAC');
      return { is: 'admit', session: sessionOf(found, null) };
    }
    const verified = await this.#settings.keys.verify(terminal, mab, mac);
    if (verified.is === 'right') return { is: 'admit', session: sessionOf(found, verified.set) };
    // A sign-in is the way out of having no keys, so its MAC cannot be held against it.
    if (verified.is === 'no-keys' && isSignIn(mti)) return { is: 'admit', session: sessionOf(found, null) };
    return verified.is === 'no-keys'
      ? this.#refused(request, '77', 'no keys for this terminal')
      : this.#refused(request, 'A0', 'wrong MAC');
  }

  #refused(request: TerminalRequest, code: string, why: string): Admission<TerminalSession> {
    const { traffic, log } = this.#settings;
    traffic.refused += 1;
    const { mti, f41 } = request.peeked;
    // F42 is as long as some card numbers; of a sender that nobody knows it is not written down.
    log.warn('message refused', { why, code, mti, terminal: f41, peer: request.peer.remoteAddress });
    return { is: 'answer', reply: bareReply(request, code) };
  }
}

function notServed({ is, profile }: RegisteredTerminal, mti: string): string | undefined {
  if (macProfileOf(profile, '003') === undefined) return 'its message profile is not described';
  return is === 'retired' && (isNewPayment(mti) || isSignIn(mti)) ? 'retired terminal' : undefined;
}

function sessionOf(found: Exclude<Found, { is: 'unknown' }>, set: KeySet | null): TerminalSession {
  const { terminal } = found;
  if (found.is === 'other-merchant') return { terminal, set, refusal: '03', paymentRefusal: '03' };
  const ofAnotherDevice = set !== null && set.masterKey !== terminal.masterKey;
  const blocked = terminal.is === 'blocked' || found.merchant === 'blocked' || ofAnotherDevice;
  const paymentRefusal = found.merchant === 'missing' ? '03' : blocked ? '58' : null;
  return { terminal, set, refusal: null, paymentRefusal };
}

/** A reply that says no more than F39; nothing but what was peeked at is known. */
function bareReply(request: TerminalRequest, code: string): IsoReply {
  const { stan, f41, f42 } = request.peeked;
  return {
    fields: {
      ...(stan === undefined ? {} : { 11: stan }),
      ...(f41 === undefined ? {} : { 41: f41 }),
      ...(f42 === undefined ? {} : { 42: f42 }),
      39: code,
    },
  };
}

/** 30, which goes without a MAC whoever asked (domain 2.6). */
export function malformedReply(request: TerminalRequest): IsoReply {
  request.session = undefined;
  return bareReply(request, '30');
}
