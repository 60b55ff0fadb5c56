import { businessDateAt } from '@tillstream/domain/calendar/business-date';
import type { BusinessDate } from '@tillstream/domain/fact';
import type { PaymentAnswer, PaymentReply } from '@tillstream/domain/payment/commands';
import { responseCodeOf } from '@tillstream/domain/payment/refusals';
import type { ChannelTrace } from '@tillstream/domain/payment/parts';
import type { Platform } from '@tillstream/service-kit';
import type { CardNetwork } from './channel/card-network.ts';
import type { NetworkLink } from './channel/network-link.ts';
import type { ClearingDay } from './channel/clearing-day.ts';
import type { Figures } from './figures.ts';
import type { CardRows } from './intake/card-rows.ts';
import type { WrappedKeys } from './intake/wrapped-keys.ts';
import type { FundingBook } from './limits/funding-book.ts';
import type { LimitBook } from './limits/limit-book.ts';
import type { References } from './numbers/references.ts';
import type { AuthorizationSettings } from './options.ts';
import type { TurnedAway } from './operations/turned-away.ts';
import type { PaymentStreams } from './payments/payment-streams.ts';
import type { RegisteredChannel, Registry } from './registry/registry.ts';
import type { PaymentIndex } from './rows/payment-index.ts';

/** The operations that somebody has to bring to an end (design 6); the resolver. */
export interface Owner {
  /** Takes an operation over; it is looked at after `delayMs`, at once for 0. */
  own(work: {
    readonly paymentId: string;
    readonly operationId: string;
    readonly merchantId: string;
    readonly delayMs?: number;
    /** Called when its payment turns out not to hold the operation. */
    readonly unlessStored?: () => void;
    /** Another process may be asking the channel: it is not given up before its `answerBy` has passed. */
    readonly patient?: boolean;
  }): void;
  /** Whether the operation is owned already. */
  owns(operationId: string): boolean;
  /** Operations that are owned now. */
  readonly count: number;
}

/** Requests whose answer did not come, so that a late one finds its operation. */
export interface Unanswered {
  remember(
    trace: ChannelTrace,
    of: { readonly paymentId: string; readonly operationId: string; readonly merchantId: string },
  ): void;
}

/** Everything that the operations work with. */
export interface Desk {
  readonly platform: Platform;
  readonly settings: AuthorizationSettings;
  readonly streams: PaymentStreams;
  readonly registry: Registry;
  readonly limits: LimitBook;
  readonly funding: FundingBook;
  readonly index: PaymentIndex;
  readonly references: References;
  readonly keys: WrappedKeys;
  readonly cards: CardRows;
  readonly link: NetworkLink;
  readonly network: CardNetwork;
  readonly clearingDay: ClearingDay;
  readonly owner: Owner;
  readonly turnedAway: TurnedAway;
  readonly unanswered: Unanswered;
  readonly figures: Figures;
}

/**
 * Whether a new 0100 or 0200 is taken up now. What is undecided has to be remembered until it is decided, so its number is bounded where
 * it begins: beyond `mostUndecided` there is no new payment, and everything that decides goes on. Likewise what the books have not taken
 * in is remembered for the refunds' sake (`mostUnbooked`): a ledger that stands still stops new payments, not what undoes.
 */
export const takesNew = (desk: Desk, merchantId: string): boolean =>
  desk.index.readyFor(merchantId) &&
  desk.link.takes &&
  desk.owner.count < desk.settings.mostUndecided &&
  desk.funding.unbooked < desk.settings.mostUnbooked;

/** Nothing is said, so that the terminal keeps its message or reverses. */
export const silence: PaymentAnswer = { kind: 'silence' };

/** A reply that says a code and, when known, the reference. */
export const replyWith = (responseCode: string, rrn: string | null = null): PaymentReply => ({
  kind: 'answer',
  responseCode,
  amount: null,
  rrn,
  authCode: null,
  clearingDate: null,
  scheme: null,
  issuer: null,
  balance: null,
});

/** Of a new 0200 that was not taken up and of which nothing is stored: for load, for the link, and until its key is loaded. */
export const notTaken: PaymentReply = { ...replyWith('91'), nothingStored: true };
/** Likewise, of one whose card cannot be opened. */
export const cannotTake: PaymentReply = { ...replyWith('96'), nothingStored: true };
/** Likewise, of one under a batch that has ended (domain 2.7): the terminal signs in and does it again. */
export const batchEnded: PaymentReply = replyWith(responseCodeOf['batch-ended']);
/** Whether an answer says that nothing is stored and nothing will be. */
export const saysNothingStored = (answer: PaymentAnswer): boolean =>
  answer === notTaken || answer === cannotTake || answer === batchEnded;

/** The trade date now: the business clock and the cut-off (domain 4.2). */
export const tradeDateNow = ({ businessClock, cutOffMinutes }: Platform): BusinessDate =>
  businessDateAt(businessClock.now().getTime(), cutOffMinutes);

/** The channel that this service speaks to, or undefined until it is registered. */
export const channelOf = ({ registry, settings }: Desk): RegisteredChannel | undefined =>
  registry.channel(settings.channel.id);

/** The actor of facts that a terminal's message leads to. */
export const byTerminal = ({ acquirer, terminalId }: { acquirer: string; terminalId: string }): string =>
  `terminal:${acquirer}.${terminalId}`;
/** The actor of facts that the channel's answers lead to. */
export const byChannel = (desk: Desk): string => `channel:${desk.settings.channel.id}`;
/** The actor of what we do by ourselves. */
export const BY_US = 'service:authorization';
