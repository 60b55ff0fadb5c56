import { createHash } from 'node:crypto';
import {
  formatF60,
  formatF61,
  formatTlv,
  formatTotals,
  formatUploadEnd,
  formatUploadItems,
  type TerminalMessage,
} from '@tillstream/iso8583';
import type { SimulatedTerminal } from '../protocol.ts';
import type { StoredCard } from './card-box.ts';
import { isDomestic, type PresentedTotals } from './totals.ts';
import type { Item, ItemKind, SentTransaction } from './record.ts';

type Fields = TerminalMessage['fields'];

/** F60.1, F3 and MTI of each kind (domain 2.3). */
const shapes: Record<ItemKind, { readonly mti: string; readonly processing: string; readonly type: string }> = {
  sale: { mti: '0200', processing: '000000', type: '22' },
  void: { mti: '0200', processing: '200000', type: '23' },
  refund: { mti: '0220', processing: '200000', type: '25' },
  'offline-sale': { mti: '0220', processing: '000000', type: '30' },
  inquiry: { mti: '0200', processing: '310000', type: '01' },
  'pre-auth': { mti: '0100', processing: '030000', type: '10' },
  'pre-auth-void': { mti: '0100', processing: '200000', type: '11' },
  completion: { mti: '0200', processing: '000000', type: '20' },
  'completion-advice': { mti: '0220', processing: '000000', type: '24' },
  'completion-void': { mti: '0200', processing: '200000', type: '21' },
};

const twelve = (amount: number): string => String(amount).padStart(12, '0');
const monthDay = (date: string): string => date.slice(5, 7) + date.slice(8, 10);
const isChip = (entry: string): boolean => entry.startsWith('05') || entry.startsWith('07');
const isMagnetic = (entry: string): boolean => entry.startsWith('02') || entry.startsWith('80');

function place(terminal: SimulatedTerminal): Fields {
  return { 41: terminal.terminalId, 42: terminal.merchantId };
}

/** F25: 06 for the pre-authorisation family. */
const conditionOf = (kind: ItemKind): string =>
  kind.startsWith('pre-auth') || kind.startsWith('completion') ? '06' : '00';

function transaction(batch: string, type: string, network: string, entry?: string, partial?: boolean): string {
  if (entry === undefined) return formatF60({ type, batch, network });
  const part = partial === true ? { partialApproval: '1' } : {};
  return formatF60({ type, batch, network, capability: isChip(entry) ? '6' : '2', chipCondition: '0', ...part });
}

/** EMV data of a chip that exists nowhere: the cryptogram follows from the transaction, so a resend is the same bytes. */
function chipData(sent: SentTransaction): Buffer {
  const digest = createHash('sha256').update(`${sent.batch}.${sent.stan}.${sent.amount}.${sent.date}`).digest();
  const hex = (tag: string, value: string): { tag: string; value: Buffer } => ({
    tag,
    value: Buffer.from(value, 'hex'),
  });
  return formatTlv([
    { tag: '9F26', value: digest.subarray(0, 8) },
    hex('9F27', '80'),
    hex('9F10', '07010103A0A002010A01000000000000000000'),
    { tag: '9F37', value: digest.subarray(8, 12) },
    { tag: '9F36', value: digest.subarray(12, 14) },
    hex('95', '0000008000'),
    hex('9A', sent.date.slice(2).replaceAll('-', '')),
    hex('9C', '00'),
    hex('9F02', twelve(sent.amount)),
    hex('5F2A', '0156'),
    hex('82', '7C00'),
    hex('9F1A', '0156'),
    hex('9F03', '000000000000'),
    hex('9F33', 'E0E1C8'),
  ]);
}

/** Kinds that send what the chip says. */
const withChip: ReadonlySet<ItemKind> = new Set<ItemKind>(['sale', 'offline-sale', 'pre-auth']);

function cardFields(sent: SentTransaction, { pan, expiry }: StoredCard): Fields {
  if (isMagnetic(sent.entry)) return { 35: `${pan}=${expiry}2010000000000`.slice(0, 37) };
  const keyed: Fields = { 2: pan, 14: expiry };
  return isChip(sent.entry) && withChip.has(sent.kind) ? { ...keyed, 23: '001', 55: chipData(sent) } : keyed;
}

function originalFields(sent: SentTransaction): Fields {
  const { original } = sent;
  if (original === null) return {};
  const code: Fields = original.authCode === '' ? {} : { 38: original.authCode };
  return {
    37: original.rrn === '' ? '000000000000' : original.rrn,
    ...code,
    61: formatF61({ batch: original.batch, stan: original.stan, date: monthDay(original.date) }),
  };
}

