import type { Socket } from 'node:net';
import { Duplex } from 'node:stream';
import { writeFrame } from '../framing/frame-reader.ts';
import { ServerConnection } from './server-connection.ts';

/** A socket whose peer takes nothing: what is written stays where it is. */
class UnreadSocket extends Duplex {
  written = 0;

  constructor() {
    super({ writableHighWaterMark: 100 });
  }

  setNoDelay(): this {
    return this;
  }

  override _read(): void {}

  override _write(chunk: Buffer, _encoding: string, _done: () => void): void {
    this.written += chunk.length;
  }
}

const limits = { idleMs: 60_000, firstFrameMs: 60_000, incompleteFrameMs: 50, maxFrameBytes: 2_048 };

it('a peer that does not read its answers has one more message served at most, and is closed', async () => {
  const socket = new UnreadSocket();
  let served = 0;
  const connection = new ServerConnection(
    socket as unknown as Socket,
    { id: 1, remoteAddress: '127.0.0.1' },
    limits,
    () => {
      served += 1;
      return Promise.resolve(writeFrame(Buffer.alloc(200)));
    },
    () => undefined,
  );
  for (let n = 0; n < 1_000; n += 1) socket.push(writeFrame(Buffer.from('message')));
  expect(await connection.ended).toBe('slow-reader');
  expect(served).toBe(1);
  expect(socket.writableLength).toBeLessThan(1_000);
});

it('while a message is in work the next ones wait in the socket, not in memory of ours', async () => {
  const socket = new UnreadSocket();
  const gate = Promise.withResolvers<undefined>();
  let served = 0;
  const connection = new ServerConnection(
    socket as unknown as Socket,
    { id: 1, remoteAddress: '127.0.0.1' },
    limits,
    () => {
      served += 1;
      return gate.promise;
    },
    () => undefined,
  );
  socket.push(writeFrame(Buffer.from('first')));
  await new Promise((resolve) => setImmediate(resolve));
  for (let n = 0; n < 100; n += 1) socket.push(writeFrame(Buffer.alloc(1_000)));
  await new Promise((resolve) => setImmediate(resolve));
  expect([served, socket.isPaused()]).toEqual([1, true]);
  expect(socket.readableLength).toBe(100 * 1_002);
  connection.destroy('peer');
  gate.resolve(undefined);
  await connection.ended;
});
