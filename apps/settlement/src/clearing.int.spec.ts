import type { BookFact } from '@tillstream/domain/book/events';
import { checkBooks } from '@tillstream/domain/book/invariants';
import { reversalRequested } from '@tillstream/domain/book/testing/day';
import { streamOf } from '@tillstream/domain/stream';
import { rebuildReadModels } from '@tillstream/service-kit';
import { fen } from '@tillstream/money';
import { settlementReadModels } from './index.ts';
import { Bench, MERCHANT, MONDAY, OTHER, priced, SAME_DAY, TUESDAY, until, type Opened } from './testing/bench.ts';
import { openPayoutApi, type PayoutApi } from './testing/payout-api.ts';
import type { FileLine } from './testing/scripted-files.ts';

const TUESDAY_MORNING = '2026-11-24T01:00:00.000Z';
const WEDNESDAY_MORNING = '2026-11-25T01:00:00.000Z';
const UNKNOWN = '480290053319999';

let bench: Bench;
beforeEach(async () => {
  bench = await Bench.open();
});
afterEach(() => bench.close());

const mine = (merchant = MERCHANT, date = MONDAY): string => streamOf.clearingOf('unionpay', date, merchant);
const house = (date = MONDAY): string => streamOf.clearing('unionpay', date);
const said = async (stream: string) =>
  (await bench.facts(stream)).map(({ type, data }) => ({ type, ...(data as Record<string, unknown>) }));
const booked = async (): Promise<BookFact[]> =>
  (await bench.store.readAll(0n, { nouns: ['book'], limit: 5_000 })) as unknown as BookFact[];

async function reconciled(date = MONDAY): Promise<void> {
  await until(`the file of ${date} is reconciled`, async () =>
    (await bench.types(house(date))).includes('ClearingFileReconciled'),
  );
}
async function paid(service: Opened, dueDate: string): Promise<void> {
  await until(`paid out on ${dueDate}`, () => service.settlement.paidOut(dueDate));
}
async function expectSound(): Promise<void> {
  expect(checkBooks(await booked())).toEqual([]);
  const models = settlementReadModels;
  const rebuilt = await rebuildReadModels({ store: bench.store, pool: bench.database.pool, models, swap: false });
  expect(rebuilt.tables.filter(({ equal }) => !equal)).toEqual([]);
}
/** The bank credits what the file says. */
async function creditFile(date = MONDAY): Promise<void> {
  bench.credit(date, await bench.files.netOf(date));
}
const of = (operationStan: string) => (line: FileLine) => line.rrn.endsWith(operationStan);
const extra = (line: FileLine, more: Partial<FileLine>): FileLine => ({
  ...line,
  trace: { ...line.trace, stan: '900001' },
  rrn: '999999999999',
  ...more,
});
const byRrn = (n: number): { rrn: string } => ({ rrn: String(n).padStart(12, '0') });

