import { accept, refuse, unreachable, type Decision } from '../fact.ts';
import type { OperationRef } from '../payment/events.ts';
import type { BatchAnswer, EndBatchUpload, PresentBatchTotals, UploadBatchItems } from './commands.ts';
import type {
  BatchBalanced,
  BatchFact,
  BatchItem,
  BatchItemsUploaded,
  BatchOpened,
  BatchRef,
  BatchTotalsPresented,
  BatchTotals,
  BatchUnbalanced,
  BatchUploadEnded,
} from './events.ts';
import type { HostItem } from './items.ts';
import { countFits, differencesOf, merged, shapeOfPart } from './merge.ts';
import { isBatchNumber, MOST_ITEMS, nextBatch } from './number.ts';
import { isOver, type BatchState, type Upload } from './state.ts';
import { sameBlock, sameTotals } from './totals.ts';

/** Why a batch command is refused; F39 77, 77, 77 and 30 in this order. */
export type BatchRefusal = 'batch-out-of-step' | 'batch-not-presented' | 'batch-never-opened' | 'upload-too-large';

/** F39 of each refusal; exhaustive, so a new refusal has its code. */
export const batchResponseCodes: Readonly<Record<BatchRefusal, string>> = {
  'batch-out-of-step': '77',
  'batch-not-presented': '77',
  'batch-never-opened': '77',
  'upload-too-large': '30',
};

/** The highest batch of a terminal that is known, as read from its own stream. */
export interface CurrentBatch {
  readonly batch: string;
  readonly state: BatchState;
}

const refOf = ({ acquirer, terminalId, merchantId, batch }: BatchRef): BatchRef => ({
  acquirer,
  terminalId,
  merchantId,
  batch,
});

const opening = (ref: BatchRef, because: BatchOpened['data']['because']): BatchOpened => ({
  type: 'BatchOpened',
  version: 1,
  data: { ...ref, because },
});

/** Which number a sign-in gets, and whether its batch is to be opened with `BatchOpened` (domain 2.7). */
export interface SignInBatch {
  readonly batch: string;
  readonly opens: BatchOpened | null;
}

/**
 * The open batch's number, whatever F60.2 says; the next number only after the last is over, as it is when its device was replaced
 * or re-keyed ({@link requestClose}). A terminal that never had a batch begins with its own number when that is a legal one, else with 000001.
 */
export function batchForSignIn(
  current: CurrentBatch | null,
  terminal: Omit<BatchRef, 'batch'> & { readonly terminalBatch: string },
): SignInBatch {
  const { acquirer, terminalId, merchantId } = terminal;
  const open = (batch: string): SignInBatch => ({
    batch,
    opens: opening({ acquirer, terminalId, merchantId, batch }, 'sign-in'),
  });
  if (current === null) return open(isBatchNumber(terminal.terminalBatch) ? terminal.terminalBatch : '000001');
  if (current.state.is === 'NONE') return open(current.batch);
  if (isOver(current.state)) return open(nextBatch(current.batch));
  return { batch: current.batch, opens: null };
}

/** Opens a number for the first payment fact that uses it; nothing when it is open already (design 9). */
export function openForPayment(state: BatchState, operation: OperationRef): readonly BatchOpened[] {
  return state.is === 'NONE' ? [opening(refOf(operation), 'payment')] : [];
}

/**
 * Takes an 0500 (domain 2.7): the current batch is presented; an earlier one and a repeat store nothing, because the stored
 * answer is given again; the next number right after a settlement opens it; any other number is out of step.
 * @param asked state of the batch that the 0500 names
 */
export function presentTotals(
  current: CurrentBatch | null,
  asked: BatchState,
  command: PresentBatchTotals,
): Decision<BatchOpened | BatchTotalsPresented, BatchRefusal> {
  const presented = (number: number): BatchTotalsPresented => ({
    type: 'BatchTotalsPresented',
    version: 1,
    data: { ...refOf(command), presentation: number, totals: command.totals, stan: command.stan },
  });
  switch (asked.is) {
    case 'NONE': {
      const follows = current === null || (isOver(current.state) && command.batch === nextBatch(current.batch));
      if (!follows || !isBatchNumber(command.batch)) return refuse('batch-out-of-step');
      return accept<BatchOpened | BatchTotalsPresented>(opening(refOf(command), 'settlement'), presented(1));
    }
    case 'OPEN':
      return accept(presented(1));
    case 'CLOSING':
    case 'RECONCILING': {
      const { number, stan, totals } = asked.presentation;
      return stan === command.stan && sameTotals(totals, command.totals) ? accept() : accept(presented(number + 1));
    }
    case 'SETTLED':
    case 'SETTLED_WITH_DIFF':
    case 'HOST_CLOSED':
      return accept();
    default:
      return unreachable(asked);
  }
}

