import { WrappedKeys } from '../intake/wrapped-keys.ts';
import { settingsOf } from '../options.ts';
import { ACQUIRER, openBench, until, type Bench } from '../testing/bench.ts';
import { NetworkLink } from './network-link.ts';

let bench: Bench;
beforeAll(async () => {
  bench = await openBench();
});
afterAll(() => bench.close());

it('what is not sent because its key is in use leaves not one byte', async () => {
  const { vault, machineClock, security, log } = bench.platform;
  const keys = new WrappedKeys(vault, () => machineClock.now());
  const channel = { id: 'c', host: '127.0.0.1', port: bench.network.port, dialect: 'ascii' as const };
  const key = (stan: string) => ({ transmittedAt: '1123100000', stan, acquirer: ACQUIRER });
  const link = new NetworkLink({
    settings: settingsOf({ channel, channelTimeoutMs: 300 }).channel,
    security,
    log,
    registered: () => true,
    macKey: () => keys.find('link-mac-1'),
    trace: () => Promise.resolve(key('000001')),
    onUnmatched: () => undefined,
  });
  link.start();
  await until(() => link.up);
  bench.network.script = () => ({ after: 100 });
  const reversal = {
    mti: '0420',
    fields: {
      ...{ 3: '000000', 4: '000000000100', 7: '1123100000', 11: '000002', 32: ACQUIRER, 37: '6327000000AB' },
      ...{ 41: '10000001', 42: '480290053310001', 49: '156', 60: '4354' },
      90: `0200000003${'1123100000'}${ACQUIRER.padStart(11, '0')}${'0'.repeat(11)}`,
    },
  };
  const [one, two] = await Promise.all([link.request(reversal, 2_000), link.request(reversal, 2_000)]);
  expect([one.is, two.is]).toEqual(['answered', 'not-sent']);
  link.stop();
  expect(bench.network.received).toHaveLength(1);
});
