import { Metrics } from './metrics.ts';

const valuesOf = async (metrics: Metrics): Promise<string[]> =>
  (await metrics.text()).body.split('\n').filter((line) => line.startsWith('tillstream_'));

describe('figures of a process', () => {
  it('one that cannot be read now hides itself and no other', async () => {
    const metrics = new Metrics('spec');
    let isDown = false;
    const read = (): number => {
      if (isDown) throw new Error('the database is away');
      return 7;
    };
    metrics.gauge({ name: 'alone', help: '…' }, (gauge) => gauge.set(read()));
    metrics.gauge({ name: 'by_group', help: '…', labels: ['group'] }, (gauge) =>
      gauge.set({ group: 'ledger' }, read()),
    );
    metrics.counter({ name: 'other_total', help: '…' }).inc(2);
    expect(await valuesOf(metrics)).toEqual([
      'tillstream_alone{process="spec"} 7',
      'tillstream_by_group{group="ledger",process="spec"} 7',
      'tillstream_other_total{process="spec"} 2',
    ]);
    isDown = true;
    expect(await valuesOf(metrics)).toEqual([
      'tillstream_alone{process="spec"} Nan',
      'tillstream_other_total{process="spec"} 2',
    ]);
  });
});
