import { fen } from '@tillstream/money';
import { isRefused, type Decision, type Fact } from '../fact.ts';
import type { PaymentFact } from '../payment/events.ts';
import {
  approved,
  operation,
  priced,
  refundDeclined,
  refundRequested,
  reversalRequested,
  voided,
} from '../book/testing/day.ts';
import { hostClose, markOverdue, requestClose } from './close.ts';
import type { EndBatchUpload, PresentBatchTotals, UploadBatchItems, UploadedItem } from './commands.ts';
import {
  answerOf,
  batchForSignIn,
  compareTotals,
  endUpload,
  openForPayment,
  presentTotals,
  reconcile,
  uploadItems,
  type CurrentBatch,
} from './decide.ts';
import type { BatchFact, BatchTotals } from './events.ts';
import { itemsAfter, noItems, type HostItem } from './items.ts';
import { differencesOf, merged } from './merge.ts';
import { isBatchNumber, nextBatch } from './number.ts';
import { evolve, noBatch, type BatchState } from './state.ts';
import { EMPTY_TOTALS, totalsOf } from './totals.ts';

const DAY = { tradeDate: '2026-11-23', clearingDate: '2026-11-23' };
const ref = { acquirer: '48023310', terminalId: '10000001', merchantId: 'M1', batch: '000007' };
const message = (stan: string, batch = ref.batch) => ({
  ...ref,
  batch,
  answerBy: 0,
  correlation: 'c',
  stan,
  operator: '01',
});
const present = (totals: BatchTotals, stan = '000100', batch = ref.batch): PresentBatchTotals => ({
  ...message(stan, batch),
  totals,
});
const upload = (stan: string, shape: string, items: UploadedItem[]): UploadBatchItems => ({
  ...message(stan),
  shape,
  items,
});
const end = (count: number, saysBalanced = false): EndBatchUpload => ({ ...message('000199'), count, saysBalanced });
const item = (stan: string, amount: number, fingerprint = `fp-${stan}`): HostItem => ({
  stan,
  block: 'domestic',
  fingerprint,
  amount: fen(amount),
  kind: 'sale',
});
const sent = (one: HostItem): UploadedItem => ({
  stan: one.stan,
  block: one.block,
  fingerprint: one.fingerprint,
  amount: one.amount,
  type60: null,
});

const run = (...facts: readonly BatchFact[]): BatchState => facts.reduce(evolve, noBatch);
const after = (state: BatchState, decision: Decision<BatchFact, string> | readonly BatchFact[]): BatchState =>
  (factsOf(decision) as readonly BatchFact[]).reduce(evolve, state);
const factsOf = (decision: Decision<Fact, string> | readonly Fact[]): readonly Fact[] => {
  if (!('refusal' in decision) && !('facts' in decision)) return decision;
  if (isRefused(decision)) throw new Error(decision.refusal);
  return decision.facts;
};
const opened = (): BatchState => run(...openForPayment(noBatch, operation('p', 'sale', { batch: ref.batch })));
const current = (state: BatchState, batch = ref.batch): CurrentBatch => ({ batch, state });
const settled = (totals: BatchTotals): BatchState => {
  const closing = after(opened(), presentTotals(current(opened()), opened(), present(totals)));
  return after(closing, compareTotals(closing, totals));
};
const lost = { by: 'operator:wang', reason: 'the terminal is lost' };
/** Somebody asked that the host close it. */
const closing = (): BatchState => after(opened(), requestClose(opened(), lost));
const hostClosed = (totals: BatchTotals): BatchState => after(closing(), hostClose(closing(), totals));
const three = [item('000001', 100), item('000002', 250), item('000003', 40)];
const reconciling = (host: HostItem[] = three): BatchState => {
  const closing = after(opened(), presentTotals(current(opened()), opened(), present(EMPTY_TOTALS)));
  return after(closing, compareTotals(closing, totalsOf(host)));
};