/** A card transaction. The MAC is added when it is packed. */
export function transactionMessage(
  terminal: SimulatedTerminal,
  sent: SentTransaction,
  card: StoredCard,
  pinBlock: Buffer | null,
): TerminalMessage {
  const { mti, processing, type } = shapes[sent.kind];
  const pin: Fields = pinBlock === null ? {} : { 26: '06', 52: pinBlock, 53: '2600000000000000' };
  const amount: Fields = sent.kind === 'inquiry' ? {} : { 4: twelve(sent.amount) };
  return {
    mti,
    fields: {
      ...place(terminal),
      ...cardFields(sent, card),
      ...amount,
      ...pin,
      ...originalFields(sent),
      3: processing,
      11: sent.stan,
      12: sent.time,
      13: monthDay(sent.date),
      22: sent.entry,
      25: conditionOf(sent.kind),
      49: '156',
      60: transaction(sent.batch, type, '000', sent.entry, sent.partial),
      63: sent.kind === 'refund' ? '000' : sent.operator,
    },
  };
}

/** The 0400 that undoes what is no advice: its own STAN and F60, F39 the reason, F61 itself (domain 2.3). */
export function reversalMessage(terminal: SimulatedTerminal, item: Item, card: StoredCard): TerminalMessage {
  const { processing, type } = shapes[item.kind];
  const keyed: Fields = isMagnetic(item.entry) ? {} : { 2: card.pan };
  return {
    mti: '0400',
    fields: {
      ...place(terminal),
      ...keyed,
      3: processing,
      4: twelve(item.amount),
      11: item.stan,
      12: item.time,
      13: monthDay(item.date),
      22: item.entry,
      25: conditionOf(item.kind),
      39: item.reason,
      49: '156',
      60: transaction(item.batch, type, '000', item.entry),
      61: formatF61({ batch: item.batch, stan: item.stan, date: monthDay(item.date) }),
    },
  };
}

/** Sign-in, sign-off and echo. */
export function managementMessage(
  terminal: SimulatedTerminal,
  which: 'sign-in' | 'sign-off' | 'echo',
  { stan, batch, operator }: { readonly stan: string; readonly batch: string; readonly operator: string },
): TerminalMessage {
  const network = { 'sign-in': '003', 'sign-off': '002', echo: '301' }[which];
  return {
    mti: which === 'sign-in' ? '0800' : '0820',
    fields: { ...place(terminal), 11: stan, 60: transaction(batch, '00', network), 63: operator },
  };
}

/** The 0500 with the terminal's totals. */
export function settlementMessage(
  terminal: SimulatedTerminal,
  { stan, batch, operator, totals }: { stan: string; batch: string; operator: string; totals: PresentedTotals },
): TerminalMessage {
  const f48 = formatTotals({
    domestic: { ...totals.domestic, reply: 0 },
    foreign: { ...totals.foreign, reply: 0 },
  });
  return {
    mti: '0500',
    fields: { ...place(terminal), 11: stan, 48: f48, 49: '156', 60: transaction(batch, '00', '201'), 63: operator },
  };
}

/** One 0320 with up to eight transactions. */
export function uploadListMessage(
  terminal: SimulatedTerminal,
  { stan, batch, items }: { stan: string; batch: string; items: readonly { item: Item; pan: string }[] },
): TerminalMessage {
  const f48 = formatUploadItems(
    items.map(({ item, pan }) => ({
      scheme: isDomestic(item) ? 'domestic' : 'foreign',
      stan: item.stan,
      pan,
      amount: item.amount,
    })),
  );
  return { mti: '0320', fields: { ...place(terminal), 11: stan, 48: f48, 60: transaction(batch, '00', '201') } };
}

/** One 0320 of a chip transaction, under its own STAN: 203 after totals that agree, 205 after totals that differ. */
export function uploadChipMessage(
  terminal: SimulatedTerminal,
  item: Item,
  card: StoredCard,
  network: '203' | '205',
): TerminalMessage {
  return {
    mti: '0320',
    fields: {
      ...place(terminal),
      2: card.pan,
      4: twelve(item.amount),
      11: item.stan,
      22: item.entry,
      55: chipData(item),
      60: transaction(item.batch, '00', network),
    },
  };
}

/** One 0320 that repeats an advice with its F3 and 60.1 (domain 2.4). */
export function uploadCopyMessage(terminal: SimulatedTerminal, item: Item, card: StoredCard): TerminalMessage {
  return {
    mti: '0320',
    fields: {
      ...place(terminal),
      ...originalFields(item),
      2: card.pan,
      3: shapes[item.kind].processing,
      4: twelve(item.amount),
      11: item.stan,
      22: item.entry,
      25: conditionOf(item.kind),
      49: '156',
      ...(item.kind === 'offline-sale' ? { 38: item.authCode } : {}),
      60: transaction(item.batch, shapes[item.kind].type, '000', item.entry),
      63: '000',
    },
  };
}

/** The end of an upload: 207 after totals that agree, 202 after totals that differ; the count is of all items. */
export function uploadEndMessage(
  terminal: SimulatedTerminal,
  { stan, batch, count, balanced }: { stan: string; batch: string; count: number; balanced: boolean },
): TerminalMessage {
  return {
    mti: '0320',
    fields: {
      ...place(terminal),
      11: stan,
      48: formatUploadEnd(count),
      60: transaction(batch, '00', balanced ? '207' : '202'),
    },
  };
}