describe('a clearing file that agrees', () => {
  it('is received and reconciled, and says nothing of any item', async () => {
    await bench.sale(1_000_00, byRrn(1));
    await bench.sale(500_00, { merchantId: OTHER, ...byRrn(2) });
    await creditFile();
    const service = await bench.service();
    bench.clock.set(TUESDAY_MORNING);
    await paid(service, TUESDAY);
    expect(await said(house())).toMatchObject([
      { type: 'ClearingFileReceived', version: 1, items: 2 },
      { type: 'ClearingFileReconciled', version: 1, counts: { MATCHED: 2, LONG: 0, SHORT: 0 } },
      { type: 'ChannelCredited' },
      { type: 'MarginWithdrawn' },
    ]);
    expect([await bench.types(mine()), await bench.types(mine(OTHER))]).toEqual([[], []]);
    await expectSound();
  });

  it('may call an offline sale a sale, or the other way round: it is the same item', async () => {
    await bench.sale(1_000_00, byRrn(1));
    bench.files.change(MONDAY, (lines) => lines.map((line) => ({ ...line, kind: 'offline-sale' as const })));
    await creditFile();
    const service = await bench.service();
    bench.clock.set(TUESDAY_MORNING);
    await paid(service, TUESDAY);
    expect((await said(house()))[1]).toMatchObject({ counts: { MATCHED: 1, LONG: 0, SHORT: 0 } });
    await expectSound();
  });

  it('is waited for: no credit and no payout before it', async () => {
    await bench.sale(1_000_00, byRrn(1));
    await creditFile();
    bench.files.missing.add(MONDAY);
    const service = await bench.service();
    bench.clock.set(TUESDAY_MORNING);
    await until('the file is waited for', async () => {
      return (await service.settlement.creditsDue()).waitingFor === 'the clearing file of unionpay 2026-11-23';
    });
    expect(await bench.types(house())).toEqual([]);
    bench.files.missing.clear();
    await paid(service, TUESDAY);
  });

  it('that cannot be read changes nothing and raises an alarm that names line and field, and no value', async () => {
    await bench.sale(1_000_00, byRrn(1));
    bench.files.bytes.set(MONDAY, 'H|CLEARING|1|unionpay|2026-11-23|1\nD|sale|6228480000000000018\nT|1|0\n');
    const service = await bench.service();
    bench.clock.set(TUESDAY_MORNING);
    await until('the alarm', () => service.settlement.alarms()['clearing-file-unreadable'] === 1);
    expect(await bench.types(house())).toEqual([]);
    const line = bench.logLines.find((text) => text.includes('clearing-file-unreadable')) ?? '';
    expect(line).toContain('"line":2');
    expect(line).not.toContain('6228480000000000018');
    bench.files.bytes.clear();
    await reconciled();
  });
});