describe('batch numbers (domain 2.7)', () => {
  it('run from 000001 to 999998 and wrap', () => {
    expect([nextBatch('000001'), nextBatch('999997'), nextBatch('999998')]).toEqual(['000002', '999998', '000001']);
    expect(['000001', '999998', '000000', '999999', '1', 'abcdef'].map(isBatchNumber)).toEqual([
      true,
      true,
      false,
      false,
      false,
      false,
    ]);
  });
  it('a sign-in gets the open batch, whatever number the terminal says', () => {
    expect(batchForSignIn(current(opened()), { ...ref, terminalBatch: '000009' })).toEqual({
      batch: '000007',
      opens: null,
    });
    expect(batchForSignIn(current(reconciling()), { ...ref, terminalBatch: '000008' })).toEqual({
      batch: '000007',
      opens: null,
    });
  });
  it('a sign-in gets the next one only after the last is over', () => {
    for (const over of [settled(EMPTY_TOTALS), hostClosed(EMPTY_TOTALS)]) {
      const next = batchForSignIn(current(over), { ...ref, terminalBatch: '000007' });
      expect(next).toMatchObject({ batch: '000008', opens: { data: { batch: '000008', because: 'sign-in' } } });
    }
  });
  it('a terminal that never had a batch begins with its own number when legal, else with 000001', () => {
    expect(batchForSignIn(null, { ...ref, terminalBatch: '000033' }).batch).toBe('000033');
    expect(batchForSignIn(null, { ...ref, terminalBatch: '000000' }).batch).toBe('000001');
  });
  it('the first payment of a number opens it, later ones do not', () => {
    expect(openForPayment(noBatch, operation('p', 'sale'))).toHaveLength(1);
    expect(openForPayment(opened(), operation('p', 'sale'))).toEqual([]);
  });
  it('an 0500 for the number after a settled batch opens it; any other unused number is out of step (77)', () => {
    const done = current(settled(EMPTY_TOTALS));
    const decision = presentTotals(done, noBatch, present(EMPTY_TOTALS, '1', '000008'));
    expect(factsOf(decision).map(({ type }) => type)).toEqual(['BatchOpened', 'BatchTotalsPresented']);
    expect(presentTotals(done, noBatch, present(EMPTY_TOTALS, '1', '000009'))).toEqual({
      refusal: 'batch-out-of-step',
    });
    expect(presentTotals(current(opened()), noBatch, present(EMPTY_TOTALS, '1', '000008'))).toEqual({
      refusal: 'batch-out-of-step',
    });
    expect(presentTotals(current(opened()), noBatch, present(EMPTY_TOTALS, '1', '000006'))).toEqual({
      refusal: 'batch-out-of-step',
    });
  });
});

describe('totals of a batch (domain 2.4)', () => {
  const totals = (...facts: PaymentFact[]): BatchTotals => totalsOf(facts.reduce(itemsAfter, noItems).items.values());
  const sale = (id: string, amount: number) =>
    approved(priced(amount, 0, 0, 0), DAY, operation(id, 'sale', { stan: id }));
  it('the worked day has debit 1,133,333 / 3 and credit 73,333 / 2', () => {
    const returned = priced(40_000, 240, 180, 13);
    const day = totals(
      sale('t1', 100_000),
      sale('t2', 1_000_000),
      sale('t4', 33_333),
      voided(priced(33_333, 0, 0, 0), DAY, operation('v', 'void')),
      refundRequested(returned, DAY, DAY.tradeDate),
    );
    expect(day.domestic).toEqual({ debitSum: 1_133_333, debitCount: 3, creditSum: 73_333, creditCount: 2 });
    expect(day.foreign).toEqual(EMPTY_TOTALS.foreign);
  });
  it('only CUP is domestic', () => {
    const visa = { ...sale('t1', 5), data: { ...sale('t1', 5).data, scheme: 'VIS' as const } };
    expect(totals(visa).foreign).toMatchObject({ debitSum: 5, debitCount: 1 });
  });
  it('what is being reversed counts no more; a refund counts from its request, also when the channel declines it', () => {
    expect(totals(sale('t1', 5), reversalRequested(fen(5), fen(5), DAY, operation('t1', 'sale')))).toEqual(
      EMPTY_TOTALS,
    );
    const returned = priced(5, 0, 0, 0);
    expect(totals(refundRequested(returned, DAY, DAY.tradeDate), refundDeclined(returned, DAY)).domestic).toMatchObject(
      { creditSum: 5, creditCount: 1 },
    );
  });
  it('an item carries the fingerprint of its card', () => {
    expect(
      [...itemsAfter(noItems, refundRequested(priced(5, 0, 0, 0), DAY, DAY.tradeDate)).items.values()][0],
    ).toMatchObject({ fingerprint: 'fp-1', kind: 'refund' });
  });
});

