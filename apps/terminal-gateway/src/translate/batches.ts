import type { VaultCard, VaultCipher } from '@tillstream/crypto';
import type {
  BatchForSignIn,
  BatchMessage,
  EndBatchUpload,
  PresentBatchTotals,
  UploadBatchItems,
  UploadedItem,
} from '@tillstream/domain/batch/commands';
import type { BlockTotals } from '@tillstream/domain/batch/events';
import { lookUpBin } from '@tillstream/domain/payment/bins';
import { fen } from '@tillstream/money';
import {
  IsoError,
  parseF60,
  parseTlv,
  parseTotals,
  parseUploadEnd,
  parseUploadItems,
  type BlockTotals as PresentedBlock,
  type TerminalMessage,
} from '@tillstream/iso8583';
import type { CommandFrame } from './payments.ts';
import { operatorOf } from './operator.ts';

type Fields = TerminalMessage['fields'];

/** An upload as a command, and the vault rows of its cards, which must be durable before it is sent. */
export interface TranslatedUpload {
  readonly command: UploadBatchItems;
  readonly cards: readonly VaultCard[];
}

/** One line of an upload with the card number as it came. */
interface PlainItem {
  readonly stan: string;
  readonly block: 'domestic' | 'foreign';
  readonly pan: string | undefined;
  readonly amount: number;
  readonly type60: string | null;
}

function text(fields: Fields, number: 4 | 11 | 48 | 60): string {
  const value = fields[number];
  if (value === undefined) throw new IsoError(`F${number}`, 'absent', 'present in this message');
  return value;
}

/** What every batch command says of its message. */
export function batchMessage({ fields }: TerminalMessage, frame: CommandFrame): BatchMessage {
  const { acquirer, terminalId, merchantId } = frame.terminal;
  return {
    acquirer,
    terminalId,
    merchantId,
    batch: parseF60(text(fields, 60)).batch,
    answerBy: frame.answerBy,
    correlation: frame.correlation,
    stan: text(fields, 11),
    operator: operatorOf(fields),
  };
}

const block = ({ debitSum, debitCount, creditSum, creditCount }: PresentedBlock): BlockTotals => ({
  debitSum: fen(debitSum),
  debitCount,
  creditSum: fen(creditSum),
  creditCount,
});

/** 0800: asks for the batch number; F60.2 is only a hint. */
export function batchForSignIn(message: TerminalMessage, frame: CommandFrame): BatchForSignIn {
  const { batch: terminalBatch, ...rest } = batchMessage(message, frame);
  return { ...rest, terminalBatch };
}

/** 0500. */
export function presentTotals(message: TerminalMessage, frame: CommandFrame): PresentBatchTotals {
  const { domestic, foreign } = parseTotals(text(message.fields, 48));
  return { ...batchMessage(message, frame), totals: { domestic: block(domestic), foreign: block(foreign) } };
}

/** 0320 with 207 (the terminal says balanced) or 202. */
export function endUpload(message: TerminalMessage, frame: CommandFrame): EndBatchUpload {
  const saysBalanced = parseF60(text(message.fields, 60)).network === '207';
  return { ...batchMessage(message, frame), saysBalanced, count: parseUploadEnd(text(message.fields, 48)) };
}

/** The card number of a chip's data: tag 5A, or the digits before the separator of tag 57. */
function chipCardNumber(emv: Buffer | undefined): string | undefined {
  if (emv === undefined) return undefined;
  const items = parseTlv(emv);
  const hex = (tag: string): string =>
    items
      .find((item) => item.tag === tag)
      ?.value.toString('hex')
      .toUpperCase() ?? '';
  const pan = hex('5A').replace(/F+$/, '') || (hex('57').split('D', 1)[0] ?? '');
  return /^\d{12,19}$/.test(pan) ? pan : undefined;
}

/** The block by the scheme code that the host answers for such a card (domain 2.2); unknown cards are domestic ones. */
function blockOf(pan: string | undefined): 'domestic' | 'foreign' {
  const scheme = pan === undefined ? undefined : lookUpBin(pan)?.scheme;
  return scheme === undefined || scheme === 'CUP' ? 'domestic' : 'foreign';
}

/** One transaction in a message of its own. */
function single(fields: Fields, type60: string | null): PlainItem[] {
  const pan = fields[2] ?? chipCardNumber(fields[55]);
  return [{ stan: text(fields, 11), block: blockOf(pan), pan, amount: Number(text(fields, 4)), type60 }];
}

const lists = (fields: Fields): PlainItem[] =>
  parseUploadItems(text(fields, 48)).map(({ scheme, stan, pan, amount }) => ({
    stan,
    block: scheme,
    pan,
    amount,
    type60: null,
  }));

/** The three shapes of an upload by the id of their spec (domain 2.4). */
const shapes: Readonly<Record<string, (fields: Fields) => PlainItem[]>> = {
  'upload-list': lists,
  'upload-chip': (fields) => single(fields, null),
  'upload-copy': (fields) => single(fields, parseF60(text(fields, 60)).type),
};

/** True for a 0320 that carries transactions. */
export const isUpload = (id: string): boolean => Object.hasOwn(shapes, id);

/** 0320 with transactions: every card number becomes a vault row, and its fingerprint stands in its place (design 10). */
export function uploadItems(
  id: string,
  message: TerminalMessage,
  frame: CommandFrame,
  cipher: VaultCipher,
): TranslatedUpload {
  const cards: VaultCard[] = [];
  const fingerprintOf = (pan: string | undefined): string => {
    if (pan === undefined) return '';
    if (!/^\d{12,19}$/.test(pan)) throw new IsoError('F2', 'no card number', '12 to 19 digits');
    const card = cipher.card(pan);
    cards.push(card);
    return card.fingerprint;
  };
  const items = (shapes[id]?.(message.fields) ?? []).map(({ pan, amount, ...item }): UploadedItem => ({
    stan: item.stan,
    block: item.block,
    fingerprint: fingerprintOf(pan),
    amount,
    type60: item.type60,
  }));
  const shape = parseF60(text(message.fields, 60)).network;
  return { command: { ...batchMessage(message, frame), shape, items }, cards };
}
