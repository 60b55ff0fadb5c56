import { connect, createServer, type AddressInfo, type Socket } from 'node:net';
import { Doors } from './doors.ts';

const HOST = '127.0.0.1';
const opened: Doors[] = [];
const inside: Socket[] = [];
const make = () => createServer((socket) => void inside.push(socket.on('error', () => undefined)));

async function open(port: number, elseNextFree = true): Promise<Doors> {
  const doors = await Doors.open({ host: HOST, port, elseNextFree, make });
  opened.push(doors);
  return doors;
}

async function freePort(): Promise<number> {
  const server = createServer().listen(0, HOST);
  await new Promise((resolve) => server.once('listening', resolve));
  const { port } = server.address() as AddressInfo;
  await new Promise((resolve) => server.close(resolve));
  return port;
}

afterEach(async () => {
  for (const socket of inside.splice(0)) socket.destroy();
  await Promise.all(opened.splice(0).map((doors) => doors.close()));
});

describe('the listening sockets of a port', () => {
  it('take a crowd in within few turns of the event loop, because under load a turn takes long', async () => {
    const { port } = (await open(0)).address;
    const crowd = Array.from({ length: 500 }, () => connect({ host: HOST, port }).on('error', () => undefined));
    let turns = 0;
    for (; inside.length < crowd.length; turns += 1) await new Promise((resolve) => setImmediate(resolve));
    for (const socket of crowd) socket.destroy();
    // One socket would need a turn for each.
    expect(turns).toBeLessThan(process.platform === 'linux' ? 250 : Infinity);
  });

  it('are shared with nobody: servers that start at once get ports of their own', async () => {
    const port = await freePort();
    const ports = (await Promise.all(Array.from({ length: 4 }, () => open(port)))).map(({ address }) => address.port);
    expect(new Set(ports).size).toBe(4);
    expect(ports).toContain(port);
    await expect(open(port, false)).rejects.toMatchObject({ code: 'EADDRINUSE' });
  });

  it('are all closed at the end, so that the port is free', async () => {
    const port = await freePort();
    await (await open(port, false)).close();
    expect((await open(port, false)).address.port).toBe(port);
  });
});
