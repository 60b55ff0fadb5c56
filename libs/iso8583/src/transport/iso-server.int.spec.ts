import 'reflect-metadata';
import { createServer, connect, type AddressInfo, type Socket } from 'node:net';
import { Controller, Module, type INestMicroservice } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import { MessagePattern } from '@nestjs/microservices';
import { pack } from '../codec/pack.ts';
import { unpack } from '../codec/unpack.ts';
import { formatF60, parseF60 } from '../fields/subfields.ts';
import { openEnvelope, sealEnvelope, terminalTpdu } from '../framing/envelope.ts';
import { connectIso, type IsoConnection } from '../framing/iso-connection.ts';
import { IsoError } from '../iso-error.ts';
import type { IsoMessage } from '../spec/profile.ts';
import { terminalProfile, type TerminalMessage } from '../specs/terminal-profile.ts';
import type { FrameGuard } from './frame-guard.ts';
import { IsoMessagePattern } from './iso-pattern.ts';
import { echoOf, SILENCE, type IsoReply, type IsoRequest } from './iso-request.ts';
import { Iso8583Server, type Iso8583ServerOptions, type ServerEvent } from './iso-server.ts';

type Request = IsoRequest<typeof terminalProfile, string>;

// What the controller of the running test waits for and saw.
const world = { gate: Promise.resolve(), started: 0, sessions: [] as unknown[] };
const echoed = (request: Request): IsoReply['fields'] => ({ ...echoOf(request.message, [11, 41, 42, 60]), 39: '00' });

@Controller()
class Host {
  @IsoMessagePattern({ mti: '0820', network: '301' })
  async echo(request: Request): Promise<IsoReply> {
    world.started += 1;
    world.sessions.push(request.session);
    await world.gate;
    return { fields: echoed(request), demand: '3' };
  }

  @MessagePattern({ mti: '0820', network: '002' })
  signOff(): typeof SILENCE {
    return SILENCE;
  }

  @IsoMessagePattern({ mti: '0800' })
  signIn(): IsoReply {
    throw new Error('the vault is away');
  }
}

@Module({ controllers: [Host] })
class HostModule {}

const guard: FrameGuard<typeof terminalProfile, string> = {
  admit: ({ peeked }) => {
    if (peeked.f41 === '00000000') return { is: 'answer', reply: { fields: { 39: '97', 41: '00000000' } } };
    if (peeked.f41 === '00000009') return { is: 'close' };
    if (peeked.f41 === '00000008') return { is: 'silence' };
    return { is: 'admit', session: `session of ${peeked.f41}` };
  },
  seal: (_request, reply) => pack(terminalProfile, reply as TerminalMessage),
  refuse: ({ peeked }, error) => ({ fields: { 39: error instanceof IsoError ? '30' : '96', 41: peeked.f41 } }),
};

const HEADER = { application: '61', softwareMajor: '31', terminalStatus: '0', demand: '0', softwareMinor: '000001' };
const frameOf = (message: TerminalMessage): Buffer =>
  sealEnvelope({ tpdu: terminalTpdu('0003', '1234'), header: HEADER }, pack(terminalProfile, message));
const request = (network: string, terminal = '10000001', stan = '000001'): TerminalMessage => ({
  mti: network === '003' ? '0800' : '0820',
  fields: { 11: stan, 41: terminal, 42: '123290153110001', 60: formatF60({ type: '00', batch: '000007', network }) },
});

let app: INestMicroservice | undefined;
let events: ServerEvent[];
let server: Iso8583Server<typeof terminalProfile, string>;
const clients: IsoConnection[] = [];
const sockets: Socket[] = [];

async function start(options: Partial<Iso8583ServerOptions<typeof terminalProfile, string>> = {}): Promise<number> {
  events = [];
  server = new Iso8583Server({
    profile: terminalProfile,
    port: 0,
    guard,
    onEvent: (event) => void events.push(event),
    ...options,
  });
  app = await NestFactory.createMicroservice(HostModule, { strategy: server, logger: false });
  await app.listen();
  return server.address?.port ?? 0;
}

