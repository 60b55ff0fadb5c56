import { shanghaiTime } from '@tillstream/domain/calendar/business-date';
import { monthDayOf } from '@tillstream/domain/calendar/month-day';
import type { BusinessDate } from '@tillstream/domain/fact';
import {
  isAdviceKind,
  type ChannelTrace,
  type OperationKind,
  type OperationRef,
} from '@tillstream/domain/payment/parts';
import { isApprovalCode, isDoubtCode } from '@tillstream/domain/payment/refusals';
import type { Operation } from '@tillstream/domain/payment/state';
import { formatF90, parseF54, type NetworkMessage } from '@tillstream/iso8583';
import { fen, type Fen } from '@tillstream/money';
import { inSpan, SpanKind, type BusinessClock } from '@tillstream/service-kit';
import { clearingDateOf } from './clearing-date.ts';
import type { LinkOutcome, NetworkLink } from './network-link.ts';

/** Card data as they go on; held in memory until the answer and nowhere else. */
export interface CardData {
  readonly pan: string;
  readonly expiry: string | null;
  readonly track2: string | null;
  readonly track3: string | null;
  readonly cardSequence: string | null;
  /** F52 under the zone key. */
  readonly pinBlock: Buffer | null;
  readonly chip: Buffer | null;
}

/** What every message about an operation says. */
export interface ChannelMessage {
  readonly operation: OperationRef;
  readonly trace: ChannelTrace;
  /** Fen. */
  readonly amount: Fen;
  readonly entryMode: string;
  readonly mcc: string;
  readonly tradeDate: BusinessDate;
}

/** What an advice, a void or a completion is about, as it was sent to the channel. */
export interface AdvisedOriginal {
  /** MTI under which it went out. */
  readonly mti: string;
  readonly trace: ChannelTrace;
}
/** How an operation was named to the channel. @throws Error for one that never went out. */
export function sentAs(operation: Operation | undefined): AdvisedOriginal {
  if (operation?.request == null) throw new Error('what stands on an operation needs one that was sent');
  return { mti: mtiOf(operation.kind), trace: operation.request.trace };
}

/** What an advice says beside its message. */
export interface AdvisedOperation {
  readonly pan: string;
  /** F38 as the terminal gave it; null in a refund. */
  readonly authCode: string | null;
  /** F90; null in an offline sale. */
  readonly original: AdvisedOriginal | null;
}

/** What the channel said, as the payment's decider takes it. */
export type ChannelAnswer =
  | {
      readonly is: 'answered';
      readonly responseCode: string;
      readonly authCode: string | null;
      readonly clearingDate: BusinessDate | null;
      /** F4 of the answer, fen; null when it has none. */
      readonly amount: Fen | null;
      /** F54, fen, signed. */
      readonly balance: Fen | null;
    }
  | Exclude<LinkOutcome, { is: 'answered' }>;

type Fields = NetworkMessage['fields'];

const processingCode: Readonly<Record<OperationKind, string>> = {
  sale: '000000',
  'offline-sale': '000000',
  completion: '000000',
  'completion-advice': '000000',
  'pre-auth': '030000',
  'pre-auth-void': '200000',
  void: '200000',
  'completion-void': '200000',
  refund: '200000',
  return: '200000',
  inquiry: '310000',
};
/** F25 06: the kinds of the pre-authorisation family (domain 2.3). */
const holds: ReadonlySet<OperationKind> = new Set<OperationKind>([
  'pre-auth',
  'pre-auth-void',
  'completion',
  'completion-advice',
  'completion-void',
]);

/** The MTI under which an operation goes to the network, and by which F90 names it. */
export function mtiOf(kind: OperationKind): string {
  if (isAdviceKind(kind)) return '0220';
  return kind === 'pre-auth' || kind === 'pre-auth-void' ? '0100' : '0200';
}

/** Whether the reply answers what waits for it, which an advice does not. */
const isAnswer = ({ mti }: NetworkMessage): boolean => mti === '0210' || mti === '0110';

/** The terminal's reasons in the network's words (domain 3.3). */
const networkReason: Readonly<Record<string, string>> = { '98': '4356', A0: '4355', '06': '4356' };

/** The card network's messages over its link (domain 2.3, network profile). */
export class CardNetwork {
  readonly #link: NetworkLink;
  readonly #clock: BusinessClock;

  constructor(link: NetworkLink, clock: BusinessClock) {
    this.#link = link;
    this.#clock = clock;
  }

  /** 0200 of a sale or an inquiry, 0100 of a pre-authorisation. Never sent twice. */
  purchase(message: ChannelMessage, card: CardData, timeoutMs: number): Promise<ChannelAnswer> {
    return this.#send(
      mtiOf(message.operation.kind),
      { ...this.#financial(message), ...cardFields(card) },
      message,
      timeoutMs,
    );
  }

  /** 0200 of a void or a completion, 0100 of a pre-auth void; F90 names what it stands on, F38 a hold. */
  linked(
    message: ChannelMessage,
    card: CardData,
    { original, authCode }: { readonly original: AdvisedOriginal; readonly authCode: string | null },
    timeoutMs: number,
  ): Promise<ChannelAnswer> {
    const fields: Fields = {
      ...this.#financial(message),
      ...cardFields(card),
      ...(authCode !== null && { 38: authCode }),
      90: originalElements(original.mti, original.trace),
    };
    return this.#send(mtiOf(message.operation.kind), fields, message, timeoutMs);
  }