describe('differences of a clearing file', () => {
  /** LONG of a merchant, LONG of nobody, SHORT, AMOUNT_DIFF, FEE_DIFF, DUPLICATE in one file. */
  async function spoil(): Promise<void> {
    for (const n of [1, 2, 3, 4]) await bench.sale(n * 1_000_00, byRrn(n));
    await bench.sale(800_00, { merchantId: OTHER, ...byRrn(5) });
    bench.files.change(MONDAY, (lines) => [
      ...lines.flatMap((line) => {
        if (of('5')(line)) return [];
        if (of('2')(line)) return [{ ...line, amounts: { ...line.amounts, amount: fen(2_100_00) } }];
        if (of('3')(line))
          return [{ ...line, amounts: { ...line.amounts, networkCost: fen(line.amounts.networkCost + 7) } }];
        return of('4')(line) ? [line, line] : [line];
      }),
      ...lines
        .filter(of('1'))
        .flatMap((line) => [
          extra(line, { amounts: { amount: fen(5_000), issuerCost: fen(23), networkCost: fen(2) } }),
          extra(line, { merchantId: UNKNOWN, trace: { ...line.trace, stan: '900002' }, rrn: '999999999998' }),
        ]),
    ]);
    await creditFile();
  }

  it('are one case each in the merchant’s stream, in the day’s own for nobody’s; 1101 is what the bank pays', async () => {
    await spoil();
    const service = await bench.service();
    bench.clock.set(TUESDAY_MORNING);
    await paid(service, TUESDAY);
    const outcomes = (await bench.facts(mine())).map(({ data }) => (data as { outcome: string }).outcome);
    expect(outcomes.sort()).toEqual(['AMOUNT_DIFF', 'DUPLICATE', 'FEE_DIFF', 'LONG']);
    expect(await said(mine(OTHER))).toMatchObject([
      { outcome: 'SHORT', theirs: null, move: { receivable: -796_14, hold: 795_20 } },
    ]);
    expect((await said(house())).find(({ type }) => type === 'ClearingDifferenceFound')).toMatchObject({
      outcome: 'LONG',
      merchantId: 'house',
    });
    expect((await said(house())).find(({ type }) => type === 'ClearingFileReconciled')).toMatchObject({
      counts: { MATCHED: 2, LONG: 2, SHORT: 1, AMOUNT_DIFF: 1, FEE_DIFF: 1, DUPLICATE: 1, STATUS_DIFF: 0 },
    });
    // What is short is not paid out.
    expect((await bench.types(streamOf.payout(OTHER, TUESDAY))).at(-1) ?? 'none').toBe('none');
    await expectSound();
  });

  it('are said once when the process is killed after every single append, and by two services that race', async () => {
    await spoil();
    bench.clock.set(TUESDAY_MORNING);
    const own = async (): Promise<number> =>
      (await bench.store.readAll(0n, { limit: 5_000 })).filter(({ by }) => by === 'service:settlement').length;
    for (let lives = 0; !(await bench.types(house())).includes('ClearingFileReconciled'); lives += 1) {
      expect(lives).toBeLessThan(40);
      const before = await own();
      const service = await bench.service({}, 1);
      await until('one more fact', async () => (await own()) > before);
      await service.close();
    }
    const [one, two] = await Promise.all([bench.service(), bench.service()]);
    await Promise.all([one, two].map((each) => paid(each, TUESDAY)));
    expect([(await bench.types(mine())).length, (await bench.types(mine(OTHER))).length]).toEqual([4, 1]);
    expect((await bench.types(house())).filter((type) => type.startsWith('ClearingFile'))).toHaveLength(2);
    await expectSound();
  });

  it('that a correction takes back are mirrored; the same file again changes nothing', async () => {
    await bench.sale(1_000_00, byRrn(1));
    await bench.sale(800_00, byRrn(2));
    bench.files.change(MONDAY, (lines) => lines.filter(of('1')));
    const service = await bench.service();
    bench.clock.set('2026-11-23T15:30:00.000Z');
    await reconciled();
    expect(await bench.types(mine())).toEqual(['ClearingDifferenceFound']);
    bench.files.change(MONDAY, (lines) => lines);
    await until('the correction is taken', async () => (await bench.types(mine())).length === 2);
    expect((await said(mine()))[1]).toMatchObject({ type: 'ClearingDifferenceCleared', because: 'corrected' });
    await creditFile();
    bench.clock.set(TUESDAY_MORNING);
    await paid(service, TUESDAY);
    expect((await bench.types(house())).filter((type) => type === 'ClearingFileReconciled')).toHaveLength(2);
    // After the credit a correction of another net is a person's.
    bench.files.change(MONDAY, (lines) => lines.filter(of('1')));
    bench.clock.set('2026-11-24T02:00:00.000Z');
    await until('the alarm', () => service.settlement.alarms()['clearing-correction-differs-from-credit'] === 1);
    expect(await bench.types(mine())).toHaveLength(2);
    await expectSound();
  });

  it('of an item that appears in the next file are mirrored on that date and paid then', async () => {
    await bench.sale(800_00, byRrn(1));
    bench.files.change(MONDAY, () => []);
    await creditFile();
    const service = await bench.service();
    bench.clock.set(TUESDAY_MORNING);
    await paid(service, TUESDAY);
    const moved = await bench.files.trueLines(MONDAY);
    bench.files.change(TUESDAY, () => moved);
    await creditFile(TUESDAY);
    bench.clock.set(WEDNESDAY_MORNING);
    await paid(service, '2026-11-25');
    expect(await said(mine())).toMatchObject([
      { type: 'ClearingDifferenceFound', outcome: 'SHORT' },
      { type: 'ClearingDifferenceCleared', because: 'appeared-later', foundIn: { clearingDate: TUESDAY } },
    ]);
    const payout = await bench.facts(streamOf.payout(MERCHANT, '2026-11-25'));
    expect(payout.at(-1)).toMatchObject({ type: 'PayoutConfirmed', data: { amount: 795_20 } });
    await expectSound();
  });
});

