import type { ConnectionOptions } from 'node:tls';
import type { MacProfile, PinFormat } from '@tillstream/crypto';
import { DEFAULT_DEBT_LINES, type DebtLines } from '@tillstream/domain/limit/funding';
import type { LimitPlan, MerchantType } from '@tillstream/domain/limit/limit';
import { DEFAULT_LIMITS } from '@tillstream/domain/limit/limit';
import type { SameDayRefund } from '@tillstream/domain/payment/decide';
import { REFUND_WINDOW_DAYS } from '@tillstream/domain/payment/decide';
import { RETRY_PAUSES_MS, type RetryPauses } from '@tillstream/domain/payment/retry';

/** Where the card network is and how one speaks to it. */
export interface ChannelLinkOptions {
  /** Channel id, as registered by a `ChannelRegistered` fact. */
  readonly id: string;
  readonly host: string;
  readonly port: number;
  readonly dialect: 'ascii' | 'bcd';
  /** TLS when given. */
  readonly tls?: ConnectionOptions;
  readonly mac?: MacProfile;
  /** PIN blocks towards the channel. */
  readonly pinFormat?: PinFormat;
  readonly connectTimeoutMs?: number;
  /** An 0800 echo goes out when nothing else proved the link for so long. */
  readonly echoIntervalMs?: number;
  /** How long an 0800 may stay unanswered before the link counts as broken. */
  readonly replyTimeoutMs?: number;
  /** New payments stop when so many requests wait for an answer; what undoes or advises has 128 more. */
  readonly maxInFlight?: number;
  /** Pause before the next connection: doubled from first to longest. */
  readonly backOffMs?: { readonly first: number; readonly longest: number };
}

/** Settings of the authorization service. */
export interface AuthorizationOptions {
  readonly channel: ChannelLinkOptions;
  /** How long a 0200 may wait for the channel. */
  readonly channelTimeoutMs: number;
  /** How long one try of an 0220 or 0420 waits; as `channelTimeoutMs` unless given. */
  readonly adviceTimeoutMs?: number;
  /** Time kept before `answerBy` for storing an outcome and answering, so that 98 can still be said. */
  readonly marginMs?: number;
  /** Pauses between the tries of a reversal or advice, ms; the last one repeats. As domain 3.2 unless given. */
  readonly retryMs?: RetryPauses;
  readonly sameDayRefund?: SameDayRefund;
  /** Pause between two looks for holds that have lapsed (domain 3.6). */
  readonly expiryIntervalMs?: number;
  readonly refundWindowDays?: number;
  readonly limits?: Readonly<Record<MerchantType, LimitPlan>>;
  /** Merchant categories that may hold money (domain 3.6, a convention); every one unless given. */
  readonly preAuthMccs?: ReadonlySet<string> | 'every';
  /** How far refunds may bring a merchant into debt, fen; none for MICRO and 10,000 yuan else unless given (domain 3.5). */
  readonly debtLines?: DebtLines;
  /** Payments kept in memory. */
  readonly cachedPayments?: number;
  /** Undecided operations beyond which no new payment is taken up; 20,000. */
  readonly mostUndecided?: number;
  /** Payment facts that the books have not taken in, beyond which no new payment is taken up; 200,000. */
  readonly mostUnbooked?: number;
}

/** The options with nothing left open. */
export interface AuthorizationSettings extends Required<Omit<AuthorizationOptions, 'channel'>> {
  readonly channel: Required<Omit<ChannelLinkOptions, 'tls'>> & Pick<ChannelLinkOptions, 'tls'>;
}

const usualMac: MacProfile = { macAlgorithm: 'unionpay-ecb', macKeyMode: 'tdes16' };

/** Fills in what was left out. @throws RangeError naming the setting that cannot be. */
export function settingsOf(options: AuthorizationOptions): AuthorizationSettings {
  const settings: AuthorizationSettings = {
    channelTimeoutMs: options.channelTimeoutMs,
    adviceTimeoutMs: options.adviceTimeoutMs ?? options.channelTimeoutMs,
    marginMs: options.marginMs ?? 100,
    retryMs: options.retryMs ?? RETRY_PAUSES_MS,
    expiryIntervalMs: options.expiryIntervalMs ?? 10_000,
    sameDayRefund: options.sameDayRefund ?? 'partial-or-other-terminal',
    refundWindowDays: options.refundWindowDays ?? REFUND_WINDOW_DAYS,
    limits: options.limits ?? DEFAULT_LIMITS,
    preAuthMccs: options.preAuthMccs ?? 'every',
    debtLines: options.debtLines ?? DEFAULT_DEBT_LINES,
    cachedPayments: options.cachedPayments ?? 20_000,
    mostUndecided: options.mostUndecided ?? 20_000,
    mostUnbooked: options.mostUnbooked ?? 200_000,
    channel: {
      mac: usualMac,
      pinFormat: 'iso-0',
      connectTimeoutMs: 5_000,
      echoIntervalMs: 30_000,
      replyTimeoutMs: 5_000,
      maxInFlight: 1_000,
      backOffMs: { first: 100, longest: 5_000 },
      ...options.channel,
    },
  };
  const {
    channelTimeoutMs,
    adviceTimeoutMs,
    expiryIntervalMs,
    marginMs,
    retryMs,
    cachedPayments,
    mostUndecided,
    mostUnbooked,
  } = settings;
  const positive = {
    channelTimeoutMs,
    adviceTimeoutMs,
    expiryIntervalMs,
    cachedPayments,
    mostUndecided,
    mostUnbooked,
    retryMs: Math.min(...retryMs),
  };
  for (const [name, value] of Object.entries(positive)) {
    if (!(Number.isFinite(value) && value > 0)) throw new RangeError(`${name}: must be above 0`);
  }
  if (!(marginMs >= 0 && marginMs < channelTimeoutMs)) {
    throw new RangeError('marginMs: must be at least 0 and below channelTimeoutMs');
  }
  return settings;
}
