import {
  paymentPattern,
  type AuthorizeSale,
  type InquireBalance,
  type PaymentMessage,
  type RefundPayment,
  type ReverseOperation,
  type SealedCard,
  type TakeOfflineSale,
  type VoidPayment,
} from '@tillstream/domain/payment/commands';
import { fen, type Fen } from '@tillstream/money';
import { IsoError, parseF60, parseF61, type TerminalMessage } from '@tillstream/iso8583';
import type { RegisteredTerminal } from '../registry/terminal-registry.ts';
import { operatorOf } from './operator.ts';

type Fields = TerminalMessage['fields'];

/** What a command says beside the message: who, until when, under which correlation. */
export interface CommandFrame {
  readonly terminal: RegisteredTerminal;
  readonly answerBy: number;
  readonly correlation: string;
  /** Why new payments of this sender are declined; undefined when they are not. */
  readonly barred: PaymentMessage['barred'];
}

/** What a payment command adds to the parts that all of them have. */
type OwnParts<Command extends PaymentMessage> = Omit<Command, keyof PaymentMessage | 'card'>;

/** One payment message of the terminal profile as a command. */
interface PaymentRow<Command extends PaymentMessage> {
  readonly pattern: string;
  /** Whether card fields go along, sealed. */
  readonly card: Command extends { readonly card: SealedCard } ? true : false;
  readonly parts: (fields: Fields) => OwnParts<Command>;
}

/** A field that the profile's spec demands; its absence would be a defect of the spec, and is refused as malformed. */
function given(fields: Fields, number: 3 | 4 | 11 | 22 | 39 | 60): string {
  const value = fields[number];
  if (value === undefined) throw new IsoError(`F${number}`, 'absent', 'present in this message');
  return value;
}

const amountOf = (fields: Fields): Fen => fen(Number(given(fields, 4)));
const orNull = (value: string | undefined): string | null =>
  value === undefined || /^[0 ]*$/.test(value) ? null : value;
const reading = (fields: Fields) => ({ entryMode: given(fields, 22), cardSequence: fields[23] ?? null });
const original = (fields: Fields) => {
  const { batch, stan, date } = fields[61] === undefined ? {} : parseF61(fields[61]);
  return { originalBatch: batch ?? null, originalStan: stan ?? null, originalDate: date ?? null };
};

const sale: PaymentRow<AuthorizeSale> = {
  pattern: paymentPattern.sale,
  card: true,
  parts: (fields) => ({
    amount: amountOf(fields),
    ...reading(fields),
    partialApprovalAllowed: parseF60(given(fields, 60)).partialApproval === '1',
  }),
};
const inquiry: PaymentRow<InquireBalance> = { pattern: paymentPattern.inquiry, card: true, parts: reading };
const voidOf: PaymentRow<VoidPayment> = {
  pattern: paymentPattern.void,
  card: true,
  parts: (fields) => ({
    amount: amountOf(fields),
    ...reading(fields),
    originalRrn: orNull(fields[37]),
    originalAuthCode: orNull(fields[38]),
    ...original(fields),
  }),
};
/** What stands on a payment and names it by F37, F38 and F61, under the pattern of its own kind. */
const onPayment = (pattern: string): PaymentRow<VoidPayment> => ({ ...voidOf, pattern });
const refund: PaymentRow<RefundPayment> = {
  pattern: paymentPattern.refund,
  card: true,
  parts: (fields) => ({
    amount: amountOf(fields),
    ...reading(fields),
    originalRrn: orNull(fields[37]),
    ...original(fields),
  }),
};
const offlineSale: PaymentRow<TakeOfflineSale> = {
  pattern: paymentPattern.offlineSale,
  card: true,
  parts: (fields) => ({ amount: amountOf(fields), ...reading(fields), authCode: orNull(fields[38]) }),
};
const reversal: PaymentRow<ReverseOperation> = {
  pattern: paymentPattern.reversal,
  card: false,
  parts: (fields) => ({ amount: amountOf(fields), reason: given(fields, 39) }),
};

/** The payment messages that are served, by the id of their spec (domain 2.3). */
export const servedPayments = {
  'balance-inquiry': inquiry,
  sale,
  void: voidOf,
  preauth: { ...sale, pattern: paymentPattern.preAuth },
  'preauth-void': onPayment(paymentPattern.preAuthVoid),
  completion: onPayment(paymentPattern.completion),
  'completion-advice': onPayment(paymentPattern.completionAdvice),
  'completion-void': onPayment(paymentPattern.completionVoid),
  refund,
  'offline-sale': offlineSale,
  reversal,
} as const;
export type ServedPayment = keyof typeof servedPayments;

/** True for a message that becomes a payment command. */
export const isServedPayment = (id: string): id is ServedPayment => Object.hasOwn(servedPayments, id);

/** What every payment command says of its message. A 0400 names the operation by the batch and STAN that it repeats. */
export function paymentMessage({ fields }: TerminalMessage, frame: CommandFrame): PaymentMessage {
  const { acquirer, merchantId, terminalId } = frame.terminal;
  return {
    acquirer,
    merchantId,
    terminalId,
    batch: parseF60(given(fields, 60)).batch,
    stan: given(fields, 11),
    answerBy: frame.answerBy,
    correlation: frame.correlation,
    localTime: fields[12] ?? null,
    localDate: fields[13] ?? null,
    operator: operatorOf(fields),
    ...(frame.barred && { barred: frame.barred }),
  };
}