async function client(port: number): Promise<IsoConnection> {
  const connection = await connectIso({ host: '127.0.0.1', port });
  clients.push(connection);
  return connection;
}

function rawClient(port: number): Promise<Socket> {
  return new Promise((resolve) => {
    const socket = connect({ host: '127.0.0.1', port }, () => resolve(socket));
    socket.on('error', () => undefined);
    sockets.push(socket);
  });
}

async function exchange(connection: IsoConnection, frame: Buffer): Promise<IsoMessage> {
  await connection.send(frame);
  const body = await connection.receive(5000);
  if (body === undefined) throw new Error('no answer');
  return unpack(terminalProfile, openEnvelope(body).message) as IsoMessage;
}

const until = async (holds: () => boolean): Promise<void> => {
  while (!holds()) await new Promise((resolve) => setTimeout(resolve, 5));
};
const of = <I extends ServerEvent['is']>(is: I) =>
  events.filter((event): event is Extract<ServerEvent, { is: I }> => event.is === is);

beforeEach(() => {
  Object.assign(world, { gate: Promise.resolve(), started: 0, sessions: [] });
});
afterEach(async () => {
  for (const connection of clients.splice(0)) connection.close();
  for (const socket of sockets.splice(0)) socket.destroy();
  await app?.close();
  app = undefined;
});

describe('a request', () => {
  it('reaches its handler with what the guard found out, and is answered with TPDU exchanged and the demand in the header', async () => {
    const connection = await client(await start());
    await connection.send(frameOf(request('301')));
    const { tpdu, header, message } = openEnvelope((await connection.receive(5000)) as Buffer);
    expect(tpdu.toString('hex')).toBe('6012340003');
    expect(header.demand).toBe('3');
    const reply = unpack(terminalProfile, message);
    expect(reply.mti).toBe('0830');
    expect(reply.fields[39]).toBe('00');
    expect(parseF60(reply.fields[60] ?? '').network).toBe('301');
    expect(world.sessions).toEqual(['session of 10000001']);
  });
  it('that the guard answers, or is silent to, never reaches a handler', async () => {
    const connection = await client(await start());
    expect((await exchange(connection, frameOf(request('301', '00000000')))).fields[39]).toBe('97');
    await connection.send(frameOf(request('301', '00000008')));
    expect((await exchange(connection, frameOf(request('301', '10000001', '000005')))).fields[11]).toBe('000005');
    expect(world.started).toBe(1);
  });
  it('is not answered when the guard fails, and the connection goes on', async () => {
    const failing: typeof guard = {
      ...guard,
      admit: (asked) => {
        if (asked.peeked.stan === '000009') throw new Error('the vault is away');
        return guard.admit(asked);
      },
    };
    const connection = await client(await start({ guard: failing }));
    await connection.send(frameOf(request('301', '10000001', '000009')));
    expect((await exchange(connection, frameOf(request('301')))).fields[11]).toBe('000001');
    expect(of('failed').map(({ where }) => where)).toEqual(['guard']);
  });
  it('of a peer that the guard turns away ends the connection', async () => {
    const connection = await client(await start());
    await connection.send(frameOf(request('301', '00000009')));
    await expect(connection.receive(5000)).rejects.toThrow('closed');
  });
  it('gets no answer when its handler is silent', async () => {
    const connection = await client(await start());
    await connection.send(frameOf(request('002')));
    expect((await exchange(connection, frameOf(request('301', '10000001', '000006')))).fields[11]).toBe('000006');
  });
  it('is refused by the guard when its handler fails, without the reason on the wire', async () => {
    const connection = await client(await start());
    const reply = await exchange(connection, frameOf(request('003')));
    expect(reply).toEqual({ mti: '0810', fields: { 39: '96', 41: '10000001' } });
  });
});

