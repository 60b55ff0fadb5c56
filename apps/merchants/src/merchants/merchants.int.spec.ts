import { openBench, type Bench } from '../testing/bench.ts';
import { ACCOUNT, feePlan, MERCHANT, MICRO, microShop, shop } from '../testing/bodies.ts';

describe('merchants', () => {
  let bench: Bench;
  beforeEach(async () => (bench = await openBench()));
  afterEach(() => bench.close());

  const read = async (handle: string): Promise<string> => {
    const row = await bench.platform.vault.people.find(handle);
    if (!row) throw new Error(`no row ${handle}`);
    return bench.platform.personKeys.decrypt(row.person, row.field, row.sealed);
  };

  it('are registered once; the same again answers 200 with the same body and stores nothing', async () => {
    const first = await bench.post('/merchants', shop());
    expect(first).toMatchObject({ status: 201, body: { merchantId: MERCHANT, feeClass: 'STANDARD' } });
    const again = await bench.post('/merchants', shop());
    expect(again.status).toBe(200);
    expect(again.body).toEqual(first.body);
    expect(await bench.facts(`merchant-${MERCHANT}`)).toHaveLength(1);
  });

  it('stand in facts under their own key, by the business clock, with an operator as actor', async () => {
    await bench.post('/merchants', shop());
    const [fact] = await bench.facts(`merchant-${MERCHANT}`);
    expect(fact).toMatchObject({ key: MERCHANT, at: '2026-11-23T02:00:00.000Z', by: 'operator:api', causedBy: null });
  });

  it('have account and holder in the vault, under a key of the merchant; no fact, answer or log says the number', async () => {
    const answer = await bench.post('/merchants', shop());
    expect(await read(`account.${MERCHANT}`)).toBe(ACCOUNT);
    expect(await read(`holder.${MERCHANT}`)).toBe('晨光便利店');
    const [fact] = await bench.facts(`merchant-${MERCHANT}`);
    for (const text of [answer.text, fact?.record.toString() ?? '', bench.log.join('')])
      expect(text).not.toContain(ACCOUNT);
  });

  it('of type MICRO leave no name and no id of the person in facts or answers', async () => {
    const answer = await bench.post('/merchants', microShop());
    expect(answer).toMatchObject({
      status: 201,
      body: { creditCode: `principal.${MICRO}`, accountHolder: `holder.${MICRO}` },
    });
    expect(await read(`principal.${MICRO}`)).toBe('11010119900307775X');
    expect(await read(`holder.${MICRO}`)).toBe('张三丰');
    const [fact] = await bench.facts(`merchant-${MICRO}`);
    expect(fact?.record.toString()).not.toMatch(/张三丰|11010119900307775X/);
    expect((await bench.post('/merchants', microShop())).body).toEqual(answer.body);
  });

  it.each([
    ['another name', shop({ name: '别的店', accountHolder: '别的店' })],
    ['another account', shop({ accountNumber: '6228487000000003' })],
  ])('are refused with %s under the same number', async (_what, other) => {
    await bench.post('/merchants', shop());
    const answer = await bench.post('/merchants', other);
    expect(answer).toMatchObject({ status: 409, body: { code: 'already-registered' } });
    expect(answer.type).toContain('application/problem+json');
    expect(answer.text).not.toContain('622848');
    expect(await read(`account.${MERCHANT}`)).toBe(ACCOUNT);
  });

  it.each([
    ['mcc-unknown', shop({ mcc: '0001' })],
    ['mcc-differs-from-number', shop({ mcc: '5812' })],
    [
      'mcc-forbidden-for-micro',
      microShop({ merchantId: '480290060100001', mcc: '6010', creditCode: '11010119900307775X' }),
    ],
    ['credit-code-invalid', shop({ creditCode: '91310000MA1K00000I' })],
    ['account-holder-differs', shop({ accountHolder: '张三' })],
  ])('are refused: %s', async (code, body) => {
    const answer = await bench.post('/merchants', body);
    expect(answer).toMatchObject({ status: 422, body: { code } });
    expect(await bench.platform.store.head()).toBe(0n);
    expect(await bench.platform.vault.people.find(`account.${body.merchantId}`)).toBeUndefined();
  });

  it.each([
    ['merchantId', { merchantId: '1' }],
    ['name', { name: '' }],
    ['merchantType', { merchantType: 'OTHER' }],
    ['mcc', { mcc: '53' }],
    ['accountNumber', { accountNumber: '12' }],
    ['accountHolder', { accountHolder: '' }],
    ['settlementAccount', { settlementAccount: 'account.other' }],
    ['creditCode', { merchantType: 'MICRO', creditCode: 'id-of-zhang' }],
  ])('name the field that is wrong: %s', async (path, wrong) => {
    const answer = await bench.post('/merchants', shop(wrong));
    expect(answer).toMatchObject({ status: 422, body: { code: 'invalid' } });
    expect(answer.body.fields.map((field: { path: string }) => field.path)).toEqual([path]);
  });

  it('whose data were erased are not registered again', async () => {
    await bench.post('/merchants', shop());
    await bench.platform.personKeys.destroy(`merchant:${MERCHANT}`);
    expect(await bench.post('/merchants', shop())).toMatchObject({ status: 409, body: { code: 'person-erased' } });
  });

  it('are not registered from another machine', async () => {
    const answer = await bench.post('/merchants', shop(), '192.0.2.7');
    expect(answer).toMatchObject({ status: 403, body: { code: 'loopback-only' } });
  });

  it('that are registered at the same time by two callers are registered once', async () => {
    const answers = await Promise.all([bench.post('/merchants', shop()), bench.post('/merchants', shop())]);
    expect(answers.map(({ status }) => status).sort()).toEqual([200, 201]);
    expect(await bench.facts(`merchant-${MERCHANT}`)).toHaveLength(1);
  });

  describe('fee plans', () => {
    const path = `/merchants/${MERCHANT}/fee-plans`;
    beforeEach(() => bench.post('/merchants', shop()));

    it('begin on any date with the first version; a change begins in the future (S18)', async () => {
      expect((await bench.post(path, feePlan(1, '2026-01-01'))).status).toBe(201);
      expect(await bench.post(path, feePlan(2, '2026-11-23'))).toMatchObject({
        status: 422,
        body: { code: 'effective-date-not-in-future' },
      });
      expect((await bench.post(path, feePlan(2, '2026-11-24'))).status).toBe(201);
    });

    it('may change from tomorrow only, by the business day and not the calendar', async () => {
      await bench.post(path, feePlan(1, '2026-01-01'));
      bench.business.set('2026-11-23T15:00:00.000Z');
      expect(await bench.post(path, feePlan(2, '2026-11-24'))).toMatchObject({ status: 422 });
      expect((await bench.post(path, feePlan(2, '2026-11-25'))).status).toBe(201);
    });

    it('answer any version that was agreed before again with 200, also after a later one', async () => {
      const first = await bench.post(path, feePlan(1, '2026-01-01'));
      await bench.post(path, feePlan(2, '2026-12-01'));
      const again = await bench.post(path, feePlan(1, '2026-01-01'));
      expect(again.status).toBe(200);
      expect(again.body).toEqual(first.body);
      expect(await bench.facts(`merchant-${MERCHANT}`)).toHaveLength(3);
    });

    it.each([
      [409, 'plan-version-out-of-order', feePlan(3, '2026-12-01')],
      [409, 'plan-version-out-of-order', feePlan(1, '2026-01-01', { returns: 'NONE' })],
      [409, 'effective-date-before-last-plan', feePlan(2, '2026-11-30')],
      [422, 'invalid', { ...feePlan(2, '2027-01-01'), effectiveFrom: '2027-02-01' }],
      [422, 'invalid', feePlan(2, '2027-01-01', { terms: { kind: 'rate', rate1e8: -1 } })],
    ])('are refused with %i %s', async (status, code, body) => {
      await bench.post(path, feePlan(1, '2026-12-01'));
      expect(await bench.post(path, body)).toMatchObject({ status, body: { code } });
    });

    it('need a merchant', async () => {
      const answer = await bench.post('/merchants/480290053319999/fee-plans', feePlan(1, '2026-12-01'));
      expect(answer).toMatchObject({ status: 404, body: { code: 'not-registered' } });
    });
  });

  it('are blocked and unblocked with a reason; twice is once', async () => {
    await bench.post('/merchants', shop());
    const block = () => bench.post(`/merchants/${MERCHANT}/block`, { reason: 'dormant' });
    expect(await block()).toMatchObject({ status: 201, body: { merchantId: MERCHANT, blocked: true } });
    expect(await block()).toMatchObject({ status: 200, body: { merchantId: MERCHANT, blocked: true } });
    expect((await bench.get(`/merchants/${MERCHANT}`)).body.blocked).toBe(true);
    expect(await bench.post(`/merchants/${MERCHANT}/unblock`, { reason: 'verified' })).toMatchObject({
      status: 201,
      body: { blocked: false },
    });
    expect(await bench.post(`/merchants/${MERCHANT}/block`, {})).toMatchObject({ status: 422 });
    for (const word of ['block', 'unblock'])
      expect(await bench.post(`/merchants/480290053319999/${word}`, { reason: 'r' })).toMatchObject({ status: 404 });
  });

  it('are listed in pages and shown with their plans, also after a restart', async () => {
    for (const n of [3, 1, 2]) await bench.post('/merchants', shop({ merchantId: `48029005331000${n}` }));
    await bench.post(`/merchants/${MERCHANT}/fee-plans`, feePlan(1, '2026-01-01'));
    await bench.restart();
    const page = await bench.get('/merchants?limit=2');
    expect(page.body.items.map((one: { merchantId: string }) => one.merchantId)).toEqual([
      '480290053310001',
      '480290053310002',
    ]);
    const rest = await bench.get(`/merchants?limit=2&after=${page.body.next}`);
    expect(rest.body).toMatchObject({ items: [{ merchantId: '480290053310003' }], next: null });
    expect(await bench.get(`/merchants/${MERCHANT}`)).toMatchObject({
      status: 200,
      body: { blocked: false, registeredAt: '2026-11-23T02:00:00.000Z', feePlans: [{ id: 'flat-060', version: 1 }] },
    });
    expect(await bench.get('/merchants/1')).toMatchObject({ status: 404, body: { code: 'not-registered' } });
    expect(await bench.get('/merchants?limit=501')).toMatchObject({ status: 422 });
    expect(await bench.get('/merchants?after=%27')).toMatchObject({ status: 422 });
  });
});
