import { uuidFrom } from '../keys/fresh-uuid.ts';
import { IsoError, SILENCE, type IsoReply } from '@tillstream/iso8583';
import type { CommandClient } from '@tillstream/messaging';
import type { BusinessClock, Log, MachineClock } from '@tillstream/service-kit';
import type { RandomSource } from '@tillstream/crypto';
import { malformedReply } from '../guard/terminal-guard.ts';
import type { TerminalRequest, TerminalSession } from '../guard/terminal-session.ts';
import type { Traffic } from '../guard/traffic.ts';
import type { SessionKeys } from '../keys/session-keys.ts';
import { HostClock, type HostTime } from '../translate/host-time.ts';
import { isServedPayment, type CommandFrame } from '../translate/payments.ts';
import { plainReply } from '../translate/replies.ts';

/** What a handler comes to. */
export type Reply = IsoReply | typeof SILENCE;

/** How a command ended: answered, known to have been taken up by nobody (`isSent`: it left this process), or neither is known. */
export type Asked<Answer> =
  | { readonly is: 'answer'; readonly answer: Answer }
  | { readonly is: 'not-taken'; readonly isSent: boolean }
  | { readonly is: 'unknown' };

/** What exchanges need. */
export interface ExchangeSettings {
  readonly commands: CommandClient;
  readonly keys: SessionKeys;
  readonly businessClock: BusinessClock;
  readonly machineClock: MachineClock;
  readonly cutOffMinutes: number;
  readonly answerBudgetMs: number;
  readonly random: RandomSource;
  readonly log: Log;
  readonly traffic: Traffic;
}

/** What every handler does around its own rule: the refusals of the sender, commands, faults, silence, the header's demand. */
export class Exchanges {
  readonly #settings: ExchangeSettings;
  readonly #hostClock: HostClock;

  constructor(settings: ExchangeSettings) {
    this.#settings = settings;
    this.#hostClock = new HostClock(settings.businessClock, settings.cutOffMinutes);
  }

  /**
   * Runs a handler for an authenticated request. A malformed sub-field is answered 30; any other fault is silence, because a
   * command may already be on its way and the terminal must then reverse or repeat (design 6).
   */
  async serve(request: TerminalRequest, work: (session: TerminalSession) => Promise<Reply>): Promise<Reply> {
    const { traffic } = this.#settings;
    traffic.inFlight += 1;
    try {
      const { session } = request;
      if (session === undefined) throw new Error('a handler was called for a request without a session');
      // Of a payment that we serve authorization alone knows whether it is new (design 6, Repeats).
      const isUnserved = isNewPayment(request) && !isServedPayment(request.spec.id);
      const code = session.refusal ?? (isUnserved ? session.paymentRefusal : null);
      const reply = code === null ? await work(session) : this.plain(request, code);
      if (reply === SILENCE) traffic.silent += 1;
      return reply === SILENCE ? SILENCE : { ...reply, demand: this.#demandOf(session) };
    } catch (error) {
      return this.#failed(request, error);
    } finally {
      traffic.inFlight -= 1;
    }
  }

  /** Sends a command to the one writer of its merchant. Rejects never. */
  async ask<Answer>(
    pattern: string,
    command: { readonly merchantId: string; readonly answerBy: number },
  ): Promise<Asked<Answer>> {
    try {
      const payload = Buffer.from(JSON.stringify(command));
      const outcome = await this.#settings.commands.request(pattern, command.merchantId, payload, command.answerBy);
      if (outcome.kind === 'answer')
        return { is: 'answer', answer: JSON.parse(outcome.payload.toString('utf8')) as Answer };
      if (outcome.kind === 'not-taken')
        this.#settings.log.warn('a command was not taken up', { pattern, why: outcome.why });
      return outcome.kind === 'not-taken'
        ? { is: 'not-taken', isSent: outcome.isTransportDown !== true }
        : { is: 'unknown' };
    } catch (error) {
      this.#settings.log.error('the outcome of a command is not known', { pattern, error });
      return { is: 'unknown' };
    }
  }

  /** Who asks, until when, and the correlation of everything that follows. */
  frame({ terminal, paymentRefusal }: TerminalSession): CommandFrame {
    const { machineClock, answerBudgetMs, random } = this.#settings;
    const barred =
      paymentRefusal === null ? undefined : paymentRefusal === '03' ? 'merchant-not-valid' : 'terminal-not-valid';
    return { terminal, answerBy: machineClock.now() + answerBudgetMs, correlation: uuidFrom(random), barred };
  }

  /** A reply that says no more than F39. */
  plain(request: TerminalRequest, code: string): IsoReply {
    return { fields: plainReply(request.message, code, this.now()) };
  }

  /** One new payment was told 91 or 96 unread. */
  turnedAway(): void {
    this.#settings.traffic.turnedAway += 1;
  }

  now(): HostTime {
    return this.#hostClock.now();
  }

  /** One line about something that a person should look at; nothing of the message but who and which. */
  complain(request: TerminalRequest, what: string, error: unknown): void {
    const { mti, f41 } = request.peeked;
    this.#settings.log.error(what, { mti, terminal: f41, error });
  }

  #failed(request: TerminalRequest, error: unknown): Reply {
    const { traffic, log } = this.#settings;
    if (error instanceof IsoError) {
      const { path, problem, expected } = error;
      traffic.malformed += 1;
      log.warn('malformed message', { path, problem, expected, terminal: request.peeked.f41 });
      return malformedReply(request);
    }
    traffic.silent += 1;
    this.complain(request, 'a message could not be served', error);
    return SILENCE;
  }

  /** 3 asks for a sign-in; keys never lapse in mid-trade (domain 2.6). */
  #demandOf({ terminal, set }: TerminalSession): string {
    return set !== null && this.#settings.keys.isStale(terminal, set) ? '3' : '0';
  }
}

/** New payments alone are told about blocks and load; what undoes or reports never is (design 6). */
export function isNewPayment(request: TerminalRequest): boolean {
  return request.peeked.mti === '0100' || request.peeked.mti === '0200';
}