describe('malformed input', () => {
  it.each([
    [
      'a message that lacks a mandatory field',
      frameOf({ mti: '0820', fields: { 41: '10000001', 60: '00000007301' } }),
      'F42',
    ],
    [
      'a message that no handler takes',
      frameOf({
        mti: '0500',
        fields: { 11: '000001', 41: '10000001', 42: '123290153110001', 48: '0'.repeat(62), 60: '00000007201' },
      }),
      'MTI',
    ],
    [
      'bytes after the last field',
      sealEnvelope(
        { tpdu: terminalTpdu(), header: HEADER },
        Buffer.concat([pack(terminalProfile, request('301')), Buffer.of(0)]),
      ),
      'message',
    ],
  ])('%s is answered 30 and told with its path', async (_what, frame, path) => {
    const connection = await client(await start());
    expect((await exchange(connection, frame)).fields).toEqual({ 39: '30', 41: '10000001' });
    expect(of('malformed').map(({ error }) => error.path)).toEqual([path]);
    expect(world.started).toBe(0);
  });
  it('that cannot be read up to the bitmap gets no answer, and the connection goes on', async () => {
    const connection = await client(await start());
    await connection.send(Buffer.from('0003AABBCC', 'hex'));
    expect((await exchange(connection, frameOf(request('301')))).fields[39]).toBe('00');
    expect(of('malformed')).toHaveLength(1);
  });
  it.each([
    ['zero', '0000'],
    ['above the limit', 'FFFF'],
  ])('a length of %s ends the connection', async (_what, bytes) => {
    const socket = await rawClient(await start());
    socket.write(Buffer.from(bytes, 'hex'));
    await until(() => of('closed').length === 1);
    expect([of('closed')[0]?.because, of('malformed')[0]?.error.path]).toEqual(['framing', 'LEN']);
  });
});

describe('limits', () => {
  it('one message is in work per connection, the others wait in order', async () => {
    const connection = await client(await start());
    let open = (): void => undefined;
    world.gate = new Promise((resolve) => (open = resolve));
    await connection.send(
      Buffer.concat(['000001', '000002', '000003'].map((stan) => frameOf(request('301', '10000001', stan)))),
    );
    await until(() => world.started === 1);
    await new Promise((resolve) => setTimeout(resolve, 20));
    expect(world.started).toBe(1);
    open();
    const stans = [];
    for (let n = 0; n < 3; n += 1) {
      const body = (await connection.receive(5000)) as Buffer;
      stans.push(unpack(terminalProfile, openEnvelope(body).message).fields[11]);
    }
    expect(stans).toEqual(['000001', '000002', '000003']);
  });
  it('connections are turned away above the total and above the address limit', async () => {
    const port = await start({ limits: { maxConnections: 3, maxConnectionsPerAddress: 2 } });
    await Promise.all([rawClient(port), rawClient(port)]);
    await until(() => server.connectionCount === 2);
    await rawClient(port);
    await until(() => of('turned-away').length === 1);
    expect(of('turned-away')[0]?.because).toBe('address-full');
    sockets[0]?.destroy();
    await until(() => server.connectionCount === 1);
    await rawClient(port);
    await until(() => server.connectionCount === 2);
  });
  it('a connection that brings no frame ends sooner than one that has brought some', async () => {
    const port = await start({ limits: { idleMs: 60_000, firstFrameMs: 40 } });
    const used = await client(port);
    await exchange(used, frameOf(request('301')));
    await rawClient(port);
    await until(() => of('closed').length === 1);
    expect(of('closed')[0]?.because).toBe('idle');
    await new Promise((resolve) => setTimeout(resolve, 80));
    expect((await exchange(used, frameOf(request('301', '10000001', '000002')))).fields[39]).toBe('00');
  });
  it('a frame that comes byte by byte is one frame', async () => {
    const port = await start();
    const socket = await rawClient(port);
    socket.setNoDelay(true);
    const replies: Buffer[] = [];
    socket.on('data', (chunk: Buffer) => replies.push(chunk));
    for (const byte of frameOf(request('301'))) {
      socket.write(Buffer.of(byte));
      await new Promise((resolve) => setImmediate(resolve));
    }
    await until(() => replies.length > 0);
    expect(world.started).toBe(1);
  });
  it('of 64 KiB frames sent without a pause none is read beyond its length, and the next client is served', async () => {
    const port = await start();
    for (let n = 0; n < 20; n += 1)
      (await rawClient(port)).write(Buffer.concat([Buffer.of(0xff, 0xff), Buffer.alloc(65_535)]));
    await until(() => of('closed').length === 20);
    expect(new Set(of('closed').map(({ because }) => because))).toEqual(new Set(['framing']));
    expect((await exchange(await client(port), frameOf(request('301')))).fields[39]).toBe('00');
  });
  it('an idle connection ends, and so does one whose frame does not end', async () => {
    const port = await start({ limits: { idleMs: 40, incompleteFrameMs: 20 } });
    await rawClient(port);
    const slow = await rawClient(port);
    slow.write(Buffer.of(0));
    await until(() => of('closed').length === 2);
    expect(
      of('closed')
        .map(({ because }) => because)
        .sort(),
    ).toEqual(['idle', 'incomplete-frame']);
  });
  it('bytes that trickle in do not renew the deadline of a frame', async () => {
    const port = await start({ limits: { incompleteFrameMs: 60 } });
    const slow = await rawClient(port);
    slow.write(Buffer.of(0, 200));
    const trickle = setInterval(() => slow.write(Buffer.of(0x60)), 10);
    await until(() => of('closed').length === 1);
    clearInterval(trickle);
    expect(of('closed')[0]?.because).toBe('incomplete-frame');
  });
});

