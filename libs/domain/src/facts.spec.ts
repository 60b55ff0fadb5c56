import { readFileSync } from 'node:fs';
import { factTypes, factVersions, isFactType, upcasts } from './facts.ts';
import type { AnyFact, Upcasts } from './facts.ts';
import { evolveChannel, newChannel } from './channel/decide.ts';
import { evolveMerchant, newMerchant } from './merchant/decide.ts';
import { nounOf } from './stream.ts';
import { evolveTerminal, newTerminal } from './terminal/decide.ts';

interface Sample {
  readonly stream: string;
  readonly type: string;
  readonly version: number;
  readonly data: unknown;
}
const folders = [
  'session',
  'payment',
  'batch',
  'settlement',
  'payout',
  'clearing',
  'book',
  'merchant',
  'terminal',
  'channel',
  'store',
];
const samples = folders.flatMap(
  (folder) => JSON.parse(readFileSync(new URL(`./${folder}/samples.json`, import.meta.url), 'utf8')) as Sample[],
);
const everyVersion = Object.entries(factTypes).flatMap(([type, { version }]) =>
  Array.from({ length: version }, (_, n) => [type, n + 1] as const),
);

describe('stored facts stay readable (design 4)', () => {
  it.each(everyVersion)('%s version %i has a sample', (type, version) => {
    expect(samples.filter((one) => one.type === type && one.version === version)).toHaveLength(1);
  });

  it.each(samples.map((one) => [one.type, one.version, one] as const))(
    'the sample of %s version %i reads up to the newest version',
    (type, version, sample) => {
      if (!isFactType(type)) throw new Error(`${type} is no fact of ours`);
      const known: Upcasts = upcasts;
      let { data } = sample;
      for (let step = version; step < factTypes[type].version; step++) {
        const next = known[type]?.[step];
        if (next === undefined) throw new Error(`no step from version ${step}`);
        data = next(data);
      }
      expect(data).toEqual(expect.any(Object));
    },
  );

  it('every sample stands in a stream of its fact’s noun, and old steps lead to newer versions only', () => {
    for (const { type, stream } of samples) expect(isFactType(type) && factTypes[type].noun).toBe(nounOf(stream));
    for (const [type, steps] of Object.entries(upcasts)) {
      for (const from of Object.keys(steps ?? {})) expect(Number(from)).toBeLessThan(factVersions.newest[type] ?? 0);
    }
  });

  it('the samples of a master-data noun are a history that its evolve reads', () => {
    const of = <F extends AnyFact>(folder: string) =>
      samples.filter((one) => one.stream.startsWith(`${folder}-`)) as unknown as F[];
    expect(of<Parameters<typeof evolveMerchant>[1]>('merchant').reduce(evolveMerchant, newMerchant)).toMatchObject({
      is: 'registered',
      blocked: false,
    });
    expect(of<Parameters<typeof evolveTerminal>[1]>('terminal').reduce(evolveTerminal, newTerminal)).toMatchObject({
      is: 'retired',
    });
    expect(of<Parameters<typeof evolveChannel>[1]>('channel').reduce(evolveChannel, newChannel)).toMatchObject({
      plans: [{ version: 1 }],
    });
  });

  it('no sample holds a number that could be a card’s', () => {
    // A hash may begin with digits; a card number stands alone.
    expect(JSON.stringify(samples).match(/(?<![0-9a-f])\d{16,19}(?![0-9a-f])/g) ?? []).toEqual([]);
  });
});
