import { randomUUID } from 'node:crypto';
import { derivedFactId } from './ids.ts';
import { NO_STREAM, type EventStore, type FactToAppend, type StoredRecord } from './port.ts';
import { decodeRecord } from './record.ts';
import { factToAppend } from './testing/facts.ts';

/** A store for the contract, empty, and how to give it back. */
export interface OpenedStore {
  readonly store: EventStore;
  close(): Promise<void>;
}

const dataOf = (facts: readonly StoredRecord[]): unknown[] => facts.map((fact) => fact.data);
const stream = (): string => `payment-${randomUUID()}`;

/** Resolves when the condition holds; the spec's own time limit ends a wait in vain. */
async function until(condition: () => boolean): Promise<void> {
  while (!condition()) await new Promise((resolve) => setTimeout(resolve, 5));
}

/** The rules of the port as specs; every driver runs them (design 8). To be called at the top level of a spec file. */
export function eventStoreContract(driver: string, open: () => Promise<OpenedStore>): void {
  describe(`the event store port, ${driver}`, () => {
    let opened: OpenedStore;
    let store: EventStore;
    beforeAll(async () => {
      opened = await open();
      store = opened.store;
    });
    afterAll(() => opened.close());
    const append = (name: string, expected: number, facts: FactToAppend[]) =>
      store.writer('authorization').append(name, expected, facts);

    appending(() => store, append);
    owning(() => store, append);
    reading(() => store, append);
    following(() => store, append);
    racing(() => store, append);
  });
}

type Append = (
  name: string,
  expected: number,
  facts: FactToAppend[],
) => ReturnType<ReturnType<EventStore['writer']>['append']>;

function appending(store: () => EventStore, append: Append): void {
  test('an append gives the revision and the position of its last fact', async () => {
    const name = stream();
    const first = await append(name, NO_STREAM, [factToAppend('a'), factToAppend('b')]);
    expect(first).toMatchObject({ ok: true, revision: 1 });
    expect(first.ok && first.position).toBe(await store().head());
    expect(await append(name, 1, [factToAppend('c')])).toMatchObject({ ok: true, revision: 2 });
    const stored = await store().readStream(name);
    expect(first.ok && first.positions).toEqual(stored.slice(0, 2).map(({ position }) => position));
    expect(dataOf(await store().readStream(name))).toEqual(['a', 'b', 'c']);
  });

  test('an append on another revision than expected is a conflict that names the present one, and stores nothing', async () => {
    const name = stream();
    expect(await append(name, 3, [factToAppend()])).toEqual({ ok: false, conflict: true, revision: -1 });
    await append(name, NO_STREAM, [factToAppend('a')]);
    expect(await append(name, NO_STREAM, [factToAppend('b')])).toEqual({ ok: false, conflict: true, revision: 0 });
    expect(await append(name, 5, [factToAppend('c')])).toEqual({ ok: false, conflict: true, revision: 0 });
    expect(dataOf(await store().readStream(name))).toEqual(['a']);
  });

  test('the same append again, by its ids, gets the first answer even when others appended after it', async () => {
    const name = stream();
    const facts = [factToAppend('a'), factToAppend('b')];
    const first = await append(name, NO_STREAM, facts);
    await append(name, 1, [factToAppend('c')]);
    expect(await append(name, NO_STREAM, facts)).toEqual(first);
    expect(dataOf(await store().readStream(name))).toEqual(['a', 'b', 'c']);
  });

  test('the same append sent many times at once is stored once and answered alike', async () => {
    const name = stream();
    const facts = [factToAppend('a'), factToAppend('b')];
    const answers = await Promise.all(Array.from({ length: 20 }, () => append(name, NO_STREAM, facts)));
    for (const answer of answers) expect(answer).toEqual(answers[0]);
    expect(answers[0]?.ok).toBe(true);
    expect(dataOf(await store().readStream(name))).toEqual(['a', 'b']);
  });

  test('an append that shares only some ids with what is stored is a conflict', async () => {
    const name = stream();
    const [a, b] = [factToAppend('a'), factToAppend('b')];
    await append(name, NO_STREAM, [a, b]);
    expect(await append(name, NO_STREAM, [a, factToAppend('x')])).toEqual({ ok: false, conflict: true, revision: 1 });
    expect(await append(name, NO_STREAM, [a, b, factToAppend('c')])).toEqual({
      ok: false,
      conflict: true,
      revision: 1,
    });
    expect(dataOf(await store().readStream(name))).toEqual(['a', 'b']);
  });

  test('a fact derived twice from one cause is appended once', async () => {
    const name = stream();
    const cause = randomUUID();
    const answer = (): FactToAppend => factToAppend('answer', { id: derivedFactId(cause, 'rule') });
    expect(await append(name, NO_STREAM, [answer()])).toEqual(await append(name, NO_STREAM, [answer()]));
    expect(await store().readStream(name)).toHaveLength(1);
  });
}

