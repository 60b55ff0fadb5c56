import type { PaymentReply } from '@tillstream/domain/payment/commands';
import { isApprovalCode } from '@tillstream/domain/payment/refusals';
import {
  echoOf,
  formatF54,
  formatF60,
  formatTotals,
  parseF60,
  parseTotals,
  type IsoMessage,
} from '@tillstream/iso8583';
import type { HostTime } from './host-time.ts';

export type ReplyFields = IsoMessage['fields'];

/** What a reply repeats of its request; never a card field, and F48 only where it is totals. */
const echoed = [3, 4, 11, 25, 41, 42, 49, 60];

/** What every reply after the MAC check says: the echo, the host's time and F39. */
export function plainReply(request: IsoMessage, code: string, at: HostTime): ReplyFields {
  return { ...echoOf(request, echoed), 12: at.time, 13: at.date, 39: code };
}

/** F15 of a date that a service of ours wrote. @throws Error for anything else: the reply would name no day. */
function monthDay(date: string): string {
  if (!/^\d{4}-\d{2}-\d{2}$/.test(date)) throw new Error('a clearing date that is not YYYY-MM-DD');
  return date.slice(5, 7) + date.slice(8, 10);
}

const twelve = (fen: number): string => String(fen).padStart(12, '0');

/** F44: issuer and acquirer, 11 characters each; none when the issuer has no spelling in the field's alphabet. */
function institutions(issuer: string | null, acquirer: string): ReplyFields {
  if (issuer === null || !/^[\x20-\x7e]{1,11}$/.test(issuer)) return {};
  return { 44: issuer.padEnd(11) + acquirer.padEnd(11) };
}

/** F63: the scheme; words for the screen follow where the acquirer's stand, behind 20 bytes each of issuer and network. */
function schemeAndText({ scheme, text }: PaymentReply): ReplyFields {
  if (text === undefined) return scheme === null ? {} : { 63: scheme };
  return { 63: `${scheme ?? '   '}${' '.repeat(40)}${text}` };
}

/** F54: what is available, in favour of the cardholder or against. */
function balance(fen: number): string {
  return formatF54({
    account: '10',
    kind: '02',
    currency: '156',
    sign: fen < 0 ? 'D' : 'C',
    amount: twelve(Math.abs(fen)),
  });
}

/** The reply to a payment message from what authorization answered (domain 2.2, 2.3). */
export function paymentReply(request: IsoMessage, answer: PaymentReply, at: HostTime, acquirer: string): ReplyFields {
  const { responseCode, amount, rrn, authCode, clearingDate } = answer;
  const approved = isApprovalCode(responseCode);
  // An advice is answered before its channel has named a clearing date; the terminal is told ours.
  const day = clearingDate === null ? (approved ? at.businessDay : undefined) : monthDay(clearingDate);
  return {
    ...plainReply(request, responseCode, at),
    ...(amount === null ? {} : { 4: twelve(amount) }),
    ...(day === undefined ? {} : { 15: day }),
    32: acquirer,
    ...(rrn === null ? {} : { 37: rrn }),
    ...(authCode === null || !/^[0-9A-Za-z ]{6}$/.test(authCode) ? {} : { 38: authCode }),
    ...institutions(answer.issuer, acquirer),
    ...(answer.balance === null ? {} : { 54: balance(answer.balance) }),
    ...schemeAndText(answer),
  };
}

/** The 0510: the totals as they were presented, with the host's word on each block (domain 2.4). */
export function totalsReply(
  request: IsoMessage,
  at: HostTime,
  word: { readonly code: string; readonly domestic: 1 | 2 | 3 | undefined; readonly foreign: 1 | 2 | 3 | undefined },
): ReplyFields {
  const plain = plainReply(request, word.code, at);
  if (word.domestic === undefined || word.foreign === undefined) return plain;
  const { domestic, foreign } = parseTotals(String(request.fields[48]));
  const f48 = formatTotals({
    domestic: { ...domestic, reply: word.domestic },
    foreign: { ...foreign, reply: word.foreign },
  });
  return { ...plain, 48: f48 };
}

/** The 0810 of a sign-in: the host's time, the batch to use and the keys (domain 2.3). */
export function signInReply(
  request: IsoMessage,
  at: HostTime,
  given: { readonly acquirer: string; readonly reference: string; readonly batch: string; readonly field62: Buffer },
): ReplyFields {
  const { type, network } = parseF60(String(request.fields[60]));
  return {
    ...plainReply(request, '00', at),
    32: given.acquirer,
    37: given.reference,
    60: formatF60({ type, batch: given.batch, network }),
    62: given.field62,
  };
}