  /** 0220 of an advice, 0221 when it is repeated under the same keys. */
  advise(
    message: ChannelMessage,
    { pan, authCode, original }: AdvisedOperation,
    repeated: boolean,
    timeoutMs: number,
  ): Promise<ChannelAnswer> {
    const fields: Fields = {
      ...this.#financial(message),
      2: pan,
      ...(authCode !== null && { 38: authCode }),
      ...(original !== null && { 90: originalElements(original.mti, original.trace) }),
    };
    return this.#send(repeated ? '0221' : '0220', fields, message, timeoutMs);
  }

  /** 0420 for an operation, 0421 when it is repeated under the same keys. */
  reverse(
    message: ChannelMessage,
    original: ChannelTrace,
    reason: string,
    repeated: boolean,
    timeoutMs: number,
  ): Promise<ChannelAnswer> {
    const { operation, trace, amount } = message;
    const fields: Fields = {
      3: processingCode[operation.kind],
      4: digits(amount),
      ...keyFields(trace),
      37: operation.rrn,
      41: operation.terminalId,
      42: operation.merchantId,
      49: '156',
      60: networkReason[reason] ?? reason,
      90: originalElements(mtiOf(operation.kind), original),
    };
    return this.#send(repeated ? '0421' : '0420', fields, message, timeoutMs);
  }

  #financial({ operation, trace, amount, entryMode, mcc }: ChannelMessage): Fields {
    const { date, time } = shanghaiTime(this.#clock.now().getTime());
    return {
      3: processingCode[operation.kind],
      4: digits(amount),
      ...keyFields(trace),
      12: time,
      13: monthDayOf(date),
      18: mcc,
      22: entryMode,
      25: holds.has(operation.kind) ? '06' : '00',
      37: operation.rrn,
      41: operation.terminalId,
      42: operation.merchantId,
      // The network takes ASCII alone; our merchants' names are Chinese, so its number stands for it.
      43: `MERCHANT ${operation.merchantId}`.padEnd(40),
      49: '156',
    };
  }

  async #send(mti: string, fields: Fields, about: ChannelMessage, timeoutMs: number): Promise<ChannelAnswer> {
    const asked = { 'tillstream.mti': mti, 'tillstream.operation': about.operation.kind };
    const outcome = await inSpan('ask card network', SpanKind.CLIENT, asked, () =>
      this.#link.request({ mti, fields }, timeoutMs),
    );
    return outcome.is === 'answered' ? answerOf(outcome.reply, about) : outcome;
  }
}

/** Reads a reply; one that contradicts its request is as good as none. */
export function answerOf(
  reply: NetworkMessage,
  { amount, operation, tradeDate }: Pick<ChannelMessage, 'amount' | 'operation' | 'tradeDate'>,
): ChannelAnswer {
  const { fields } = reply;
  const responseCode = fields[39];
  if (responseCode === undefined) return { is: 'untrusted' };
  if (isAnswer(reply) && isDoubtCode(responseCode)) return { is: 'no-answer' };
  if (fields[41] !== undefined && fields[41] !== operation.terminalId) return { is: 'untrusted' };
  if (fields[42] !== undefined && fields[42] !== operation.merchantId) return { is: 'untrusted' };
  const answered = fields[4] === undefined ? null : fen(Number(fields[4]));
  if (answered !== null && answered !== amount && responseCode !== '10') return { is: 'untrusted' };
  const clearingDate = clearingDateOf(fields[15], tradeDate);
  if (isApprovalCode(responseCode) && clearingDate === null && isAnswer(reply)) return { is: 'untrusted' };
  const authCode = fields[38]?.trim() ?? null;
  return { is: 'answered', responseCode, authCode, clearingDate, amount: answered, balance: balanceOf(fields[54]) };
}

function balanceOf(f54: string | undefined): Fen | null {
  if (f54 === undefined) return null;
  const { sign, amount } = parseF54(f54);
  return fen(sign === 'D' ? -Number(amount) : Number(amount));
}

const digits = (amount: Fen): string => String(amount).padStart(12, '0');

const keyFields = ({ transmittedAt, stan, acquirer }: ChannelTrace): Fields => ({
  7: transmittedAt,
  11: stan,
  32: acquirer,
});

const originalElements = (mti: string, { transmittedAt, stan, acquirer }: ChannelTrace): string =>
  formatF90({
    mti,
    stan,
    transmission: transmittedAt,
    acquirer: acquirer.padStart(11, '0'),
    forwarder: '0'.repeat(11),
  });

function cardFields(card: CardData): Fields {
  return {
    2: card.pan,
    ...(card.expiry !== null && { 14: card.expiry }),
    ...(card.cardSequence !== null && { 23: card.cardSequence }),
    ...(card.track2 !== null && { 35: card.track2 }),
    ...(card.track3 !== null && { 36: card.track3 }),
    ...(card.pinBlock !== null && { 26: '06', 52: card.pinBlock, 53: '2600000000000000' }),
    ...(card.chip !== null && card.chip.length > 0 && { 55: card.chip }),
  };
}