function owning(store: () => EventStore, append: Append): void {
  test('only the owner of a noun appends to its streams', async () => {
    const ledger = store().writer('ledger');
    await expect(ledger.append(stream(), NO_STREAM, [factToAppend()])).rejects.toThrow('only authorization appends');
    await expect(append('nothing-1', NO_STREAM, [factToAppend()])).rejects.toThrow('stream "nothing-1"');
  });

  test('a stream keeps the key of its first fact', async () => {
    const name = stream();
    await append(name, NO_STREAM, [factToAppend('a')]);
    await expect(append(name, 0, [factToAppend('b', { key: 'M2' })])).rejects.toThrow(
      'its first fact has the key M1, not M2',
    );
    await expect(append(stream(), NO_STREAM, [factToAppend(), factToAppend('b', { key: 'M2' })])).rejects.toThrow(
      'a stream has one key',
    );
    expect(dataOf(await store().readStream(name))).toEqual(['a']);
  });

  test('an append beyond the limits is refused with what was wrong', async () => {
    await expect(append(stream(), NO_STREAM, [])).rejects.toThrow('0 facts; an append has 1 to 500');
    await expect(
      append(
        stream(),
        NO_STREAM,
        Array.from({ length: 501 }, () => factToAppend()),
      ),
    ).rejects.toThrow('501 facts');
    await expect(append(stream(), NO_STREAM, [factToAppend('x'.repeat(70_000))])).rejects.toThrow(
      'a record has at most 65536',
    );
    await expect(append(stream(), NO_STREAM, [factToAppend('a', { id: 'no' })])).rejects.toThrow('facts[0].id');
    await expect(append(stream(), NO_STREAM, [factToAppend('a', { at: '2026-11-23' })])).rejects.toThrow('facts[0].at');
    await expect(append(stream(), -2, [factToAppend('a')])).rejects.toThrow('expectedRevision -2');
  });
}

