import type { ClearingCaseFact, ClearingDifference } from '@tillstream/domain/clearing/events';
import { streamOf } from '@tillstream/domain/stream';
import { fen, ZERO } from '@tillstream/money';
import { Metrics, type Platform } from '@tillstream/service-kit';
import { showCases } from '../case-figures.ts';
import { openCases } from '../read/open-cases.ts';
import { openApi, type Api } from '../testing/api.ts';
import { History } from '../testing/history.ts';
import { MERCHANT, worked, workedDay } from '../testing/worked-day.ts';

const DAY = '2026-11-23';
const stream = streamOf.clearingOf('unionpay', DAY, MERCHANT);
const ref = (n: number) => ({
  caseId: `00000000-0000-5000-8000-00000000000${n}`,
  ...{ channel: 'unionpay', clearingDate: DAY, merchantId: MERCHANT },
});
const found = (n: number, outcome: ClearingDifference): ClearingCaseFact => ({
  type: 'ClearingDifferenceFound',
  version: 1,
  data: {
    ...{ ...ref(n), outcome, version: 1, kind: 'sale', rrn: '632700000001', terminalId: '10000001' },
    ...{ trace: { transmittedAt: '1123100000', stan: '000001', acquirer: '48021000' }, maskedCard: '620000******0005' },
    ...{ operationId: null, paymentId: null, ours: null, theirs: null, dates: null },
    move: { receivable: ZERO, issuerCost: ZERO, networkCost: ZERO, hold: ZERO },
  },
});
const resolved = (n: number): ClearingCaseFact => ({
  type: 'ClearingCaseResolved',
  version: 1,
  data: {
    ...{
      ...ref(n),
      resolution: 'return-to-payer',
      proposedBy: 'operator:wang',
      approvedBy: 'operator:li',
      dates: null,
    },
    amounts: { suspense: ZERO, fee: ZERO, issuerCost: ZERO, networkCost: ZERO, release: ZERO },
  },
});
const cleared = (n: number): ClearingCaseFact => ({
  type: 'ClearingDifferenceCleared',
  version: 1,
  data: {
    ...{ ...ref(n), because: 'corrected', foundIn: { clearingDate: DAY, version: 2 }, dates: null },
    move: { receivable: ZERO, issuerCost: ZERO, networkCost: ZERO, hold: ZERO },
  },
});
const reopened = (n: number): ClearingCaseFact => ({
  type: 'ClearingCaseReopened',
  version: 1,
  data: { ...ref(n), responseCode: '57' },
});

let history: History;
let api: Api;
beforeEach(async () => {
  history = await History.open();
  await workedDay(history);
  api = await openApi(history);
});
afterEach(async () => {
  await api.close();
  await history.close();
});
const say = async (at: string, ...facts: readonly ClearingCaseFact[]): Promise<void> => {
  history.at = at;
  await history.say(stream, MERCHANT, ...facts);
  await history.reported();
};

