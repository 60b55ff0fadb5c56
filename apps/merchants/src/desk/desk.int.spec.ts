import { openBench, type Bench } from '../testing/bench.ts';
import { MERCHANT, shop } from '../testing/bodies.ts';
import { Desk, type Change } from './desk.ts';

describe('the desk', () => {
  let bench: Bench;
  beforeEach(async () => (bench = await openBench()));
  afterEach(() => bench.close());

  const blocked = (secure?: () => Promise<void>): Change<string> => ({
    stream: `merchant-${MERCHANT}`,
    key: MERCHANT,
    facts: [{ type: 'MerchantBlocked', version: 1, data: { merchantId: MERCHANT, reason: 'r' } }],
    ...(secure ? { secure } : {}),
    answer: () => 'done',
  });

  it('stores nothing when another process wrote the stream after the decision, and says so', async () => {
    await bench.post('/merchants', shop());
    const desk = new Desk(bench.platform);
    const late = desk.record(async () => {
      await bench.post(`/merchants/${MERCHANT}/block`, { reason: 'first' });
      return blocked();
    });
    await expect(late).rejects.toMatchObject({ problem: { status: 409, code: 'changed-meanwhile' } });
    expect(await bench.facts(`merchant-${MERCHANT}`)).toHaveLength(2);
  });

  it('decides on what other processes stored before', async () => {
    const desk = new Desk(bench.platform);
    await desk.onModuleInit();
    await bench.post('/merchants', shop());
    expect((await desk.registry()).merchant(MERCHANT)?.state.is).toBe('registered');
  });

  it('appends no fact when the vault did not take what the fact names', async () => {
    await bench.post('/merchants', shop());
    const desk = new Desk(bench.platform);
    const failing = desk.record(async () => blocked(() => Promise.reject(new Error('vault down'))));
    await expect(failing).rejects.toThrow('vault down');
    expect(await bench.facts(`merchant-${MERCHANT}`)).toHaveLength(1);
  });
});
