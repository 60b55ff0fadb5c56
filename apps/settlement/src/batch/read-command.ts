import type {
  BatchForSignIn,
  EndBatchUpload,
  PresentBatchTotals,
  UploadBatchItems,
  UploadedItem,
} from '@tillstream/domain/batch/commands';
import type { BatchTotals, BlockTotals } from '@tillstream/domain/batch/events';
import { fen } from '@tillstream/money';

/** The bytes are no command of ours: a defect of the sender, so there is no answer. The text names the path, never a value. */
export class CommandUnreadable extends Error {
  override readonly name = 'CommandUnreadable';
}

type Fields = Readonly<Record<string, unknown>>;
const mostBytes = 256 * 1024;
const mostItems = 999;

function fieldsOf(value: unknown, path: string): Fields {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) {
    throw new CommandUnreadable(`${path}: expected an object`);
  }
  return value as Fields;
}

function parsed(bytes: Buffer): Fields {
  if (bytes.length > mostBytes) throw new CommandUnreadable(`command: at most ${mostBytes} bytes`);
  try {
    return fieldsOf(JSON.parse(bytes.toString('utf8')), 'command');
  } catch (error) {
    throw error instanceof CommandUnreadable ? error : new CommandUnreadable('command: expected JSON');
  }
}

function text(fields: Fields, name: string, pattern = /^[\x20-\x7e]{0,200}$/): string {
  const value = fields[name];
  if (typeof value !== 'string' || !pattern.test(value)) throw new CommandUnreadable(`${name}: expected ${pattern}`);
  return value;
}

function whole(fields: Fields, name: string, path = name): number {
  const value = fields[name];
  if (!Number.isSafeInteger(value) || (value as number) < 0) {
    throw new CommandUnreadable(`${path}: expected a whole number from 0`);
  }
  return value as number;
}

const six = /^\d{6}$/;
const place = /^[A-Za-z0-9]{1,15}$/;

function messageOf(fields: Fields) {
  return {
    acquirer: text(fields, 'acquirer', place),
    terminalId: text(fields, 'terminalId', place),
    merchantId: text(fields, 'merchantId', place),
    answerBy: whole(fields, 'answerBy'),
    correlation: text(fields, 'correlation'),
    stan: text(fields, 'stan', six),
    operator: text(fields, 'operator'),
  };
}

const withBatch = (fields: Fields) => ({ ...messageOf(fields), batch: text(fields, 'batch', six) });

function blockOf(totals: Fields, name: keyof BatchTotals): BlockTotals {
  const block = fieldsOf(totals[name], `totals.${name}`);
  const figure = (field: keyof BlockTotals): number => whole(block, field, `totals.${name}.${field}`);
  return {
    debitSum: fen(figure('debitSum')),
    debitCount: figure('debitCount'),
    creditSum: fen(figure('creditSum')),
    creditCount: figure('creditCount'),
  };
}

/** 0500. @throws CommandUnreadable */
export function readPresentTotals(bytes: Buffer): PresentBatchTotals {
  const fields = parsed(bytes);
  const totals = fieldsOf(fields['totals'], 'totals');
  return {
    ...withBatch(fields),
    totals: { domestic: blockOf(totals, 'domestic'), foreign: blockOf(totals, 'foreign') },
  };
}

function itemOf(value: unknown, path: string): UploadedItem {
  const fields = fieldsOf(value, path);
  const { block, type60 } = fields;
  if (block !== 'domestic' && block !== 'foreign') {
    throw new CommandUnreadable(`${path}.block: expected domestic or foreign`);
  }
  if (type60 !== null && typeof type60 !== 'string')
    throw new CommandUnreadable(`${path}.type60: expected text or null`);
  return {
    stan: text(fields, 'stan', six),
    block,
    fingerprint: text(fields, 'fingerprint'),
    amount: whole(fields, 'amount', `${path}.amount`),
    type60,
  };
}

/** 0320 with items. @throws CommandUnreadable */
export function readUploadItems(bytes: Buffer): UploadBatchItems {
  const fields = parsed(bytes);
  const { items } = fields;
  if (!Array.isArray(items) || items.length > mostItems) {
    throw new CommandUnreadable(`items: expected a list of at most ${mostItems}`);
  }
  return {
    ...withBatch(fields),
    shape: text(fields, 'shape', /^\d{3}$/),
    items: items.map((item, n) => itemOf(item, `items[${n}]`)),
  };
}

/** 0320 end. @throws CommandUnreadable */
export function readEndUpload(bytes: Buffer): EndBatchUpload {
  const fields = parsed(bytes);
  const { saysBalanced } = fields;
  if (typeof saysBalanced !== 'boolean') throw new CommandUnreadable('saysBalanced: expected true or false');
  return { ...withBatch(fields), saysBalanced, count: whole(fields, 'count') };
}

/** Sign-in. @throws CommandUnreadable */
export function readForSignIn(bytes: Buffer): BatchForSignIn {
  const fields = parsed(bytes);
  return { ...messageOf(fields), terminalBatch: text(fields, 'terminalBatch') };
}
