import { connect, type Socket } from 'node:net';
import { lengthOf } from '@tillstream/event-store/testing';
import {
  openEnvelope,
  pack,
  sealEnvelope,
  terminalProfile,
  terminalTpdu,
  unpack,
  type TerminalMessage,
} from '@tillstream/iso8583';
import { openGatewayBench, type GatewayBench, type OpenedGateway } from './testing/gateway-bench.ts';
import type { SpecTerminal } from './testing/spec-terminal.ts';

const DEADLINE_MS = lengthOf({ ci: 120_000, full: 900_000 });
/** Longer than it takes to open all the sockets, which stand open at once before the first of them is closed. */
const DEADLINES = lengthOf({
  ci: { incompleteFrameMs: 1_000, firstFrameMs: 1_500 },
  full: { incompleteFrameMs: 15_000, firstFrameMs: 20_000 },
});
let bench: GatewayBench;
let opened: OpenedGateway;
let one: SpecTerminal;
const sockets: Socket[] = [];

beforeAll(async () => {
  bench = await openGatewayBench();
  opened = await bench.openGateway({
    limits: { maxConnectionsPerAddress: 20_000, ...DEADLINES },
  });
  one = opened.terminal(await bench.register('CONN0001'));
  await one.signIn();
});
afterEach(() => {
  for (const socket of sockets.splice(0)) socket.destroy();
});
afterAll(() => bench.close());

/** From one of many loopback addresses, because one has only so many ports. */
function open(n: number): Promise<Socket> {
  return new Promise((resolve, reject) => {
    const localAddress = `127.0.${1 + Math.floor(n / 5_000)}.1`;
    const socket = connect({ host: '127.0.0.1', port: opened.port, localAddress }, () => resolve(socket));
    socket.once('error', reject);
    socket.on('error', () => undefined);
    sockets.push(socket);
  });
}

async function openAll(count: number): Promise<Socket[]> {
  const all: Socket[] = [];
  for (let from = 0; from < count; from += 500) {
    const some = Array.from({ length: Math.min(500, count - from) }, (_, n) => open(from + n));
    all.push(...(await Promise.all(some)));
  }
  return all;
}

async function until(isTrue: () => boolean): Promise<void> {
  for (const deadline = Date.now() + DEADLINE_MS; !isTrue();) {
    if (Date.now() > deadline) throw new Error('it did not become true in time');
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
}

/** Sells until `done`, and no less than `least` times; how many answers came and which were not 00 under a right MAC. */
async function sell(done: () => boolean, least = 10): Promise<{ count: number; wrong: string[]; p99: number }> {
  const wrong: string[] = [];
  const times: number[] = [];
  while (!done() || times.length < least) {
    const began = performance.now();
    const reply = await one.send(one.sale(), { waitMs: 30_000 });
    times.push(performance.now() - began);
    if (reply?.fields[39] !== '00' || reply.mac !== 'right') wrong.push(`${reply?.fields[39]} ${reply?.mac}`);
    await new Promise((resolve) => setTimeout(resolve, 5));
  }
  times.sort((a, b) => a - b);
  return { count: times.length, wrong, p99: times[Math.ceil(times.length * 0.99) - 1] ?? 0 };
}

const figure = (text: string): void =>
  void (process.env['TILLSTREAM_FAULTS'] === 'full' && process.stdout.write(`${text}\n`));

it(
  'sockets that trickle, and sockets that say nothing, are closed by their deadlines; a terminal’s answers stay right meanwhile',
  async () => {
    const count = lengthOf({ ci: 400, full: 5_000 });
    const alone = await sell(() => true, lengthOf({ ci: 10, full: 500 }));
    const slow = await openAll(count);
    await until(() => opened.gateway.status().connections === count + 1);
    const trickle = setInterval(() => {
      for (const socket of slow)
        if (socket.localPort !== undefined && socket.localPort % 2 === 0) socket.write(Buffer.of(0));
    }, 400);
    slow.forEach((socket) => socket.on('error', () => undefined));
    const during = await sell(() => opened.gateway.status().connections === 1);
    clearInterval(trickle);
    expect(during.wrong).toEqual([]);
    expect(opened.gateway.status().connections).toBe(1);
    figure(
      `${count} slow sockets: p99 ${during.p99.toFixed(1)} ms over ${during.count} sales, ${alone.p99.toFixed(1)} ms alone`,
    );
  },
  DEADLINE_MS,
);

it(
  'a storm of terminals that reconnect at once is taken in, each is answered, and others’ answers stay right',
  async () => {
    const count = lengthOf({ ci: 400, full: 10_000 });
    const message = {
      mti: '0820',
      fields: { 41: one.options.terminalId, 42: one.options.merchantId, ...one.echo().fields },
    };
    const bytes = pack(terminalProfile, message as TerminalMessage);
    const header = {
      application: '61',
      softwareMajor: '31',
      terminalStatus: '0',
      demand: '0',
      softwareMinor: '100000',
    };
    const frame = sealEnvelope({ tpdu: terminalTpdu(), header }, bytes);
    for (let round = 0; round < 2; round += 1) {
      const began = performance.now();
      const codes: (string | undefined)[] = [];
      const storm = await openAll(count);
      for (const socket of storm) {
        socket.once('data', (chunk: Buffer) =>
          codes.push(unpack(terminalProfile, openEnvelope(chunk.subarray(2)).message).fields[39]),
        );
        socket.write(frame);
      }
      const others = await sell(() => codes.length === count);
      figure(
        `${count} reconnected and answered in ${Math.round(performance.now() - began)} ms; sales beside them p99 ${others.p99.toFixed(1)} ms`,
      );
      expect([codes.length, new Set(codes), others.wrong]).toEqual([count, new Set(['00']), []]);
      for (const socket of sockets.splice(0)) socket.destroy();
      await until(() => opened.gateway.status().connections === 1);
    }
  },
  DEADLINE_MS,
);
