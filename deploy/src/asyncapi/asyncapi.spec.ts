import { readdirSync, readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { batchPattern } from '@tillstream/domain/batch/commands';
import { factTypes } from '@tillstream/domain/facts';
import { paymentPattern } from '@tillstream/domain/payment/commands';
import { turnAwayPattern } from '@tillstream/domain/payment/turn-away';
import { commandMessage, FRAME_BYTES, frameOf, isTick, replyMessage, topics } from '@tillstream/messaging/published';
import { Ajv } from 'ajv';
import formats from 'ajv-formats';
import { parse } from 'yaml';
import { factFile } from './document.ts';
import { asyncApiFiles, asyncApiFolder } from './files.ts';
import type { Schema } from './type-schema.ts';

interface Sample {
  readonly type: string;
  readonly version: number;
  readonly data: Record<string, unknown>;
}

const read = (path: string): string => readFileSync(new URL(path, asyncApiFolder), 'utf8');
const ajv = new Ajv({ strict: false, allErrors: true });
formats.default(ajv);

const domain = new URL('../../../libs/domain/src/', import.meta.url);
const samples = readdirSync(domain, { recursive: true, encoding: 'utf8' })
  .filter((path) => path.endsWith('samples.json'))
  .flatMap((path) => JSON.parse(readFileSync(new URL(path, domain), 'utf8')) as Sample[]);

/** The same schema without room for fields that it does not name. */
function closed(schema: unknown): unknown {
  if (Array.isArray(schema)) return schema.map(closed);
  if (typeof schema !== 'object' || schema === null) return schema;
  const parts = Object.fromEntries(Object.entries(schema).map(([keyword, part]) => [keyword, closed(part)]));
  const isObject = parts['type'] === 'object' && 'properties' in parts && !('additionalProperties' in parts);
  return isObject ? { ...parts, additionalProperties: false } : parts;
}

describe('the AsyncAPI document and its schemas', () => {
  const generated = asyncApiFiles();
  const document = parse(read('asyncapi.yaml')) as {
    channels: Record<string, { address: string; messages: Record<string, unknown>; bindings: { kafka: Schema } }>;
    components: { messages: Record<string, { payload: { $ref?: string }; headers?: Schema }> };
  };

  it('are what the code says; `npm run asyncapi` writes them anew', () => {
    const stale = [...generated].filter(([path, text]) => read(path) !== text).map(([path]) => path);
    expect(stale).toEqual([]);
  });

  it('hold a schema for every version of every fact ever written, and no file that nothing wrote', () => {
    const versions = Object.entries(factTypes).flatMap(([type, { version }]) =>
      Array.from({ length: version }, (_, n) => factFile(type, n + 1)),
    );
    const expected = new Set([...versions, ...generated.keys()]);
    const found = readdirSync(asyncApiFolder, { recursive: true, encoding: 'utf8' }).filter((path) =>
      /\.\w+$/.test(path),
    );
    expect(found.sort()).toEqual([...expected].sort());
  });

  it('the document is valid AsyncAPI 3.0', () => {
    const specification = createRequire(import.meta.url)('@asyncapi/specs/schemas/3.0.0.json') as Schema;
    // The bundle brings the meta-schema of draft-07 under its usual name.
    const options = { strict: false, meta: false, validateSchema: false, validateFormats: false } as const;
    const validate = new Ajv(options).compile(specification);
    validate(document);
    expect(validate.errors ?? []).toEqual([]);
  });

  it('every reference of the document leads to something', () => {
    const refs = [...read('asyncapi.yaml').matchAll(/\$ref: "?([^"\n]+)"?/g)].map(([, target]) => target ?? '');
    expect(refs.length).toBeGreaterThan(200);
    for (const target of refs) {
      if (!target.startsWith('#/')) expect(JSON.parse(read(target))).toHaveProperty('$schema');
      else {
        const found = target
          .slice(2)
          .split('/')
          .reduce<unknown>((at, step) => (at as Record<string, unknown>)[step], document);
        expect([target, typeof found]).toEqual([target, 'object']);
      }
    }
  });

  it('every topic of the cluster is a channel with its partitions and its retention', () => {
    const shown = Object.values(document.channels).map(({ address, bindings }) => [
      address,
      bindings.kafka['partitions'],
    ]);
    expect(shown.sort()).toEqual(
      Object.values(topics)
        .map(({ name, partitions }) => [name, partitions])
        .sort(),
    );
  });

  it('every fact is a message of the facts, every command one of its service’s', () => {
    expect(Object.keys(document.channels['facts']?.messages ?? {})).toEqual(
      expect.arrayContaining(Object.keys(factTypes)),
    );
    const commands = ['authorizationCommands', 'settlementCommands'].flatMap((name) =>
      Object.keys(document.channels[name]?.messages ?? {}),
    );
    const patterns = [...Object.values(paymentPattern), turnAwayPattern, ...Object.values(batchPattern)];
    expect(commands.sort()).toEqual([...patterns].sort());
  });

  it('a command and its reply have the headers that are documented, each of them and no other', () => {
    const context = { pattern: 'authorization.sale', key: '898310058120001', answerBy: 1_795_400_130_000 };
    const sent = commandMessage(context, Buffer.from('{}'), { correlation: 'one', replyTo: 3 });
    const answered = replyMessage('one', { kind: 'not-taken', why: 'stopping' });
    for (const [message, { headers }] of [
      ['authorization.sale', sent],
      ['PaymentAnswer', answered],
    ] as const) {
      const validate = ajv.compile(closed(document.components.messages[message]?.headers) as Schema);
      validate(headers);
      expect([message, validate.errors ?? []]).toEqual([message, []]);
    }
    expect(sent.key).toBe('898310058120001');
  });

  it('the key of a fact is the documented frame and then its own key, the key of a tick the frame alone', () => {
    const frame = frameOf(258n, 257n, 0x7b1f6d1e, '898310058120001');
    expect([frame.readBigInt64BE(0), frame.readBigInt64BE(8), frame.readUInt32BE(16)]).toEqual([
      258n,
      257n,
      0x7b1f6d1e,
    ]);
    expect(frame.toString('utf8', FRAME_BYTES)).toBe('898310058120001');
    expect(isTick(frameOf(258n, 257n, 0x7b1f6d1e, ''))).toBe(true);
    expect(read('asyncapi.yaml')).toContain(`a frame of ${FRAME_BYTES} bytes`);
  });

  it.each(samples.map((sample) => [sample.type, sample.version, sample] as const))(
    'the stored sample of %s version %i is what its schema says, and has no field that it does not name',
    (type, version, sample) => {
      const schema = JSON.parse(read(factFile(type, version))) as Schema;
      const validate = ajv.compile(closed(schema) as Schema);
      validate(sample);
      expect(validate.errors ?? []).toEqual([]);
    },
  );

  it('a fact with a field missing, of another kind, or with a broken amount is not valid', () => {
    const validate = ajv.compile(JSON.parse(read(factFile('PaymentApproved', 1))) as Schema);
    const sample = samples.find(({ type }) => type === 'PaymentApproved');
    const withData = (change: Record<string, unknown>) => ({ ...sample, data: { ...sample?.data, ...change } });
    expect(validate(sample)).toBe(true);
    for (const change of [
      { fee: undefined },
      { fee: '600' },
      { fee: 0.5 },
      { tradeDate: '20261123' },
      { scheme: 'XXX' },
    ])
      expect([change, validate(JSON.parse(JSON.stringify(withData(change))))]).toEqual([change, false]);
  });
});
