import { UNIONPAY_COST_PLANS } from '@tillstream/domain/fee/unionpay-costs';
import { openBench, type Bench } from '../testing/bench.ts';
import { channel, KEY, KEY_KCV, OTHER_KEY } from '../testing/bodies.ts';

describe('channels', () => {
  let bench: Bench;
  beforeEach(async () => (bench = await openBench()));
  afterEach(() => bench.close());

  const register = (changes: object = {}) => bench.post('/channels', channel(changes));
  const agree = (plan: object, effectiveFrom: string) =>
    bench.post('/channels/unionpay/cost-plans', { plan, effectiveFrom });

  it('are registered with both keys of their link in the vault; the same again answers 200 with the same body', async () => {
    const first = await register({ zonePinKeyKcv: KEY_KCV });
    expect(first).toMatchObject({
      status: 201,
      body: { zonePinKey: 'zpk.unionpay', linkMacKey: 'mak.unionpay', zonePinKeyKcv: KEY_KCV },
    });
    const again = await register();
    expect(again.status).toBe(200);
    expect(again.body).toEqual(first.body);
    expect(await bench.facts('channel-unionpay')).toHaveLength(1);
    const keys = bench.platform.vault.keys;
    expect(await keys.find('zpk.unionpay')).toMatchObject({ kind: 'zone-pin', owner: 'channel:unionpay.zone-pin' });
    expect(await keys.find('mak.unionpay')).toMatchObject({ kind: 'link-mac', owner: 'channel:unionpay.link-mac' });
    const stored = (await bench.facts('channel-unionpay'))[0]?.record.toString() ?? '';
    for (const text of [first.text, stored, bench.log.join('')])
      expect(text.toUpperCase()).not.toMatch(new RegExp(`${KEY}|${OTHER_KEY}`));
  });

  it.each([
    ['name', { name: '另一个' }],
    ['acquirer', { acquirer: '48021001' }],
    ['zone PIN key', { zonePinKey: OTHER_KEY }],
    ['link MAC key', { linkMacKey: KEY }],
  ])('are refused with another %s under the same id', async (_what, changes) => {
    await register();
    expect(await register(changes)).toMatchObject({ status: 409, body: { code: 'already-registered' } });
    expect((await register()).status).toBe(200);
  });

  it.each([
    ['zonePinKey', 'key-refused', { zonePinKey: '0123456789ABCDEF' }],
    ['zonePinKey', 'key-refused', { zonePinKey: '0101010101010101FEFEFEFEFEFEFEFE' }],
    ['zonePinKey', 'kcv-mismatch', { zonePinKeyKcv: '000000' }],
    ['linkMacKey', 'key-refused', { linkMacKey: '0123456789ABCDEF' }],
    ['linkMacKey', 'kcv-mismatch', { linkMacKeyKcv: '00000000' }],
    ['zonePinKey', 'invalid', { zonePinKey: 'XX' }],
    ['linkMacKey', 'invalid', { linkMacKey: undefined }],
    ['channel', 'invalid', { channel: 'Union Pay' }],
    ['kind', 'invalid', { kind: 'wallet' }],
  ])('are refused for %s: %s', async (path, code, changes) => {
    const answer = await register(changes);
    expect(answer).toMatchObject({ status: 422, body: { code, fields: [{ path }] } });
    expect(await bench.platform.store.head()).toBe(0n);
    expect(await bench.platform.vault.keys.find('zpk.unionpay')).toBeUndefined();
  });

  it('take no key from another machine', async () => {
    expect(await bench.post('/channels', channel(), '10.0.0.9')).toMatchObject({ status: 403 });
  });

  it('have cost plans from past dates on; the whole list may be sent again', async () => {
    await register();
    for (const status of [201, 200])
      for (const plan of UNIONPAY_COST_PLANS) {
        const answer = await agree(plan, plan.effectiveFrom);
        expect(answer).toMatchObject({
          status,
          body: { channel: 'unionpay', plan, effectiveFrom: plan.effectiveFrom },
        });
      }
    const view = await bench.get('/channels/unionpay');
    expect(view.body.costPlans).toEqual(JSON.parse(JSON.stringify(UNIONPAY_COST_PLANS)));
  });

  it('refuse a cost plan out of order, of another date, or of no channel', async () => {
    const [first, second] = UNIONPAY_COST_PLANS;
    if (!first || !second) throw new Error('no plans');
    expect(await agree(first, first.effectiveFrom)).toMatchObject({ status: 404, body: { code: 'not-registered' } });
    await register();
    expect(await agree(second, second.effectiveFrom)).toMatchObject({
      status: 409,
      body: { code: 'plan-version-out-of-order' },
    });
    await agree(first, first.effectiveFrom);
    expect(await agree({ ...second, effectiveFrom: '2000-01-01' }, '2000-01-01')).toMatchObject({
      status: 409,
      body: { code: 'effective-date-before-last-plan' },
    });
    expect(await agree(second, '2030-01-01')).toMatchObject({ status: 422, body: { code: 'invalid' } });
    expect(await agree({ ...second, costs: {} }, second.effectiveFrom)).toMatchObject({
      status: 422,
      body: { fields: [{ path: 'plan' }] },
    });
  });

  it('are listed and shown, also after a restart', async () => {
    await register();
    await register({ channel: 'second' });
    await bench.restart();
    const { body } = await bench.get('/channels');
    expect(body.items.map((one: { channel: string }) => one.channel)).toEqual(['second', 'unionpay']);
    expect(await bench.get('/channels/none')).toMatchObject({ status: 404, body: { code: 'not-registered' } });
  });

  it('stand in the API’s description with every field of a command, secrets as write-only', () => {
    const { schemas } = bench.document.components ?? {};
    expect(Object.keys(bench.document.paths).sort()).toEqual([
      '/channels',
      '/channels/{id}',
      '/channels/{id}/cost-plans',
      '/merchants',
      '/merchants/{id}',
      '/merchants/{id}/block',
      '/merchants/{id}/fee-plans',
      '/merchants/{id}/unblock',
      '/terminals',
      '/terminals/{acquirer}/{id}',
      '/terminals/{acquirer}/{id}/block',
      '/terminals/{acquirer}/{id}/retire',
      '/terminals/{acquirer}/{id}/unblock',
    ]);
    const fieldsOf = (name: string) => Object.keys((schemas?.[name] as { properties: object }).properties).sort();
    expect(fieldsOf('MerchantRegistration')).toEqual([
      'accountHolder',
      'accountNumber',
      'creditCode',
      'mcc',
      'merchantId',
      'merchantType',
      'name',
    ]);
    expect(fieldsOf('FeePlanAgreement')).toEqual(['effectiveFrom', 'plan']);
    expect(schemas?.['TerminalRegistration']).toMatchObject({ properties: { masterKey: { writeOnly: true } } });
    expect(schemas).toHaveProperty('ProblemJson');
  });
});