describe('what is in doubt at the cut-off is decided by the file (domain 3.2)', () => {
  /** A sale that nobody answered, asked at a time of Monday. */
  async function doubt(n: number, at = '2026-11-23T02:00:00.000Z') {
    bench.clock.set(at);
    const op = bench.operation('sale', byRrn(n));
    await bench.ask(1_000_00, op, MONDAY);
    const data = { operation: op, amount: fen(1_000_00), cause: 'no-answer', hold: 0, dates: null };
    const stream = streamOf.payment(op.operationId);
    await bench.append(stream, MERCHANT, { type: 'OperationInDoubt', version: 1, data });
    await bench.append(stream, MERCHANT, reversalRequested(fen(1_000_00), fen(0), SAME_DAY, op));
    return op;
  }
  const lineOf = async (operationId: string): Promise<FileLine> => {
    const asked = (await bench.facts(streamOf.payment(operationId)))[0]?.data as { trace: FileLine['trace'] };
    const { amount, issuerCost, networkCost } = priced(1_000_00);
    const amounts = { amount, issuerCost, networkCost };
    const card = { maskedCard: '620000******0005', terminalId: '10000001', merchantId: MERCHANT };
    return { kind: 'sale', trace: asked.trace, rrn: '888888888888', ...card, amounts };
  };

  it('present: a case that keeps the money in 2191; absent: never happened; both are said in the merchant’s stream', async () => {
    const there = await doubt(1);
    const gone = await doubt(2);
    const line = await lineOf(there.operationId);
    bench.files.change(MONDAY, () => [line]);
    await creditFile();
    const service = await bench.service();
    bench.clock.set(TUESDAY_MORNING);
    await paid(service, TUESDAY);
    expect(await said(mine())).toMatchObject([
      { type: 'ClearingDifferenceFound', outcome: 'STATUS_DIFF', operationId: there.operationId },
      { type: 'DoubtAnsweredByFile', operationId: there.operationId, found: 'present' },
      { type: 'DoubtAnsweredByFile', operationId: gone.operationId, found: 'absent', theirs: null, caseId: null },
    ]);
    await expectSound();
  });

  it('asked less than five minutes before the end of the day, the next file decides', async () => {
    const late = await doubt(1, '2026-11-23T14:56:00.000Z');
    await bench.service();
    bench.clock.set(TUESDAY_MORNING);
    await reconciled();
    expect(await bench.types(mine())).toEqual([]);
    bench.clock.set(WEDNESDAY_MORNING);
    await reconciled(TUESDAY);
    expect(await said(mine(MERCHANT, TUESDAY))).toMatchObject([
      { type: 'DoubtAnsweredByFile', operationId: late.operationId, found: 'absent' },
    ]);
  });

  it('a file waits for answers that may still come to what was asked on its date', async () => {
    const op = bench.operation('sale', byRrn(1));
    await bench.ask(1_000_00, op, MONDAY);
    const service = await bench.service();
    bench.clock.set(TUESDAY_MORNING);
    await until('it waits', async () => {
      return ((await service.settlement.filesDue()).waitingFor ?? '').startsWith('1 answers that may still come');
    });
    expect(await bench.types(house())).toEqual([]);
  });
});