/** Compares the presented totals with the host's own, block by block; nothing when no presentation waits (domain 4.1). */
export function compareTotals(state: BatchState, host: BatchTotals): readonly (BatchBalanced | BatchUnbalanced)[] {
  if (state.is !== 'CLOSING') return [];
  const { number: presentation, totals } = state.presentation;
  if (sameTotals(totals, host)) {
    return [{ type: 'BatchBalanced', version: 1, data: { ...state.ref, presentation, totals } }];
  }
  const data = {
    ...state.ref,
    presentation,
    terminal: totals,
    host,
    domesticBalanced: sameBlock(totals.domestic, host.domestic),
    foreignBalanced: sameBlock(totals.foreign, host.foreign),
  };
  return [{ type: 'BatchUnbalanced', version: 1, data }];
}

/** The kinds that a copy (0320 with 60.1) names by itself; every other type is the host's to say. */
const kindOf = (type60: string | null): BatchItem['kind'] => (type60 === '25' ? 'refund' : null);

/** Takes items of an upload; the same part again stores nothing. After a settlement items are kept as evidence. */
export function uploadItems(state: BatchState, command: UploadBatchItems): Decision<BatchItemsUploaded, BatchRefusal> {
  const upload = uploadOf(state);
  if (upload === null) return refuse(state.is === 'NONE' ? 'batch-never-opened' : 'batch-not-presented');
  const part = `${command.shape}.${command.stan}`;
  if (upload.parts.includes(part) || upload.ended !== null) return accept();
  const items: BatchItem[] = command.items.map(({ stan, block, fingerprint, amount, type60 }) => ({
    stan,
    block,
    fingerprint,
    amount: amount as BatchItem['amount'],
    kind: kindOf(type60),
  }));
  if (merged(upload.items, items, shapeOfPart(part)).length > MOST_ITEMS) return refuse('upload-too-large');
  const data = { ...refOf(command), upload: upload.number, part, items };
  return accept({ type: 'BatchItemsUploaded', version: 1, data });
}

/** Takes the end message (202 or 207); repeated, or after the outcome, it stores nothing. */
export function endUpload(state: BatchState, command: EndBatchUpload): Decision<BatchUploadEnded, BatchRefusal> {
  const upload = uploadOf(state);
  if (upload === null) return refuse(state.is === 'NONE' ? 'batch-never-opened' : 'batch-not-presented');
  if (upload.ended !== null) return accept();
  const { saysBalanced, count } = command;
  return accept({
    type: 'BatchUploadEnded',
    version: 1,
    data: { ...refOf(command), upload: upload.number, count, saysBalanced },
  });
}

const uploadOf = (state: BatchState): Upload | null => ('upload' in state ? state.upload : null);

/**
 * The outcome of an ended upload: a wrong count keeps RECONCILING and the terminal starts again; else the items are compared
 * and the batch is SETTLED or SETTLED_WITH_DIFF (domain 2.4, 4.1); one that the host closed stays so. Nothing when no end waits.
 */
export function reconcile(state: BatchState, host: Iterable<HostItem>): readonly BatchFact[] {
  const waits = state.is === 'RECONCILING' || (state.is === 'HOST_CLOSED' && !state.compared);
  if (!waits || state.upload.ended === null) return [];
  const { number: upload, items, ended } = state.upload;
  if (!countFits(ended.count, items)) {
    const data = { ...state.ref, upload, expected: ended.count, received: items.length };
    return [{ type: 'BatchUploadRejected', version: 1, data }];
  }
  const differences = differencesOf(host, items);
  const outcome = differences.length === 0 ? 'SETTLED' : 'SETTLED_WITH_DIFF';
  return [{ type: 'BatchReconciled', version: 1, data: { ...state.ref, upload, differences, outcome } }];
}

/**
 * What the terminal is told about the batch as its stream stands now: silence while the outcome is not yet said. `presented`
 * is what an 0500 named. A settled batch gives its stored answer again (domain 2.7), but calls no totals balanced that it never
 * compared: a terminal that went on in a batch whose answer was lost uploads what it has, and its copies are taken in (domain 4.1).
 */
export function answerOf(state: BatchState, presented?: BatchTotals): BatchAnswer {
  const fits = (totals: BatchTotals, block: 'domestic' | 'foreign'): boolean =>
    presented === undefined || sameBlock(presented[block], totals[block]);
  switch (state.is) {
    case 'NONE':
    case 'OPEN':
    case 'CLOSING':
      return { kind: 'silence' };
    case 'HOST_CLOSED': {
      const reply = (block: 'domestic' | 'foreign'): 1 | 2 => (fits(state.totals, block) ? 1 : 2);
      return answered(state.ref.batch, reply('domestic'), reply('foreign'));
    }
    case 'RECONCILING':
      return answered(state.ref.batch, state.replies.domestic, state.replies.foreign);
    case 'SETTLED':
    case 'SETTLED_WITH_DIFF': {
      const reply = (block: 'domestic' | 'foreign'): 1 | 2 =>
        fits(state.presentation.totals, block) ? state.replies[block] : 2;
      return answered(state.ref.batch, reply('domestic'), reply('foreign'));
    }
    default:
      return unreachable(state);
  }
}

const answered = (batch: string, domesticReply: 1 | 2, foreignReply: 1 | 2): BatchAnswer => ({
  kind: 'answer',
  responseCode: '00',
  batch,
  domesticReply,
  foreignReply,
});
