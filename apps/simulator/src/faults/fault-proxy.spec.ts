import { connect, createServer, type AddressInfo, type Server } from 'node:net';
import { FaultProxy, type FaultProxySettings } from './fault-proxy.ts';

describe('a fault proxy', () => {
  let server: Server;
  let port: number;
  let proxy: FaultProxy | undefined;
  beforeEach(async () => {
    server = createServer((socket) => socket.on('error', () => undefined).pipe(socket));
    await new Promise<void>((resolve) => server.listen({ host: '127.0.0.1', port: 0 }, resolve));
    port = (server.address() as AddressInfo).port;
  });
  afterEach(async () => {
    await proxy?.close();
    await new Promise((resolve) => server.close(resolve));
  });

  /** What comes back for eight bytes; null when the line was cut. */
  const echo = async (over: Partial<FaultProxySettings>, length = 8): Promise<Buffer | null> => {
    proxy = new FaultProxy({ target: { host: '127.0.0.1', port }, seed: 'spec', ...over });
    const socket = connect(await proxy.listen(), '127.0.0.1');
    socket.write(Buffer.alloc(8));
    let got: Buffer = Buffer.alloc(0);
    const answer = await new Promise<Buffer | null>((resolve) => {
      socket.on('data', (piece: Buffer) => {
        got = Buffer.concat([got, piece]);
        if (got.length >= length) resolve(got);
      });
      socket.on('error', () => resolve(null));
      socket.on('close', () => resolve(null));
    });
    socket.destroy();
    return answer;
  };
  const bits = (bytes: Buffer): number =>
    [...bytes].reduce((sum, byte) => sum + byte.toString(2).replaceAll('0', '').length, 0);

  it('is only a wire without faults', async () => {
    expect(await echo({})).toEqual(Buffer.alloc(8));
  });
  it('delays without changing anything', async () => {
    expect(await echo({ delay: { chance: 1, ms: 5 } })).toEqual(Buffer.alloc(8));
    expect(proxy?.counts.delay).toBe(2);
  });
  it('cuts both sides', async () => {
    expect(await echo({ cut: { chance: 1 } })).toBeNull();
  });
  it('doubles a piece on each way', async () => {
    expect(await echo({ duplicate: { chance: 1 } }, 32)).toHaveLength(32);
  });
  it('turns one bit over on each way', async () => {
    expect([0, 2]).toContain(bits((await echo({ flip: { chance: 1 } })) ?? Buffer.alloc(8, 255)));
  });
});
