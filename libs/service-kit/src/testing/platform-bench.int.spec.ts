import { streamOf } from '@tillstream/domain/stream';
import { openPlatformBench } from './platform-bench.ts';

const merchant = { type: 'MerchantRegistered', data: { merchantId: 'M1' } };

describe('a bench', () => {
  it('appends at its business instant in the name of the owner of the stream, one after another', async () => {
    const bench = await openPlatformBench();
    await bench.append(streamOf.merchant('M1'), 'M1', merchant);
    bench.business.advance(1_000);
    await bench.append(streamOf.merchant('M1'), 'M1', merchant, merchant);
    const facts = await bench.store.readStream(streamOf.merchant('M1'));
    expect(facts.map(({ at, version }) => [at, version])).toEqual([
      ['2026-11-23T02:00:00.000Z', 1],
      ['2026-11-23T02:00:01.000Z', 1],
      ['2026-11-23T02:00:01.000Z', 1],
    ]);
    await expect(bench.append('nothing-1', 'M1', merchant)).rejects.toThrow('nothing-1 names no noun');
    await bench.close();
  });

  it('closes what its processes host, once, also when a process was closed before', async () => {
    const bench = await openPlatformBench();
    const closed: string[] = [];
    const [first, second] = [bench.process(), bench.process()];
    for (const [name, process] of [['first', first] as const, ['second', second] as const]) {
      process.platform.lifecycle.onStop(name, 1, () => void closed.push(`${name} stops`));
      process.hosts({ close: async () => closed.push(`${name} closes`) });
    }
    await second.close();
    await bench.close();
    expect(closed).toEqual(['second stops', 'second closes', 'first stops', 'first closes']);
  });

  it('gives the stored clock of the product when asked, at the instant asked or later', async () => {
    const bench = await openPlatformBench({ clock: 'stored', at: '2099-01-01T00:00:00.000Z' });
    expect(bench.business.now().toISOString().slice(0, 10)).toBe('2099-01-01');
    await bench.business.simulate();
    await bench.business.set({ at: new Date('2099-02-01T00:00:00.000Z') });
    expect(bench.platform.businessClock.now().toISOString().slice(0, 10)).toBe('2099-02-01');
    await bench.close();
  });

  it('keeps the log lines of the level asked, under the name of the service', async () => {
    const bench = await openPlatformBench({ service: 'authorization', logLevel: 'warn' });
    bench.platform.log.info('not kept');
    bench.platform.log.warn('kept');
    expect(bench.logLines.map((line) => JSON.parse(line))).toMatchObject([
      { service: 'authorization', message: 'kept' },
    ]);
    await bench.close();
  });
});