describe('settlement of a batch (domain 4.1)', () => {
  it('equal totals: balanced, reply 1, SETTLED; an empty batch is balanced', () => {
    const done = settled(EMPTY_TOTALS);
    expect(done.is).toBe('SETTLED');
    expect(answerOf(done)).toEqual({
      kind: 'answer',
      responseCode: '00',
      batch: '000007',
      domesticReply: 1,
      foreignReply: 1,
    });
  });
  it('until the outcome is said the host is silent', () => {
    const closing = after(opened(), presentTotals(null, opened(), present(EMPTY_TOTALS)));
    expect([closing.is, answerOf(closing)]).toEqual(['CLOSING', { kind: 'silence' }]);
  });
  it('unequal totals: reply 2 for the block that differs, RECONCILING', () => {
    expect(reconciling().is).toBe('RECONCILING');
    expect(answerOf(reconciling())).toMatchObject({ domesticReply: 2, foreignReply: 1 });
  });
  it('a repeated 0500 stores nothing and gets the stored answer, while it waits, after reply 2 and after the settlement', () => {
    const closing = after(opened(), presentTotals(null, opened(), present(EMPTY_TOTALS)));
    for (const state of [closing, reconciling(), settled(EMPTY_TOTALS)]) {
      expect(factsOf(presentTotals(current(state), state, present(EMPTY_TOTALS)))).toEqual([]);
    }
    const late = settled(EMPTY_TOTALS);
    expect(factsOf(presentTotals(current(opened(), '000008'), late, present(totalsOf(three), '2')))).toEqual([]);
  });
  it('a settled batch calls no totals balanced that it never compared, so that the terminal uploads what came later', () => {
    const done = settled(EMPTY_TOTALS);
    expect(answerOf(done, EMPTY_TOTALS)).toMatchObject({ domesticReply: 1, foreignReply: 1 });
    expect(answerOf(done, totalsOf(three))).toMatchObject({ domesticReply: 2, foreignReply: 1 });
    const uploaded = after(done, uploadItems(done, upload('000101', '201', three.map(sent))));
    expect([uploaded.is, 'upload' in uploaded && uploaded.upload.items.length]).toEqual(['SETTLED', 3]);
  });
  it('after reply 2 a renewed 0500 is compared anew and drops the upload so far', () => {
    const state = after(reconciling(), uploadItems(reconciling(), upload('000101', '201', three.map(sent))));
    const renewed = after(state, presentTotals(current(state), state, present(totalsOf(three), '000102')));
    expect(renewed).toMatchObject({ is: 'CLOSING', presentation: { number: 2 } });
    expect(after(renewed, compareTotals(renewed, totalsOf(three))).is).toBe('SETTLED');
  });
  it('the host closes only an open batch, as it was asked to and once', () => {
    expect(factsOf(requestClose(opened(), lost))).toMatchObject([{ type: 'BatchCloseRequested', data: lost }]);
    expect(factsOf(requestClose(closing(), { ...lost, reason: 'again' }))).toEqual([]);
    expect(factsOf(requestClose(hostClosed(EMPTY_TOTALS), lost))).toEqual([]);
    expect(hostClose(closing(), totalsOf(three))).toMatchObject([
      { type: 'BatchHostClosed', data: { totals: totalsOf(three), reason: lost.reason } },
    ]);
    expect(hostClose(opened(), totalsOf(three))).toEqual([]);
    expect(requestClose(noBatch, lost)).toEqual({ refusal: 'batch-never-opened' });
    for (const state of [reconciling(), settled(EMPTY_TOTALS)]) {
      expect(requestClose(state, lost)).toEqual({ refusal: 'batch-not-open' });
      expect(hostClose(state, EMPTY_TOTALS)).toEqual([]);
    }
  });
  it('a terminal that presents its totals meanwhile ends the batch itself', () => {
    const presented = after(closing(), presentTotals(current(closing()), closing(), present(totalsOf(three))));
    expect(hostClose(presented, totalsOf(three))).toEqual([]);
    expect(after(presented, compareTotals(presented, totalsOf(three))).is).toBe('SETTLED');
  });
  it('its totals are frozen: a late 0500 is told whether it agrees, a late upload is compared, and it stays closed', () => {
    const closed = hostClosed(totalsOf(three));
    expect(answerOf(closed, EMPTY_TOTALS)).toMatchObject({ domesticReply: 2, foreignReply: 1 });
    expect(answerOf(closed, totalsOf(three))).toMatchObject({ domesticReply: 1, foreignReply: 1 });
    const uploaded = after(closed, uploadItems(closed, upload('000101', '201', three.slice(1).map(sent))));
    expect(reconcile(uploaded, three)).toEqual([]);
    const wrong = after(uploaded, endUpload(uploaded, end(9)));
    expect(reconcile(wrong, three)).toMatchObject([{ type: 'BatchUploadRejected' }]);
    const ended = after(uploaded, endUpload(uploaded, end(2)));
    const outcome = reconcile(ended, three);
    expect(outcome).toMatchObject([
      { type: 'BatchReconciled', data: { outcome: 'SETTLED_WITH_DIFF', differences: [{ kind: 'HOST_ONLY' }] } },
    ]);
    const compared = after(ended, outcome);
    expect([compared.is, reconcile(compared, three)]).toEqual(['HOST_CLOSED', []]);
  });
  it('that holds when its day ended is overdue, unless a question waits for its answer', () => {
    expect(markOverdue(opened(), '2026-11-23')).toMatchObject([{ type: 'BatchOverdue', data: { date: '2026-11-23' } }]);
    expect(markOverdue(reconciling(), '2026-11-23')).toHaveLength(1);
    const asked = after(opened(), presentTotals(null, opened(), present(EMPTY_TOTALS)));
    const uploaded = after(reconciling(), endUpload(reconciling(), end(0)));
    for (const state of [noBatch, asked, closing(), uploaded, settled(EMPTY_TOTALS), hostClosed(EMPTY_TOTALS)]) {
      expect(markOverdue(state, '2026-11-23')).toEqual([]);
    }
  });
});

