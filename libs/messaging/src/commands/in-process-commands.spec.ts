import { Controller, Module } from '@nestjs/common';
import { Ctx, MessagePattern, Payload } from '@nestjs/microservices';
import { Test } from '@nestjs/testing';
import type { Timers } from '../in-process/pause.ts';
import { commandContract } from './contract.ts';
import type { CommandLaneOptions } from './command-lanes.ts';
import type { CommandContext } from './command-queue.ts';
import { InProcessCommandClient, InProcessCommandServer } from './in-process-commands.ts';

/** Time that passes only when a spec says so. */
function handTime(): Timers & { pass(ms: number): void } {
  let now = 1000;
  const waiting = new Set<{ at: number; run: () => void }>();
  return {
    now: () => now,
    after: (ms, run) => {
      const timer = { at: now + ms, run };
      waiting.add(timer);
      return () => waiting.delete(timer);
    },
    pass: (ms) => {
      now += ms;
      for (const timer of waiting) {
        if (timer.at > now) continue;
        waiting.delete(timer);
        timer.run();
      }
    },
  };
}

function opened(
  handler: (bytes: Buffer, context: CommandContext) => Promise<unknown>,
  options: CommandLaneOptions = {},
) {
  const time = handTime();
  const failures: string[] = [];
  const server = new InProcessCommandServer({
    timers: time,
    onFailure: (_pattern, cause) => failures.push(cause),
    ...options,
  });
  for (const pattern of ['sale', 'reversal']) server.addHandler(pattern, handler);
  server.listen(() => undefined);
  return { time, failures, server, client: new InProcessCommandClient(server) };
}

function held(): { promise: Promise<Buffer>; release: (answer?: string) => void } {
  let release: (answer?: string) => void = () => undefined;
  const promise = new Promise<Buffer>((resolve) => (release = (answer = 'ok') => resolve(Buffer.from(answer))));
  return { promise, release };
}

commandContract('in-process', {
  knowsWhatWaited: true,
  open: (handler, options) => {
    const server = new InProcessCommandServer(options);
    for (const pattern of ['authorization.sale', 'authorization.reversal']) server.addHandler(pattern, handler);
    server.listen(() => undefined);
    return Promise.resolve({ client: new InProcessCommandClient(server), server, close: () => server.close() });
  },
});