describe('start and stop', () => {
  it('a taken port is an error, or another free port when that is wanted', async () => {
    const other = createServer().listen(0, '127.0.0.1');
    await new Promise((resolve) => other.once('listening', resolve));
    const { port } = other.address() as AddressInfo;
    await expect(start({ port })).rejects.toMatchObject({ code: 'EADDRINUSE' });
    const actual = await start({ port, ifTaken: 'next-free' });
    expect(actual).not.toBe(port);
    expect(of('listening')).toEqual([{ is: 'listening', host: '127.0.0.1', port: actual, wanted: port }]);
    await new Promise((resolve) => other.close(resolve));
  });
  it('closing lets the message in work be answered and takes no new connection', async () => {
    const port = await start();
    const connection = await client(port);
    await client(port);
    let open = (): void => undefined;
    world.gate = new Promise((resolve) => (open = resolve));
    await connection.send(frameOf(request('301')));
    await until(() => world.started === 1);
    const closed = app?.close();
    await expect(connectIso({ host: '127.0.0.1', port })).rejects.toThrow();
    open();
    const body = (await connection.receive(5000)) as Buffer;
    expect(unpack(terminalProfile, openEnvelope(body).message).fields[39]).toBe('00');
    await closed;
    expect(of('closed').map(({ because }) => because)).toEqual(['stopping', 'stopping']);
    app = undefined;
  });
  it('closing cuts what does not end in time', async () => {
    const port = await start({ limits: { drainMs: 30 } });
    const connection = await client(port);
    world.gate = new Promise(() => undefined);
    await connection.send(frameOf(request('301')));
    await until(() => world.started === 1);
    await app?.close();
    expect(server.connectionCount).toBe(0);
    app = undefined;
  });
  it('a client hears of no answer in time without losing the connection', async () => {
    const connection = await client(await start());
    await connection.send(frameOf(request('002')));
    expect(await connection.receive(20)).toBeUndefined();
    expect(connection.closed).toBe(false);
  });
});