describe('open cases by kind, with the age of the oldest (domain 4.5)', () => {
  it('count what is found, again after a correction, and opened again; not what is cleared, resolved or ended by its payment', async () => {
    expect(await openCases(history.pool)).toEqual([]);
    await say('2026-11-24T01:00:00.000Z', found(1, 'LONG'), found(2, 'SHORT'), found(3, 'STATUS_DIFF'));
    await say('2026-11-25T01:00:00.000Z', found(4, 'LONG'));
    expect(await openCases(history.pool)).toEqual([
      { kind: 'LONG', count: 2, oldest: '2026-11-24T01:00:00.000Z' },
      { kind: 'SHORT', count: 1, oldest: '2026-11-24T01:00:00.000Z' },
      { kind: 'STATUS_DIFF', count: 1, oldest: '2026-11-24T01:00:00.000Z' },
    ]);
    await say('2026-11-26T01:00:00.000Z', resolved(1), cleared(2));
    const [of] = [worked('ended', 'return')];
    const ends = {
      of: 't1',
      amount: fen(1),
      undone: null,
      release: ZERO,
      kept: null,
      channel: 'unionpay',
      dates: null,
    };
    await history.say(streamOf.payment('t1'), MERCHANT, {
      ...{ type: 'ReturnAccepted', version: 1 },
      data: { ...ends, operation: of, clearingDate: DAY, authCode: '', caseId: ref(3).caseId },
    });
    await history.reported();
    expect(await openCases(history.pool)).toEqual([{ kind: 'LONG', count: 1, oldest: '2026-11-25T01:00:00.000Z' }]);
    await say('2026-11-27T01:00:00.000Z', reopened(1), found(2, 'SHORT'));
    expect(await openCases(history.pool)).toEqual([
      { kind: 'LONG', count: 2, oldest: '2026-11-24T01:00:00.000Z' },
      { kind: 'SHORT', count: 1, oldest: '2026-11-27T01:00:00.000Z' },
    ]);
  });

  it('stand in the day’s report and on its page in both languages; a case over seven days is marked', async () => {
    await history.reported();
    history.at = '2026-11-24T01:00:00.000Z';
    expect((await api.get('/?lang=zh')).text).toContain('没有待处理的事项。');
    await say('2026-11-24T01:00:00.000Z', found(1, 'LONG'), found(2, 'DECLINED'));
    history.at = '2026-12-03T02:00:00.000Z';
    const { body } = await api.get(`/days/${DAY}`);
    expect(body.openCases).toMatchObject([
      { kind: 'DECLINED', count: 1 },
      { kind: 'LONG', count: 1 },
    ]);
    const zh = (await api.get(`/?lang=zh&date=${DAY}`)).text;
    for (const text of ['待处理事项', '长款', '已应答后渠道拒绝', '9 <small>自 2026-11-24</small>', '已升级']) {
      expect(zh).toContain(text);
    }
    const en = (await api.get(`/?lang=en&date=${DAY}`)).text;
    for (const text of ['Open cases', 'Declined after 00', 'escalated']) expect(en).toContain(text);
  });

  it('and those of payouts: rejected, returned, unanswered, answered both ways, each since it waits, until a person saw to it', async () => {
    const due = ['2026-11-24', '2026-11-25', '2026-11-26', '2026-11-27'];
    const payout = async (n: number, at: string, ...facts: readonly [string, object?][]): Promise<void> => {
      const dueDate = due[n] ?? '';
      history.at = at;
      const said = facts.map(([type, more]) => ({
        ...{ type, version: 1 },
        data: { merchantId: MERCHANT, dueDate, amount: fen(100), ...more },
      }));
      await history.say(streamOf.payout(MERCHANT, dueDate), MERCHANT, ...said);
    };
    const sent: readonly [string, object?][] = [
      ['PayoutDue', { through: DAY, minimum: fen(100) }],
      ['PayoutApproved', { account: 'a' }],
      ['PayoutSubmitted', { file: 'f', attempt: 1 }],
    ];
    const contradicted = { n: 1, attempt: 1, how: 'confirmed-after-rejection', hold: fen(100), bankReference: 'B1' };
    await payout(0, '2026-11-24T01:00:00.000Z', ...sent, ['PayoutRejected', { reason: 'closed' }]);
    await payout(1, '2026-11-25T01:00:00.000Z', ...sent, ['PayoutUnknown', { cause: 'no answer' }]);
    await payout(2, '2026-11-26T01:00:00.000Z', ...sent, ['PayoutConfirmed', { bankReference: 'B' }]);
    await payout(2, '2026-11-27T01:00:00.000Z', ['PayoutReturned', { bankReference: 'B', reason: 'closed' }]);
    await payout(3, '2026-11-28T01:00:00.000Z', ...sent, ['PayoutRejected', { reason: 'closed' }]);
    await payout(3, '2026-11-29T01:00:00.000Z', ['PayoutContradicted', contradicted]);
    await history.reported();
    const open = () => openCases(history.pool);
    expect(await open()).toEqual([
      { kind: 'PAYOUT_CONTRADICTED', count: 1, oldest: '2026-11-28T01:00:00.000Z' },
      { kind: 'PAYOUT_REJECTED', count: 1, oldest: '2026-11-24T01:00:00.000Z' },
      { kind: 'PAYOUT_RETURNED', count: 1, oldest: '2026-11-27T01:00:00.000Z' },
      { kind: 'PAYOUT_UNKNOWN', count: 1, oldest: '2026-11-25T01:00:00.000Z' },
    ]);
    const zh = (await api.get(`/?lang=zh&date=${DAY}`)).text;
    for (const text of ['被拒 2026-11-24', '划款被拒', '划款退票', '划款结果未知', '划款回执矛盾'])
      expect(zh).toContain(text);
    const en = (await api.get(`/?lang=en&date=${DAY}`)).text;
    expect(en).toContain('Payout answered both ways');
    const metrics = new Metrics('spec');
    showCases(metrics, {
      pool: history.pool,
      businessClock: { now: () => new Date(history.at) } as Platform['businessClock'],
    });
    const { body } = await metrics.text();
    expect(body).toMatch(/open_cases\{kind="PAYOUT_REJECTED"[^}]*\} 1$/m);
    expect(body).toMatch(/open_cases_oldest_seconds\{kind="PAYOUT_REJECTED"[^}]*\} 432000$/m);
    await payout(0, '2026-11-30T01:00:00.000Z', [
      'PayoutAccountCorrected',
      { attempt: 1, correctedBy: 'wang', reason: 'r' },
    ]);
    await payout(1, '2026-11-30T01:00:00.000Z', ['PayoutConfirmed', { bankReference: 'B' }]);
    const resolved = { ...contradicted, outcome: 'released', proposedBy: 'wang', approvedBy: 'li' };
    await payout(3, '2026-11-30T01:00:00.000Z', ['PayoutContradictionResolved', resolved]);
    await history.reported();
    expect(await open()).toEqual([
      { kind: 'PAYOUT_REJECTED', count: 1, oldest: '2026-11-28T01:00:00.000Z' },
      { kind: 'PAYOUT_RETURNED', count: 1, oldest: '2026-11-27T01:00:00.000Z' },
    ]);
  });
});