describe('cases of a clearing file over HTTP (domain 4.5)', () => {
  let api: PayoutApi;
  beforeEach(async () => {
    await bench.sale(800_00, byRrn(1));
    await bench.sale(1_000_00, byRrn(2));
    bench.files.change(MONDAY, (lines) => [
      ...lines.filter(of('2')),
      ...lines.filter(of('2')).map((line) => {
        return extra(line, { amounts: { amount: fen(5_000), issuerCost: fen(23), networkCost: fen(2) } });
      }),
    ]);
    await creditFile();
    const bank = { url: bench.bank.url, secret: bench.bank.secret };
    api = await openPayoutApi(bench.platform, { bank, files: bench.sources, tickMs: 20, bankPollMs: 20 });
    bench.clock.set(TUESDAY_MORNING);
    await until('the day is paid', () => api.settlement.paidOut(TUESDAY));
  });
  afterEach(() => api.close());
  const caseOf = async (outcome: string): Promise<string> => {
    const { body } = await api.get('/clearing-cases');
    return body.items.find((one) => one.outcome === outcome)?.caseId ?? '';
  };

  it('are listed oldest first with owner and age; a case over seven days is escalated', async () => {
    const { body } = await api.get('/clearing-cases?limit=1');
    expect(body.items).toMatchObject([{ status: 'OPEN', owner: null, ageDays: 0, ageing: 'D1', escalated: false }]);
    expect((await api.get(`/clearing-cases?after=${body.next}`)).body.items).toHaveLength(1);
    const id = await caseOf('SHORT');
    expect((await api.post(`/clearing-cases/${id}/owner`, { owner: 'wang', by: 'li' })).status).toBe(201);
    expect((await api.post(`/clearing-cases/${id}/owner`, { owner: 'wang', by: 'li' })).status).toBe(200);
    bench.clock.set('2026-12-03T01:00:00.000Z');
    expect((await api.get(`/clearing-cases/${id}`)).body).toMatchObject({
      ...{ outcome: 'SHORT', status: 'ASSIGNED', owner: 'wang', suspense: -796_14, hold: 795_20 },
      ...{ ageDays: 9, ageing: 'D8-30', escalated: true, resolutions: ['accept-file', 'write-off'] },
    });
  });

  it('end by two people and are booked once: a supplement to the merchant, a confirmed short item', async () => {
    const long = await caseOf('LONG');
    const proposal = { by: 'wang', resolution: 'supplement', fee: 30, note: 'approved late' };
    expect((await api.post(`/clearing-cases/${long}/approval`, { by: 'li' })).body.code).toBe('nothing-proposed');
    expect((await api.post(`/clearing-cases/${long}/proposal`, proposal)).status).toBe(201);
    expect((await api.post(`/clearing-cases/${long}/approval`, { by: 'wang' })).body.code).toBe('needs-second-person');
    expect((await api.post(`/clearing-cases/${long}/approval`, { by: 'li' })).body).toMatchObject({
      status: 'RESOLVED',
    });
    expect((await api.post(`/clearing-cases/${long}/approval`, { by: 'li' })).body.code).toBe('case-is-over');
    const short = await caseOf('SHORT');
    await api.post(`/clearing-cases/${short}/proposal`, { by: 'li', resolution: 'accept-file', note: 'never charged' });
    expect((await api.post(`/clearing-cases/${short}/approval`, { by: 'wang' })).status).toBe(201);
    await until('both are booked', async () => {
      const journals = (await booked()).flatMap((fact) => (fact.type === 'EntryPosted' ? [fact.data.journal] : []));
      return journals.includes('J10-supplement') && journals.includes('J11-confirmed');
    });
    await until('the list is empty', async () => (await api.get('/clearing-cases')).body.items.length === 0);
    expect(await said(mine())).toContainEqual(
      expect.objectContaining({
        ...{ type: 'ClearingCaseResolved', resolution: 'supplement' },
        ...{ proposedBy: 'operator:wang', approvedBy: 'operator:li' },
      }),
    );
    await expectSound();
  });

  it('refuse what does not fit, and say which field is wrong', async () => {
    const short = await caseOf('SHORT');
    const propose = (body: object) => api.post(`/clearing-cases/${short}/proposal`, body);
    const good = { by: 'wang', resolution: 'write-off', note: 'x' };
    expect((await propose({ ...good, resolution: 'supplement' })).body.code).toBe('resolution-does-not-fit');
    expect((await propose({ ...good, fee: 1 })).body.code).toBe('fee-out-of-range');
    expect((await propose({ ...good, note: '6228480000000000018' })).status).toBe(422);
    expect((await propose({ ...good, by: '' })).status).toBe(422);
    expect((await api.get('/clearing-cases/nothing')).status).toBe(404);
    expect((await api.get('/clearing-cases/00000000-0000-4000-8000-000000000000')).status).toBe(404);
  });
});