function reading(store: () => EventStore, append: Append): void {
  test('a record comes back as it was given, and its bytes hold everything but the position', async () => {
    const name = stream();
    const data = { text: '日结 “ok”\u2028 \u0000 \ud83d\ude00', list: [1, null, { a: true }], none: null };
    const given = factToAppend(data, { causedBy: randomUUID(), key: 'house' });
    const result = await append(name, NO_STREAM, [given]);
    const [fact] = await store().readStream(name);
    const { fact: inner, ...envelope } = given;
    expect(fact).toMatchObject({
      ...envelope,
      ...inner,
      stream: name,
      revision: 0,
      position: result.ok && result.position,
    });
    expect(decodeRecord(fact?.record as Buffer)).toEqual({ ...envelope, ...inner, stream: name, revision: 0 });
  });

  test('a stream is read from a revision on; one that does not exist is empty', async () => {
    const name = stream();
    await append(
      name,
      NO_STREAM,
      ['a', 'b', 'c'].map((data) => factToAppend(data)),
    );
    expect(dataOf(await store().readStream(name, 1))).toEqual(['b', 'c']);
    expect(await store().readStream(name, 3)).toEqual([]);
    expect(await store().readStream(stream())).toEqual([]);
  });

  test('of many streams it says which exist', async () => {
    const [one, other] = [stream(), stream()];
    await append(one, NO_STREAM, [factToAppend('a'), factToAppend('b')]);
    expect(await store().existing([other, one, other])).toEqual(new Set([one]));
    expect(await store().existing([])).toEqual(new Set());
  });

  test('the whole store is read by position, noun, limit and end', async () => {
    const from = await store().head();
    await append(stream(), NO_STREAM, [factToAppend('a'), factToAppend('b')]);
    const book = await store()
      .writer('ledger')
      .append(`book-M1.${randomUUID()}`, NO_STREAM, [factToAppend('book')]);
    await append(stream(), NO_STREAM, [factToAppend('c')]);
    expect(dataOf(await store().readAll(from))).toEqual(['a', 'b', 'book', 'c']);
    expect(dataOf(await store().readAll(from, { nouns: ['payment'] }))).toEqual(['a', 'b', 'c']);
    expect(dataOf(await store().readAll(from, { limit: 2 }))).toEqual(['a', 'b']);
    expect(dataOf(await store().readAll(from, { upTo: book.ok ? book.position : 0n }))).toEqual(['a', 'b', 'book']);
  });

  test('the facts of one key are read in order, between two positions', async () => {
    const key = randomUUID();
    const from = await store().head();
    const [one, two] = [stream(), stream()];
    await append(one, NO_STREAM, [factToAppend('a', { key })]);
    await append(stream(), NO_STREAM, [factToAppend('other')]);
    await append(two, NO_STREAM, [factToAppend('b', { key })]);
    const middle = await store().head();
    await append(one, 0, [factToAppend('c', { key })]);
    expect(dataOf(await store().readKey(key, from, await store().head(), ['payment'], 10))).toEqual(['a', 'b', 'c']);
    expect(dataOf(await store().readKey(key, from, middle, ['payment'], 10))).toEqual(['a', 'b']);
    expect(dataOf(await store().readKey(key, from, middle, ['book'], 10))).toEqual([]);
    expect(dataOf(await store().readKey(key, from, await store().head(), ['payment'], 1))).toEqual(['a']);
  });

  test('records are read on as their very bytes under their keys, of every noun, in order, page by page', async () => {
    const from = await store().head();
    const name = stream();
    const given = ['a', '日结 “ok”\u2028 \ud83d\ude00', 'c'].map((data) => factToAppend(data, { key: 'house "1"' }));
    await append(name, NO_STREAM, given);
    const other = await append(stream(), NO_STREAM, [factToAppend('d', { key: 'M2' })]);
    const whole = await store().readRecords(from, 100);
    const facts = await store().readAll(from);
    expect(whole).toEqual({
      records: facts.map(({ position, key, record }) => ({ position, key, record })),
      isFull: false,
    });
    expect(whole.records.map(({ key }) => key)).toEqual(['house "1"', 'house "1"', 'house "1"', 'M2']);
    const first = await store().readRecords(from, 3);
    expect(first).toEqual({ records: whole.records.slice(0, 3), isFull: true });
    const rest = await store().readRecords(first.records[2]?.position ?? 0n, 3);
    expect(rest).toEqual({ records: whole.records.slice(3), isFull: false });
    expect(await store().readRecords(other.ok ? other.position : 0n, 3)).toEqual({ records: [], isFull: false });
  });

  test('a page of records ends by its bytes too, and goes on behind them', async () => {
    const from = await store().head();
    for (let n = 0; n < 10; n += 1)
      await append(
        stream(),
        NO_STREAM,
        Array.from({ length: 15 }, () => factToAppend('x'.repeat(60_000))),
      );
    const first = await store().readRecords(from, 1_000);
    expect(first.isFull).toBe(true);
    expect(first.records.length).toBeGreaterThan(130);
    expect(first.records.length).toBeLessThan(145);
    const rest = await store().readRecords(first.records.at(-1)?.position ?? 0n, 1_000);
    expect(rest.isFull).toBe(false);
    expect([...first.records, ...rest.records]).toHaveLength(150);
  });
}

