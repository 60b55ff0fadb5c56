import type { CommandClient } from '../port.ts';
import type { CommandLaneOptions } from './command-lanes.ts';
import type { CommandContext } from './command-queue.ts';

/** A service that takes commands, and somebody who sends them; closed by the contract. */
export interface CommandPair {
  readonly client: CommandClient;
  readonly server: { load(): { readonly inWork: number; readonly queued: number }; close(): Promise<void> };
  close(): Promise<void>;
}

type Handler = (bytes: Buffer, context: CommandContext) => Promise<unknown>;

/** What a driver of commands differs in. */
export interface CommandDriver {
  /** Opens a pair that handles `authorization.sale` and `authorization.reversal`. */
  open(handler: Handler, options?: CommandLaneOptions): Promise<CommandPair>;
  /** Whether the sender knows that nobody took its command up when its deadline passes or the service stops; else it is unknown. */
  readonly knowsWhatWaited: boolean;
}

const SALE = 'authorization.sale';
const REVERSAL = 'authorization.reversal';

function held(): { promise: Promise<Buffer>; release: () => void } {
  const { promise, resolve } = Promise.withResolvers<Buffer>();
  return { promise, release: () => resolve(Buffer.from('ok')) };
}

const inMs = (ms: number): number => Date.now() + ms;

async function until(isTrue: () => boolean): Promise<void> {
  for (const deadline = inMs(15_000); !isTrue();) {
    if (Date.now() > deadline) throw new Error('it did not become true in time');
    await new Promise((resolve) => setTimeout(resolve, 5));
  }
}

