import { streamOf } from '@tillstream/domain/stream';
import { openBench, type Bench } from '../testing/bench.ts';
import { ACQUIRER, KEY, KEY_KCV, MERCHANT, MICRO, microShop, OTHER_KEY, shop, terminal } from '../testing/bodies.ts';

const PLACE = { acquirer: ACQUIRER, terminalId: '10000001' };
const STREAM = streamOf.terminal(PLACE);
const PATH = `/terminals/${ACQUIRER}/10000001`;
const HANDLE = `tmk.${ACQUIRER}.10000001`;

describe('terminals', () => {
  let bench: Bench;
  beforeEach(async () => {
    bench = await openBench();
    await bench.post('/merchants', shop());
  });
  afterEach(() => bench.close());

  const register = (changes: object = {}) => bench.post('/terminals', terminal(changes));

  it('are registered with their five bound items; the account is the merchant’s', async () => {
    const first = await register();
    expect(first).toMatchObject({
      status: 201,
      body: { settlementAccount: `account.${MERCHANT}`, masterKey: HANDLE, masterKeyKcv: KEY_KCV },
    });
    const again = await register();
    expect(again.status).toBe(200);
    expect(again.body).toEqual(first.body);
    const facts = await bench.facts(STREAM);
    expect(facts).toHaveLength(1);
    expect(facts[0]).toMatchObject({ type: 'TerminalRegistered', key: MERCHANT });
  });

  it('have a master key that works, wrapped in the vault; no fact, answer or log holds it in clear', async () => {
    const answer = await register({ masterKeyKcv: KEY_KCV.toLowerCase() });
    const row = await bench.platform.vault.keys.find(HANDLE);
    expect(row).toMatchObject({ kind: 'terminal-master', owner: `terminal:${ACQUIRER}.10000001`, slot: 'master' });
    if (!row) throw new Error('no key');
    const keySet = await bench.platform.security.createSignInKeys({
      handle: 'set-1',
      terminalMaster: { handle: HANDLE, wrapped: row.wrapped },
      network: '003',
    });
    expect(keySet.field62.length).toBe(40);
    const [fact] = await bench.facts(STREAM);
    const texts = [answer.text, fact?.record.toString() ?? '', bench.log.join(''), JSON.stringify(row)];
    for (const text of texts) expect(text.toUpperCase()).not.toContain(KEY);
  });

  it.each([
    ['another address', { address: '北京市' }],
    ['another serial number', { serialNumber: 'TS0000000002' }],
    ['another model', { model: 'X' }],
    ['another master key', { masterKey: OTHER_KEY }],
  ])('are refused with %s: a bound item never changes in place', async (_what, changes) => {
    await register();
    expect(await register(changes)).toMatchObject({ status: 409, body: { code: 'already-registered' } });
    expect((await register()).status).toBe(200);
  });

  it.each([
    ['merchant-not-registered', { merchantId: '480290053319999' }],
    ['bound-items-differ', { creditCode: '91310000MA1K000002' }],
  ])('are refused: %s', async (code, changes) => {
    expect(await register(changes)).toMatchObject({ status: 409, body: { code } });
    expect(await bench.facts(STREAM)).toEqual([]);
    expect(await bench.platform.vault.keys.find(HANDLE)).toBeUndefined();
  });

  it('share no serial number, not even when two are registered at once (一机一码)', async () => {
    const answers = await Promise.all([register(), register({ terminalId: '10000002' })]);
    expect(answers.map(({ status }) => status).sort()).toEqual([201, 409]);
    expect(answers.find(({ status }) => status === 409)?.body.code).toBe('serial-number-bound');
  });

  it('keep their serial number bound over a restart, until they are retired', async () => {
    await register();
    await bench.restart();
    expect(await register({ terminalId: '10000002' })).toMatchObject({ body: { code: 'serial-number-bound' } });
    await bench.post(`${PATH}/retire`, { reason: 'broken' });
    expect(await register({ terminalId: '10000002' })).toMatchObject({ status: 201 });
  });

  it('that were retired are registered anew under a new key handle, so old working keys end', async () => {
    await register();
    await bench.post(`${PATH}/retire`, { reason: 'stolen' });
    const anew = await register({ serialNumber: 'TS0000000009', masterKey: OTHER_KEY });
    expect(anew).toMatchObject({ status: 201, body: { masterKey: `${HANDLE}.2` } });
    expect((await bench.facts(STREAM)).map(({ type }) => type)).toEqual([
      'TerminalRegistered',
      'TerminalRetired',
      'TerminalRegistered',
    ]);
    expect(await bench.platform.vault.keys.find(HANDLE)).toBeUndefined();
    expect(await bench.get(PATH)).toMatchObject({ body: { standing: 'active', serialNumber: 'TS0000000009' } });
  });

  it('that were retired do not go to another merchant under the same number', async () => {
    await bench.post('/merchants', microShop());
    await register();
    await bench.post(`${PATH}/retire`, { reason: 'sold' });
    const other = await register({ merchantId: MICRO, creditCode: `principal.${MICRO}` });
    expect(other).toMatchObject({ status: 409, body: { code: 'terminal-of-another-merchant' } });
    const fresh = await register({ terminalId: '10000002', merchantId: MICRO, creditCode: `principal.${MICRO}` });
    expect(fresh.status).toBe(201);
  });

  it.each([
    ['kcv-mismatch', { masterKeyKcv: 'FFFFFF' }],
    ['key-refused', { masterKey: '0101010101010101FEFEFEFEFEFEFEFE' }],
    ['key-refused', { masterKey: '0123456789ABCDEF' }],
    ['key-refused', { masterKeyAlgorithm: 'des' }],
    ['key-refused', { profile: 'x9.19', masterKeyAlgorithm: 'sm4' }],
    ['key-refused', { masterKey: `${KEY}0123456789ABCDEF`, masterKeyAlgorithm: 'sm4' }],
  ])('are refused with a key that is not sound: %s %j', async (code, changes) => {
    const answer = await register(changes);
    expect(answer).toMatchObject({ status: 422, body: { code, fields: [{ path: 'masterKey' }] } });
    expect(answer.text.toUpperCase()).not.toContain('0123456789ABCDEF');
    expect(await bench.facts(STREAM)).toEqual([]);
  });

  it('of the single-length profile may have a single-length key, and SM4 keys when they say so', async () => {
    expect((await register({ profile: 'unionpay-single8', masterKey: '0123456789ABCDEF' })).status).toBe(201);
    const sm4 = await register({ terminalId: '10000002', serialNumber: 'TS0000000002', masterKeyAlgorithm: 'sm4' });
    expect(sm4.status).toBe(201);
  });

  it.each([
    ['acquirer', { acquirer: 'x' }],
    ['terminalId', { terminalId: '1' }],
    ['serialNumber', { serialNumber: 'no spaces here' }],
    ['profile', { profile: 'home-made' }],
    ['masterKey', { masterKey: 'XYZ' }],
    ['masterKeyKcv', { masterKeyKcv: '1' }],
    ['settlementAccount', { settlementAccount: 'account.other' }],
  ])('name the field that is wrong: %s', async (path, changes) => {
    const answer = await register(changes);
    expect(answer).toMatchObject({ status: 422, body: { code: 'invalid' } });
    expect(answer.body.fields.map((field: { path: string }) => field.path)).toEqual([path]);
  });

  it('take no key from another machine', async () => {
    expect(await bench.post('/terminals', terminal(), '10.0.0.9')).toMatchObject({ status: 403 });
  });

  it('are blocked, unblocked and retired with a reason; twice is once', async () => {
    await register();
    for (const [word, standing] of [
      ['block', 'blocked'],
      ['unblock', 'active'],
      ['retire', 'retired'],
    ]) {
      const stand = () => bench.post(`${PATH}/${word}`, { reason: 'r' });
      expect(await stand()).toMatchObject({ status: 201, body: { ...PLACE, standing } });
      expect(await stand()).toMatchObject({ status: 200, body: { ...PLACE, standing } });
      expect((await bench.get(PATH)).body.standing).toBe(standing);
    }
    expect(await bench.post(`${PATH}/block`, { reason: 'r' })).toMatchObject({ status: 404 });
    expect(await bench.post(`/terminals/${ACQUIRER}/99999999/retire`, { reason: 'r' })).toMatchObject({
      status: 404,
      body: { code: 'not-registered' },
    });
  });

  it('are listed by merchant and in pages', async () => {
    await bench.post('/merchants', microShop());
    await register();
    await register({ terminalId: '10000002', serialNumber: 'TS0000000002' });
    const other = { merchantId: MICRO, creditCode: `principal.${MICRO}` };
    await register({ terminalId: '10000003', serialNumber: 'TS0000000003', ...other });
    const idsOf = async (query: string) =>
      (await bench.get(`/terminals${query}`)).body.items.map((one: { terminalId: string }) => one.terminalId);
    expect(await idsOf('')).toEqual(['10000001', '10000002', '10000003']);
    expect(await idsOf(`?merchant=${MICRO}`)).toEqual(['10000003']);
    expect(await idsOf(`?limit=1&after=terminal-${ACQUIRER}.10000001`)).toEqual(['10000002']);
    expect(await bench.get(`/terminals/${ACQUIRER}/99999999`)).toMatchObject({ status: 404 });
  });
});