function following(store: () => EventStore, append: Append): void {
  test('a subscription gets what is there, then what comes, in order and once, of its nouns only', async () => {
    const from = await store().head();
    await append(stream(), NO_STREAM, [factToAppend(0)]);
    const got: StoredRecord[] = [];
    let upTo = from;
    const subscription = store().subscribe(from, ['payment'], async (facts, position) => {
      expect(position).toBeGreaterThan(upTo);
      upTo = position;
      got.push(...facts);
    });
    for (let n = 1; n < 40; n += 1) await append(stream(), NO_STREAM, [factToAppend(n)]);
    await store()
      .writer('ledger')
      .append(`book-M1.${randomUUID()}`, NO_STREAM, [factToAppend('book')]);
    const head = await store().head();
    await until(() => upTo >= head);
    await subscription.stop();
    expect(dataOf(got)).toEqual(Array.from({ length: 40 }, (_, n) => n));
    await append(stream(), NO_STREAM, [factToAppend('after the stop')]);
    expect(got).toHaveLength(40);
  });

  test('a batch whose handler fails is given again, the same, before any later one', async () => {
    const from = await store().head();
    await append(stream(), NO_STREAM, [factToAppend('a')]);
    const tries: unknown[][] = [];
    const subscription = store().subscribe(from, ['payment'], async (facts) => {
      tries.push(dataOf(facts));
      if (tries.length < 3) throw new Error('not yet');
    });
    await until(() => tries.length === 3);
    await subscription.stop();
    expect(tries).toEqual([['a'], ['a'], ['a']]);
  });

  test('a subscription stops while its handler keeps failing', async () => {
    const from = await store().head();
    await append(stream(), NO_STREAM, [factToAppend('a')]);
    let tries = 0;
    const subscription = store().subscribe(from, ['payment'], async () => {
      tries += 1;
      throw new Error('never');
    });
    await until(() => tries > 0);
    await subscription.stop();
  });

  test('waiting for a stream gives the facts beyond the revision, at once or when they come, and undefined at the deadline', async () => {
    const name = stream();
    const late = store().waitForStream(name, NO_STREAM, Date.now() + 30_000);
    await append(stream(), NO_STREAM, [factToAppend('another stream')]);
    await append(name, NO_STREAM, [factToAppend('a')]);
    expect(dataOf((await late) ?? [])).toEqual(['a']);
    expect(dataOf((await store().waitForStream(name, NO_STREAM, Date.now() + 30_000)) ?? [])).toEqual(['a']);
    expect(await store().waitForStream(name, 0, Date.now() + 20)).toBeUndefined();
  });
}