/** The promises that every driver of commands keeps (design 6, 9). */
export function commandContract(name: string, driver: CommandDriver): void {
  describe(`${name}: the contract of commands`, () => {
    let pair: CommandPair | undefined;
    const opened = async (handler: Handler, options?: CommandLaneOptions): Promise<CommandPair> =>
      (pair = await driver.open(handler, options));
    afterEach(() => pair?.close());
    const untaken = driver.knowsWhatWaited ? 'not-taken' : 'unknown';

    it('carries bytes there and bytes back, with pattern, key and deadline', async () => {
      let context: CommandContext | undefined;
      const { client } = await opened(async (bytes, given) => {
        context = given;
        return Buffer.concat([bytes, Buffer.from('!')]);
      });
      const answerBy = inMs(20_000);
      const outcome = await client.request(SALE, 'm1', Buffer.from('pay'), answerBy);
      expect(outcome).toEqual({ kind: 'answer', payload: Buffer.from('pay!') });
      expect(context).toEqual({ pattern: SALE, key: 'm1', answerBy });
      expect(client.inFlight()).toBe(0);
    });

    it('carries any bytes, none and 64 KiB of them', async () => {
      const { client } = await opened(async (bytes) => bytes);
      for (const bytes of [Buffer.alloc(0), Buffer.from([0, 255, 10, 13]), Buffer.alloc(65_536, 7)])
        expect(await client.request(SALE, 'm1', bytes, inMs(20_000))).toEqual({ kind: 'answer', payload: bytes });
    });

    it('refuses to carry anything but bytes, in both directions', async () => {
      const failures: string[] = [];
      const { client } = await opened(async () => ({ approved: true }), {
        onFailure: (_pattern, cause) => failures.push(cause),
      });
      await expect(client.request(SALE, 'm1', { amount: 1 } as unknown as Buffer, inMs(9_000))).rejects.toThrow(
        'bytes',
      );
      await expect(client.request(SALE, 'm1', Buffer.from(''), Number.NaN)).rejects.toThrow('answerBy');
      expect(await client.request(SALE, 'm1', Buffer.from('x'), inMs(9_000))).toEqual({ kind: 'unknown' });
      expect(failures).toEqual(['TypeError: a command handler answers bytes, a Buffer']);
    });

    it('never hands over a command whose deadline passed before a handler was free', async () => {
      const first = held();
      const seen: string[] = [];
      const { client } = await opened(
        (bytes) => {
          seen.push(bytes.toString());
          return first.promise;
        },
        { concurrency: 1 },
      );
      const working = client.request(SALE, 'm1', Buffer.from('first'), inMs(20_000));
      await until(() => seen.length === 1);
      expect((await client.request(SALE, 'm2', Buffer.from('second'), inMs(500))).kind).toBe(untaken);
      first.release();
      expect((await working).kind).toBe('answer');
      expect(await client.request(SALE, 'm1', Buffer.from('late'), Date.now() - 1)).toMatchObject({
        kind: 'not-taken',
      });
      expect(seen).toEqual(['first']);
    });

    it('says unknown when the deadline passes after take-up; the late answer is nobody’s', async () => {
      const work = held();
      const { client } = await opened(() => work.promise);
      expect(await client.request(SALE, 'm1', Buffer.from('x'), inMs(500))).toEqual({ kind: 'unknown' });
      work.release();
    });

    it('says unknown when the handler throws: nobody knows what it had stored', async () => {
      const { client } = await opened(async () => {
        throw new Error('store down');
      });
      expect(await client.request(SALE, 'm1', Buffer.from('x'), inMs(9_000))).toEqual({ kind: 'unknown' });
    });

    it('turns a command away at once when the queue is full, but not an undoing, which also goes first', async () => {
      const first = held();
      const seen: string[] = [];
      const { client, server } = await opened(
        (bytes) => {
          seen.push(bytes.toString());
          return seen.length === 1 ? first.promise : Promise.resolve(Buffer.from('ok'));
        },
        { concurrency: 1, reserved: 0, queued: 1, neverShed: (pattern) => pattern === REVERSAL },
      );
      const outcomes = [client.request(SALE, 'm', Buffer.from('1'), inMs(30_000))];
      await until(() => seen.length === 1);
      outcomes.push(client.request(SALE, 'm', Buffer.from('2'), inMs(30_000)));
      await until(() => server.load().queued === 1);
      expect(await client.request(SALE, 'm', Buffer.from('3'), inMs(30_000))).toMatchObject({ kind: 'not-taken' });
      outcomes.push(client.request(REVERSAL, 'm', Buffer.from('undo'), inMs(30_000)));
      await until(() => server.load().queued === 2);
      first.release();
      for (const { kind } of await Promise.all(outcomes)) expect(kind).toBe('answer');
      expect(seen).toEqual(['1', 'undo', '2']);
    });

    it('takes an undoing up while every usual handler waits for something slow, and others’ keys with it', async () => {
      const slow = held();
      const { client } = await opened(
        (bytes) => (bytes.toString() === 'undo' ? Promise.resolve(Buffer.from('undone')) : slow.promise),
        { concurrency: 2, reserved: 1, neverShed: (pattern) => pattern === REVERSAL },
      );
      const sales = ['1', '2', '3'].map((text) => client.request(SALE, 'm', Buffer.from(text), inMs(30_000)));
      expect(await client.request(REVERSAL, 'm', Buffer.from('undo'), inMs(30_000))).toMatchObject({ kind: 'answer' });
      slow.release();
      for (const { kind } of await Promise.all(sales)) expect(kind).toBe('answer');
    });

    it('a command that waits holds up no other of its key', async () => {
      const slow = held();
      const { client } = await opened((bytes) =>
        bytes.toString() === 'slow' ? slow.promise : Promise.resolve(Buffer.from('quick')),
      );
      const waiting = client.request(SALE, 'm', Buffer.from('slow'), inMs(30_000));
      for (let n = 0; n < 5; n += 1)
        expect((await client.request(SALE, 'm', Buffer.from('quick'), inMs(30_000))).kind).toBe('answer');
      slow.release();
      expect((await waiting).kind).toBe('answer');
    });

    it('says not-taken of a pattern that nobody handles', async () => {
      const { client } = await opened(async (bytes) => bytes);
      for (const pattern of ['authorization.other', 'nobody.sale'])
        expect(await client.request(pattern, 'm', Buffer.from('x'), inMs(20_000))).toMatchObject({ kind: 'not-taken' });
    });

    it('drains when it closes: what is at work is answered first, what waits is never handed over', async () => {
      const work = held();
      const seen: string[] = [];
      const { client, server } = await opened(
        (bytes) => {
          seen.push(bytes.toString());
          return work.promise;
        },
        { concurrency: 1 },
      );
      const working = client.request(SALE, 'm1', Buffer.from('1'), inMs(20_000));
      await until(() => seen.length === 1);
      const waiting = client.request(SALE, 'm1', Buffer.from('2'), inMs(2_000));
      await until(() => server.load().queued === 1);
      const closed = server.close();
      work.release();
      expect((await working).kind).toBe('answer');
      expect((await waiting).kind).toBe(untaken);
      await closed;
      expect(seen).toEqual(['1']);
    });
  });
}
