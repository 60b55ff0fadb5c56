import { openBench, openBeside, type Bench, type Beside } from '../testing/bench.ts';
import { MERCHANT, shop, terminal } from '../testing/bodies.ts';
import { Desk, type Change } from './desk.ts';

const envelope = {
  id: '6b0c3a2e-8d1f-4a55-9c35-0d2a7f5e9b11',
  ...{ at: '2026-11-23T02:00:00.000Z', by: 'operator:spec', causedBy: null, correlation: 'spec', key: MERCHANT },
};

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
      // Not by a desk, which would wait for its turn.
      const fact = { type: 'MerchantBlocked', version: 1, data: { merchantId: MERCHANT, reason: 'first' } };
      const { store } = bench.platform;
      await store.writer('merchants').append(`merchant-${MERCHANT}`, 0, [{ ...envelope, fact }]);
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

  it('of two processes binds a serial number once, though its terminals have streams of their own', async () => {
    await bench.post('/merchants', shop());
    const other = await openBeside(bench.platform);
    const bind = (through: Beside, terminalId: string) => through.post('/terminals', terminal({ terminalId }));
    const answers = await Promise.all([bind(bench, '10000001'), bind(other, '10000002')]);
    expect(answers.map(({ status }) => status).sort()).toEqual([201, 409]);
    expect(answers.map(({ body }) => body.code)).toContain('serial-number-bound');
    await other.close();
  });

  it('appends no fact when the vault did not take what the fact names', async () => {
    await bench.post('/merchants', shop());
    const desk = new Desk(bench.platform);
    const failing = desk.record(async () => blocked(() => Promise.reject(new Error('vault down'))));
    await expect(failing).rejects.toThrow('vault down');
    expect(await bench.facts(`merchant-${MERCHANT}`)).toHaveLength(1);
  });
});