function racing(store: () => EventStore, append: Append): void {
  test('of 100 appends that expect the same revision exactly one wins', async () => {
    const name = stream();
    const answers = await Promise.all(
      Array.from({ length: 100 }, (_, n) => append(name, NO_STREAM, [factToAppend(n)])),
    );
    expect(answers.filter((answer) => answer.ok)).toHaveLength(1);
    expect(answers.filter((answer) => !answer.ok && answer.revision === 0)).toHaveLength(99);
    expect(await store().readStream(name)).toHaveLength(1);
  });

  test('appends to one stream that follow on each other may be in flight together', async () => {
    const name = stream();
    const answers = await Promise.all(Array.from({ length: 50 }, (_, n) => append(name, n - 1, [factToAppend(n)])));
    expect(answers.map((answer) => answer.revision)).toEqual(Array.from({ length: 50 }, (_, n) => n));
    expect(dataOf(await store().readStream(name))).toEqual(Array.from({ length: 50 }, (_, n) => n));
  });

  test('a chain in flight whose first append loses, falls as a whole', async () => {
    const name = stream();
    await append(name, NO_STREAM, [factToAppend('first')]);
    const answers = await Promise.all(
      [0, 1, 2].map((n) => append(name, n, [factToAppend(n)])).concat(append(name, NO_STREAM, [factToAppend('late')])),
    );
    expect(answers.map((answer) => answer.ok)).toEqual([true, true, true, false]);
    const lost = await Promise.all([1, 2].map((n) => append(name, n, [factToAppend(`again ${n}`)])));
    expect(lost).toEqual(lost.map(() => ({ ok: false, conflict: true, revision: 3 })));
  });

  test('appended one by one, the store answers like a list per stream', async () => {
    const { default: fc } = await import('fast-check');
    const step = fc.record({
      stream: fc.nat(2),
      expected: fc.integer({ min: -1, max: 4 }),
      fits: fc.boolean(),
      count: fc.integer({ min: 1, max: 3 }),
    });
    await fc.assert(
      fc.asyncProperty(fc.array(step, { minLength: 1, maxLength: 15 }), async (steps) => {
        const model = [0, 1, 2].map(() => ({ name: stream(), ids: [] as string[] }));
        for (const { stream: at, expected: wish, fits, count } of steps) {
          const { name, ids } = model[at] as (typeof model)[number];
          const last = ids.length - 1;
          const expected = fits ? last : wish;
          const facts = Array.from({ length: count }, () => factToAppend());
          const answer = await append(name, expected, facts);
          if (expected === last) ids.push(...facts.map((fact) => fact.id));
          expect(answer).toMatchObject(
            expected === last ? { ok: true, revision: last + count } : { conflict: true, revision: last },
          );
        }
        for (const { name, ids } of model) expect((await store().readStream(name)).map((fact) => fact.id)).toEqual(ids);
      }),
      { numRuns: 40 },
    );
  });

  test('whatever is appended at once, the answers are true: acknowledged is stored, refused is not, nothing twice', async () => {
    const { default: fc } = await import('fast-check');
    const step = fc.record({
      stream: fc.nat(3),
      expected: fc.integer({ min: -1, max: 4 }),
      count: fc.integer({ min: 1, max: 3 }),
      copyOf: fc.option(fc.nat(20), { freq: 4 }),
    });
    await fc.assert(
      fc.asyncProperty(fc.array(step, { minLength: 1, maxLength: 25 }), fc.nat(4), async (steps, waves) => {
        const names = [0, 1, 2, 3].map(stream);
        const sent: { name: string; expected: number; facts: FactToAppend[] }[] = [];
        for (const { stream: at, expected, count, copyOf } of steps)
          sent.push(
            sent[copyOf ?? -1] ?? {
              name: names[at] as string,
              expected,
              facts: Array.from({ length: count }, () => factToAppend()),
            },
          );
        const answers = [];
        const size = Math.ceil(sent.length / (waves + 1));
        for (let from = 0; from < sent.length; from += size)
          answers.push(
            ...(await Promise.all(sent.slice(from, from + size).map((s) => append(s.name, s.expected, s.facts)))),
          );
        const stored = new Map(
          await Promise.all(
            names.map(async (name) => [name, (await store().readStream(name)).map((fact) => fact.id)] as const),
          ),
        );
        const claimed = new Set<string>();
        answers.forEach((answer, n) => {
          if (answer.ok) for (const fact of sent[n]?.facts ?? []) claimed.add(fact.id);
        });
        for (const { name, expected, facts } of sent) {
          const there = stored.get(name)?.slice(expected + 1, expected + 1 + facts.length);
          const stands = JSON.stringify(there) === JSON.stringify(facts.map((fact) => fact.id));
          // The same append may be sent twice, and only the second time find the stream as it expects it.
          expect(facts.map((fact) => claimed.has(fact.id))).toEqual(facts.map(() => stands));
        }
        // Nothing is stored that nobody was told of, and no fact twice.
        const all = [...stored.values()].flat();
        expect(all.length).toBe(claimed.size);
        expect(new Set(all)).toEqual(claimed);
      }),
      { numRuns: 60 },
    );
  });
}
