import { MAX_UPLOAD_ITEMS, parseTotals, type SettlementTotals, type TerminalMessage } from '@tillstream/iso8583';
import type { BatchReport } from '../protocol.ts';
import {
  settlementMessage,
  uploadChipMessage,
  uploadCopyMessage,
  uploadEndMessage,
  uploadListMessage,
} from './messages.ts';
import { countedItems, nextBatch, pendingAdvices, pendingReversals, type Item, isAdvice } from './record.ts';
import type { TerminalCore } from './terminal-core.ts';
import { totalsOf, type PresentedTotals } from './totals.ts';

/** How a settlement ended. What did not end is begun again from the comparison, which the host answers as before. */
export type SettlementOutcome =
  { readonly is: 'settled'; readonly report: BatchReport } | { readonly is: 'not-settled'; readonly why: string };

interface Options {
  readonly automatic: boolean;
  /** Also uploads chip transactions one by one when the totals agree (60.3 = 203). */
  readonly chipUpload: boolean;
}

/** Uploads from the start that are tried when the host counts other items than were sent. */
const uploadsAtMost = 3;

/**
 * Settlement of the open batch (domain 2.4, S10): nothing may be pending; the totals are compared; where they differ, or
 * the host says error, every item is uploaded; then the batch is closed and the next one begins.
 */
export async function settleBatch(core: TerminalCore, options: Options): Promise<SettlementOutcome> {
  if (pendingReversals(core.state).length > 0) return { is: 'not-settled', why: 'reversal-pending' };
  if (pendingAdvices(core.state).length > 0) return { is: 'not-settled', why: 'advice-pending' };
  const { batch } = core.state;
  const totals = totalsOf(core.state, batch);
  let compared = await compare(core, batch, totals);
  if (compared === '77' && (await core.signIn()) === '00') compared = await compare(core, batch, totals);
  if (typeof compared === 'string') return { is: 'not-settled', why: compared };
  const balanced = compared.domestic.reply === 1 && compared.foreign.reply === 1;
  const uploaded = await upload(core, batch, balanced, options.chipUpload);
  if (typeof uploaded === 'string') return { is: 'not-settled', why: uploaded };
  const report: BatchReport = {
    batch,
    date: core.localTime().date,
    ...totals,
    domesticReply: compared.domestic.reply,
    foreignReply: compared.foreign.reply,
    uploaded,
    settled: true,
    automatic: options.automatic,
  };
  core.note({ t: 'settled', report, next: nextBatch(batch) });
  return { is: 'settled', report };
}

/** 0500: the host's reply codes, or why there are none. */
async function compare(core: TerminalCore, batch: string, totals: PresentedTotals): Promise<SettlementTotals | string> {
  const { operator } = core;
  const request = settlementMessage(core.terminal, { stan: core.takeStan(), batch, operator, totals });
  const reply = await core.askRepeatedly(request, { mac: false });
  if (reply.is === 'none') return 'no-answer';
  const f48 = reply.fields[48];
  return reply.code === '00' && f48 !== undefined ? parseTotals(f48) : reply.code;
}

/** Everything after the comparison: number of items uploaded, or why it did not end. */
async function upload(core: TerminalCore, batch: string, balanced: boolean, chips: boolean): Promise<number | string> {
  for (let attempt = 0; attempt < uploadsAtMost; attempt += 1) {
    const requests = balanced ? balancedUpload(core, batch, chips) : fullUpload(core, batch);
    let count = 0;
    for (const { message, items, mac } of requests) {
      const code = await demand(core, message, mac);
      if (code !== '00') return code;
      count += items;
    }
    const stan = core.takeStan();
    const code = await demand(core, uploadEndMessage(core.terminal, { stan, batch, count, balanced }));
    if (code === '00') return count;
    if (code === 'no-answer') return code;
  }
  return 'upload-refused';
}

async function demand(core: TerminalCore, message: TerminalMessage, mac = false): Promise<string> {
  const reply = await core.askRepeatedly(message, { mac });
  return reply.is === 'none' ? 'no-answer' : reply.code;
}

interface Part {
  readonly message: TerminalMessage;
  readonly items: number;
  /** A copy may move money, so it proves whose it is. */
  readonly mac?: boolean;
}

/** Advices are repeated whole: a host that lacks one takes the copy for it (domain 4.1). */
const isCopied = ({ kind }: Item): boolean => isAdvice(kind) || kind === 'offline-sale';

const isChipSale = ({ kind, entry }: Item): boolean =>
  kind === 'sale' && (entry.startsWith('05') || entry.startsWith('07'));

function chipParts(core: TerminalCore, items: readonly Item[], network: '203' | '205'): Part[] {
  return items.map((item) => ({
    message: uploadChipMessage(core.terminal, item, core.box.open(item.card), network),
    items: 1,
  }));
}

function balancedUpload(core: TerminalCore, batch: string, chips: boolean): Part[] {
  return chips ? chipParts(core, countedItems(core.state, batch).filter(isChipSale), '203') : [];
}

/** The three shapes: lists of magnetic and keyed transactions, chip sales one by one, copies of advices. */
function fullUpload(core: TerminalCore, batch: string): Part[] {
  const items = countedItems(core.state, batch);
  const listed = items.filter((item) => !isCopied(item) && !isChipSale(item));
  const parts: Part[] = [];
  for (let at = 0; at < listed.length; at += MAX_UPLOAD_ITEMS) {
    const some = listed.slice(at, at + MAX_UPLOAD_ITEMS).map((item) => ({ item, pan: core.box.open(item.card).pan }));
    const message = uploadListMessage(core.terminal, { stan: core.takeStan(), batch, items: some });
    parts.push({ message, items: some.length });
  }
  const copies = items.filter(isCopied).map((item) => ({
    message: uploadCopyMessage(core.terminal, item, core.box.open(item.card)),
    items: 1,
    mac: true,
  }));
  return [...parts, ...chipParts(core, items.filter(isChipSale), '205'), ...copies];
}