describe('in-process commands', () => {
  it('carries bytes there and bytes back, with pattern, key and deadline', async () => {
    let context: CommandContext | undefined;
    const { client } = opened(async (bytes, given) => {
      context = given;
      return Buffer.concat([bytes, Buffer.from('!')]);
    });
    const outcome = await client.request('sale', 'm1', Buffer.from('pay'), 5000);
    expect(outcome).toEqual({ kind: 'answer', payload: Buffer.from('pay!') });
    expect(context).toEqual({ pattern: 'sale', key: 'm1', answerBy: 5000 });
    expect(client.inFlight()).toBe(0);
  });

  it('refuses to carry anything but bytes, in both directions', async () => {
    const { client, failures } = opened(async () => ({ approved: true }));
    await expect(client.request('sale', 'm1', { amount: 1 } as unknown as Buffer, 5000)).rejects.toThrow('bytes');
    expect(await client.request('sale', 'm1', Buffer.from('x'), 5000)).toEqual({ kind: 'unknown' });
    expect(failures).toEqual(['TypeError: a command handler answers bytes, a Buffer']);
  });

  it('hands over a copy, so that neither side changes what the other holds', async () => {
    const { client } = opened(async (bytes) => bytes.fill(0));
    const sent = Buffer.from('pay');
    await client.request('sale', 'm1', sent, 5000);
    expect(sent.toString()).toBe('pay');
  });

  it('says not-taken when the deadline passes before a handler takes the command up, and never hands it over', async () => {
    const first = held();
    const seen: string[] = [];
    const { client, time } = opened(
      (bytes) => {
        seen.push(bytes.toString());
        return first.promise;
      },
      { concurrency: 1 },
    );
    const working = client.request('sale', 'm1', Buffer.from('first'), 9000);
    const waiting = client.request('sale', 'm2', Buffer.from('second'), 2000);
    time.pass(1000);
    expect(await waiting).toMatchObject({ kind: 'not-taken' });
    first.release();
    expect((await working).kind).toBe('answer');
    expect(seen).toEqual(['first']);
    expect(await client.request('sale', 'm1', Buffer.from('late'), 2000)).toMatchObject({ kind: 'not-taken' });
  });

  it('says unknown when the deadline passes after take-up; the late answer is nobody’s', async () => {
    const work = held();
    const { client, time } = opened(() => work.promise);
    const outcome = client.request('sale', 'm1', Buffer.from('x'), 2000);
    time.pass(1000);
    expect(await outcome).toEqual({ kind: 'unknown' });
    work.release();
  });

  it('says unknown when the handler throws: nobody knows what it had stored', async () => {
    const { client, failures } = opened(async () => {
      throw new Error('store down');
    });
    expect(await client.request('sale', 'm1', Buffer.from('x'), 2000)).toEqual({ kind: 'unknown' });
    expect(failures).toEqual(['Error: store down']);
  });

  it('turns a command away at once when the queue is full, but not an undoing, which also goes first', async () => {
    const first = held();
    const seen: string[] = [];
    const { client, server } = opened(
      (bytes) => {
        seen.push(bytes.toString());
        return seen.length === 1 ? first.promise : Promise.resolve(Buffer.from('ok'));
      },
      { concurrency: 1, reserved: 0, queued: 1, neverShed: (pattern) => pattern === 'reversal' },
    );
    const outcomes = [
      client.request('sale', 'm', Buffer.from('1'), 9000),
      client.request('sale', 'm', Buffer.from('2'), 9000),
      client.request('sale', 'm', Buffer.from('3'), 9000),
      client.request('reversal', 'm', Buffer.from('undo'), 9000),
    ];
    expect(await outcomes[2]).toMatchObject({ kind: 'not-taken' });
    expect(server.load()).toEqual({ inWork: 1, queued: 2 });
    first.release();
    await Promise.all(outcomes);
    expect(seen).toEqual(['1', 'undo', '2']);
  });

  it('takes an undoing up while every usual handler waits for something slow', async () => {
    const slow = held();
    const { client, server } = opened(
      (bytes) => (bytes.toString() === 'undo' ? Promise.resolve(Buffer.from('undone')) : slow.promise),
      { concurrency: 2, reserved: 1, neverShed: (pattern) => pattern === 'reversal' },
    );
    const sales = ['1', '2', '3'].map((text) => client.request('sale', 'm', Buffer.from(text), 9000));
    expect(server.load()).toEqual({ inWork: 2, queued: 1 });
    const undone = await client.request('reversal', 'm', Buffer.from('undo'), 9000);
    expect(undone).toMatchObject({ kind: 'answer' });
    expect(server.load()).toEqual({ inWork: 2, queued: 1 });
    slow.release();
    await Promise.all(sales);
  });

  it('says not-taken for a pattern that nobody handles and when it is not open', async () => {
    const { client, server } = opened(async () => Buffer.from('ok'));
    expect(await client.request('refund', 'm1', Buffer.from('x'), 2000)).toMatchObject({ kind: 'not-taken' });
    await server.close();
    expect(await client.request('sale', 'm1', Buffer.from('x'), 2000)).toMatchObject({ kind: 'not-taken' });
  });

  it('drains when it closes: what waits is not taken, what is at work is finished first', async () => {
    const work = held();
    const { client, server } = opened(() => work.promise, { concurrency: 1 });
    const working = client.request('sale', 'm1', Buffer.from('1'), 9000);
    const waiting = client.request('sale', 'm1', Buffer.from('2'), 9000);
    let closed = false;
    const close = server.close().then(() => (closed = true));
    expect(await waiting).toMatchObject({ kind: 'not-taken', why: 'stopping' });
    expect(closed).toBe(false);
    work.release();
    expect((await working).kind).toBe('answer');
    await close;
  });
});

@Controller()
class SaleController {
  @MessagePattern('authorization.sale')
  sale(@Payload() bytes: Buffer, @Ctx() context: unknown): Promise<Buffer> {
    return Promise.resolve(Buffer.from(`${bytes.toString()} for ${(context as CommandContext).key}`));
  }
}
@Module({ controllers: [SaleController] })
class SaleModule {}

it('serves Nest’s @MessagePattern methods', async () => {
  const testing = await Test.createTestingModule({ imports: [SaleModule] }).compile();
  const strategy = new InProcessCommandServer();
  const app = testing.createNestMicroservice({ strategy, logger: false });
  await app.listen();
  const client = new InProcessCommandClient(strategy);
  const outcome = await client.request('authorization.sale', 'm1', Buffer.from('sale'), Date.now() + 5000);
  expect(outcome).toEqual({ kind: 'answer', payload: Buffer.from('sale for m1') });
  await app.close();
});