describe('batch upload (domain 2.4)', () => {
  const uploaded = (...parts: readonly [string, string, HostItem[]][]): BatchState =>
    parts.reduce(
      (state, [stan, shape, items]) => after(state, uploadItems(state, upload(stan, shape, items.map(sent)))),
      reconciling(),
    );
  const ended = (state: BatchState, count: number): BatchState => after(state, endUpload(state, end(count)));

  it('the three shapes merge by STAN, by card and amount where one names no STAN; within a shape twice the same card and amount are two', () => {
    const state = uploaded(
      ['1', '201', three],
      ['2', '203', [item('000002', 250)]],
      ['3', '204', [item('000000', 40, 'fp-000003')]],
    );
    expect(state).toMatchObject({ upload: { items: { length: 3 }, parts: ['201.1', '203.2', '204.3'] } });
    const twice = [item('000001', 100, 'same'), item('000002', 100, 'same')];
    expect(merged([], twice, 'list')).toHaveLength(2);
  });
  it('a sale and its void have one card and one amount and stay two items, whatever shapes they come in', () => {
    const state = ended(
      uploaded(['1', '201', [item('000002', 100, 'same')]], ['2', '205', [item('000001', 100, 'same')]]),
      2,
    );
    const host = [item('000001', 100, 'same'), { ...item('000002', 100, 'same'), kind: 'void' as const }];
    expect(after(state, reconcile(state, host)).is).toBe('SETTLED');
  });
  it('a count of every item as often as it was sent fits as well', () => {
    const state = ended(uploaded(['1', '201', three], ['2', '203', [item('000002', 250)]]), 4);
    expect(after(state, reconcile(state, three)).is).toBe('SETTLED');
  });
  it('the same part again stores nothing; the whole upload again from the start counts once', () => {
    const state = uploaded(['1', '201', three]);
    expect(factsOf(uploadItems(state, upload('1', '201', three.map(sent))))).toEqual([]);
    expect(uploaded(['1', '201', three], ['9', '201', three])).toMatchObject({ upload: { items: { length: 3 } } });
  });
  it('equal items: SETTLED', () => {
    const state = ended(uploaded(['1', '201', three]), 3);
    expect(after(state, reconcile(state, three)).is).toBe('SETTLED');
  });
  it('names HOST_ONLY, TERMINAL_ONLY and AMOUNT_DIFF and settles with differences', () => {
    const state = ended(uploaded(['1', '201', [item('000001', 100), item('000002', 251), item('000009', 7)]]), 3);
    const [outcome] = reconcile(state, three);
    expect(outcome).toMatchObject({
      type: 'BatchReconciled',
      data: {
        outcome: 'SETTLED_WITH_DIFF',
        differences: [
          { kind: 'AMOUNT_DIFF', stan: '000002', hostAmount: 250, terminalAmount: 251 },
          { kind: 'HOST_ONLY', stan: '000003', hostAmount: 40, terminalAmount: null },
          { kind: 'TERMINAL_ONLY', stan: '000009', hostAmount: null, terminalAmount: 7 },
        ],
      },
    });
    expect(after(state, [outcome as BatchFact]).is).toBe('SETTLED_WITH_DIFF');
  });
  it('another card under the same STAN is CARD_DIFF, never HOST_ONLY: the terminal has it, so it is not reversed', () => {
    const kinds = (host: HostItem[], terminal: HostItem[]): string[] =>
      differencesOf(host, terminal).map(({ kind, stan }) => `${kind} ${stan}`);
    expect(differencesOf([item('000001', 100, 'a')], [item('000001', 100, 'b')])).toEqual([
      { kind: 'CARD_DIFF', stan: '000001', hostAmount: 100, terminalAmount: 100 },
    ]);
    expect(kinds([item('000001', 100, 'a')], [item('000001', 90, 'b')])).toEqual(['CARD_DIFF 000001']);
    // An item that another one fits by card and amount is not taken by its STAN.
    expect(
      kinds([item('000001', 100, 'a'), item('000002', 50, 'b')], [item('000001', 50, 'b'), item('000003', 7, 'c')]),
    ).toEqual(['HOST_ONLY 000001', 'TERMINAL_ONLY 000003']);
  });
  it('the same card and amount under another STAN is the same item; an item without a card is known by its STAN', () => {
    expect(differencesOf([item('000001', 100, 'a')], [item('000002', 100, 'a')])).toEqual([]);
    expect(differencesOf([item('000001', 100, 'a')], [item('000001', 100, '')])).toEqual([]);
  });
  it('a wrong end count keeps RECONCILING, and the terminal uploads again from the start', () => {
    const state = ended(uploaded(['1', '201', three.slice(1)]), 3);
    const again = after(state, reconcile(state, three));
    expect(again).toMatchObject({ is: 'RECONCILING', upload: { number: 2, items: [], ended: null } });
    const second = ended(after(again, uploadItems(again, upload('5', '201', three.map(sent)))), 3);
    expect(after(second, reconcile(second, three)).is).toBe('SETTLED');
  });
  it('after reply 1 the batch still takes items and its end (203, 207), which change nothing', () => {
    const done = settled(EMPTY_TOTALS);
    const items = after(done, uploadItems(done, upload('1', '203', three.map(sent))));
    const state = after(items, endUpload(items, end(3, true)));
    expect(state.is).toBe('SETTLED');
    expect(reconcile(state, three)).toEqual([]);
    expect(factsOf(endUpload(state, end(3, true)))).toEqual([]);
  });
  it('without a presentation nothing is uploaded, and never more than 999 items', () => {
    expect(uploadItems(opened(), upload('1', '201', []))).toEqual({ refusal: 'batch-not-presented' });
    expect(endUpload(noBatch, end(0))).toEqual({ refusal: 'batch-never-opened' });
    const many = Array.from({ length: 1_000 }, (_, i) => sent(item(String(i).padStart(6, '0'), 1)));
    expect(uploadItems(reconciling(), upload('1', '201', many))).toEqual({ refusal: 'upload-too-large' });
  });
  it('a copy with 60.1 = 25 says that it is a refund; all other types are the host’s to say', () => {
    const [fact] = factsOf(
      uploadItems(
        reconciling(),
        upload('1', '204', [
          { ...sent(item('1', 5)), type60: '25' },
          { ...sent(item('2', 5)), type60: '30' },
        ]),
      ),
    );
    expect((fact?.data as { items: { kind: string | null }[] }).items.map(({ kind }) => kind)).toEqual([
      'refund',
      null,
    ]);
  });
});
