import { mkdirSync, readdirSync } from 'node:fs';
import { connect } from 'node:net';
import { join } from 'node:path';
import { formatTlv, formatUploadItems, type TerminalMessage } from '@tillstream/iso8583';
import { checkDigit, testExpiry, type Terminal } from '@tillstream/simulator';
import { breaches } from './audit.ts';
import { card } from './cards.ts';
import { ChildNode } from './child-node.ts';
import { JourneyNode } from './journey-node.ts';
import { answeredItem } from './outcomes.ts';
import { leaksInFiles, leaksInText, type Secrets } from './secrets-scan.ts';
import { until } from './until.ts';

/** Presented through `card`, so that the audit looks for it in every fact, table, log and record too. */
const { pan: PAN } = card('credit', 4_711, { pin: false });
/** As long as F42 is. */
const FIFTEEN = `37828290000471${checkDigit('37828290000471')}`;
const PACKED = Buffer.from(PAN, 'hex');
const SECRETS: Secrets = { pans: [PAN, FIFTEEN], bytes: [], harmless: new Set() };

type Fields = TerminalMessage['fields'];
type TerminalCore = Parameters<Parameters<Terminal['drill']>[0]>[0];

/** The number in every field that it fits into, and in those that it does not. */
const plants: readonly Fields[] = [
  { 2: PAN },
  { 35: `${PAN}=${testExpiry}2010000000000`.slice(0, 37) },
  { 36: `99${PAN}=1561560000000000000003` },
  { 37: PAN.slice(0, 12), 38: PAN.slice(0, 6) },
  { 42: FIFTEEN },
  { 44: PAN },
  { 48: formatUploadItems([{ scheme: 'domestic', stan: '000001', pan: PAN, amount: 100 }]) },
  { 48: PAN.repeat(4).slice(0, 62) },
  { 53: PAN },
  { 54: PAN.padEnd(20, '0') },
  { 59: `A3016${PAN}` },
  { 59: PAN },
  { 60: `${PAN}0` },
  { 61: PAN },
  { 61: PAN.padEnd(29, '0') },
  { 62: PACKED },
  { 62: Buffer.from(`signed by ${PAN}`) },
  { 63: PAN },
  { 63: `001 ${PAN} ${PAN}` },
  ...['9F10', 'DF31', '9F1E', '95', '57', '5A', '56', '9F6B', '9F36'].flatMap((tag) => [
    { 55: formatTlv([{ tag, value: PACKED }]) },
    {
      55: formatTlv(
        [
          { tag: '9F36', value: Buffer.alloc(2) },
          { tag, value: Buffer.from(PAN) },
        ].slice(tag === '9F36' ? 1 : 0),
      ),
    },
  ]),
];

/** Every message of a terminal, as it begins. */
const messages: readonly { readonly mti: string; readonly fields: Fields }[] = [
  { mti: '0200', fields: { 3: '000000', 25: '00', 60: '22000001000600' } },
  { mti: '0200', fields: { 3: '310000', 25: '00', 60: '01000001000600' } },
  { mti: '0200', fields: { 3: '200000', 25: '00', 37: '000000000000', 60: '23000001000600', 61: '000001000001' } },
  { mti: '0220', fields: { 3: '200000', 25: '00', 37: '632700000001', 60: '25000001000600', 61: '0000010000011123' } },
  { mti: '0220', fields: { 3: '000000', 25: '00', 60: '30000001000600' } },
  { mti: '0100', fields: { 3: '030000', 25: '06', 60: '10000001000600' } },
  { mti: '0400', fields: { 3: '000000', 25: '00', 39: '98', 60: '22000001000600' } },
  { mti: '0620', fields: { 3: '000000', 25: '00', 60: '00000001951', 61: '000001000001' } },
  { mti: '0800', fields: { 60: '00000001003' } },
  { mti: '0820', fields: { 60: '07000001800', 37: '632700000001' } },
  { mti: '0500', fields: { 48: '0'.repeat(62), 60: '00000001201' } },
  { mti: '0320', fields: { 60: '00000001201' } },
  { mti: '0320', fields: { 60: '30000001000', 3: '000000' } },
  { mti: '0600', fields: { 60: '00000001000' } },
];
const usual: Fields = { 4: '000000000100', 22: '012', 49: '156', 14: testExpiry };

describe('a card number, planted in every field that it could travel in', () => {
  let journey: JourneyNode;
  let child: ChildNode | undefined;
  const said: string[] = [];
  beforeAll(async () => {
    journey = await JourneyNode.start({ from: '2026-11-23 10:00:00', channelTimerMs: 3_000 });
  }, 120_000);
  afterAll(async () => {
    await child?.end('SIGKILL');
    await journey?.close();
  }, 60_000);

  /** Sends one message with a MAC, without one, or with a wrong one; what comes back is kept to be looked through. */
  async function plant(core: TerminalCore, message: TerminalMessage, mac: boolean): Promise<void> {
    const { terminalId, merchantId } = core.terminal;
    const fields = { 41: terminalId, 42: merchantId, 11: core.takeStan(), ...message.fields };
    const reply = await core.ask({ mti: message.mti, fields }, { mac }).catch((error: Error) => error.message);
    // A sender gets its own numbers back: by them it knows that the reply is for it.
    said.push(JSON.stringify(reply, (name, value: unknown) => (name === '41' || name === '42' ? undefined : value)));
  }

  async function plantAll(terminal: Terminal): Promise<void> {
    await terminal.signIn();
    // A script result is kept only of a transaction that we have.
    const { batch, stan } = answeredItem(await terminal.sale({ amount: 100, card: card('credit', 4_712) }));
    for (const { mti, fields } of messages) {
      for (const planted of plants) {
        const named: Fields = mti === '0620' ? { 61: `${batch}${stan}` } : {};
        await terminal.drill((core) =>
          plant(core, { mti, fields: { ...usual, ...fields, ...named, ...planted } }, mti < '0500' || mti === '0620'),
        );
      }
    }
  }

  it('over ISO 8583, in every message and under a right MAC: no reply repeats it', async () => {
    await plantAll(journey.terminal(1, { answerTimerMs: 1_500 }));
    expect(said.flatMap((text) => leaksInText('a reply', text, SECRETS))).toEqual([]);
    expect(said.length).toBe(messages.length * plants.length);
  }, 600_000);

  it('under a wrong MAC, from a stranger, and in frames that are none: the connection tells nothing', async () => {
    await journey.terminal(1).drill(async (core) => {
      for (const { mti, fields } of messages) {
        await plant(core, { mti, fields: { ...usual, ...fields, 2: PAN, 64: Buffer.from(PAN.slice(0, 8)) } }, false);
        await plant(core, { mti, fields: { ...usual, ...fields, 2: PAN, 41: PAN.slice(0, 8), 42: FIFTEEN } }, false);
      }
    });
    const frames = [
      Buffer.from(PAN),
      Buffer.concat([Buffer.from([0, 16]), Buffer.from(PAN)]),
      Buffer.concat([Buffer.from([0, 40]), Buffer.from('6000030000', 'hex'), Buffer.from(PAN.repeat(2)), PACKED]),
      Buffer.concat([
        Buffer.from([0, 21]),
        Buffer.from('6000030000613100100000', 'hex'),
        PACKED,
        Buffer.alloc(2, 0xff),
      ]),
      Buffer.from(`GET /?pan=${PAN} HTTP/1.1\r\nhost: ${PAN}\r\n\r\n`),
    ];
    for (const frame of frames) said.push((await raw(journey, frame)).toString('latin1'));
    expect(said.flatMap((text) => leaksInText('a reply', text, SECRETS))).toEqual([]);
  }, 300_000);

  it('over HTTP, in every path, query, header, cookie, body and unknown field: it is refused and not repeated', async () => {
    const { urlFor, token } = journey.services;
    const url = urlFor('/');
    const document = (await (await fetch(`${url}/docs-json`)).json()) as OpenApi;
    const answers: string[] = [];
    for (const { method, path, body } of requestsOf(document)) {
      for (const sent of body === undefined ? [undefined] : [JSON.stringify(body), `{"${PAN}": ${PAN}`, `${PAN}`]) {
        const headers = {
          authorization: `Bearer ${token}`,
          ...{ cookie: `card=${PAN}`, 'x-card': PAN, 'user-agent': PAN, referer: `http://localhost/${PAN}` },
          ...(sent === undefined ? {} : { 'content-type': 'application/json' }),
        };
        const answer = await fetch(`${url}${path}`, { method, headers, ...(sent === undefined ? {} : { body: sent }) });
        const text = await answer.text();
        answers.push(text);
        if (sent !== undefined) expect([method, path, answer.status >= 400]).toEqual([method, path, true]);
      }
    }
    answers.push(
      await (await fetch(`${url}/${PAN}?${PAN}=${PAN}`, { headers: { authorization: `Bearer ${PAN}` } })).text(),
    );
    expect(answers.length).toBeGreaterThan(30);
    const { merchantId } = journey.place(1);
    const reason = { method: 'POST', body: JSON.stringify({ reason: `stolen card ${PAN}` }) };
    const headers = { authorization: `Bearer ${token}`, 'content-type': 'application/json' };
    const blocked = await fetch(`${url}/merchants/${merchantId}/block`, { ...reason, headers });
    answers.push(await blocked.text());
    expect([blocked.status, answers.at(-1)]).toEqual([422, expect.stringContaining('card-number')]);
    answers.push(await (await fetch(`${url}/metrics`, { headers: { authorization: `Bearer ${token}` } })).text());
    expect(answers.flatMap((text) => leaksInText('an answer', text, SECRETS))).toEqual([]);
  }, 300_000);

  it('in flight while the process is looked into and killed: no report and no output holds it', async () => {
    await journey.stop();
    const reports = join(journey.folder.path, 'log', 'reports');
    mkdirSync(reports, { recursive: true });
    const report = `--report-on-signal --report-signal=SIGUSR2 --report-uncaught-exception --report-directory=${reports}`;
    const started = await ChildNode.start(journey.childSettings, { NODE_OPTIONS: report });
    child = started.child;
    journey.terminalGate.leadTo(started.ready.terminals);
    journey.networkGate.holdAnswers();
    const before = journey.foreign.network.counts.answered;
    const sale = journey.terminal(2).sale({ amount: 100, card: { pan: PAN, expiry: testExpiry } });
    await until('the network has it', () => journey.foreign.network.counts.answered > before);
    child.report();
    await until('the report is written', () => readdirSync(reports).length > 0);
    const { output } = await child.end('SIGKILL');
    child = undefined;
    expect(leaksInText('the output', output, SECRETS)).toEqual([]);
    expect(leaksInFiles(reports, SECRETS)).toEqual([]);
    journey.networkGate.cut();
    await sale;
    await journey.open();
    await journey.services.ready();
    await journey.decided();
  }, 300_000);

  it('afterwards no fact, table, log, record or journal holds it, in any spelling', async () => {
    const { node } = journey;
    const files = leaksInFiles(join(journey.folder.path, 'log'), SECRETS);
    expect(files).toEqual([]);
    expect((await node.pool.query('select 1 from vault.card')).rowCount).toBeGreaterThan(0);
    expect(await breaches(journey)).toEqual([]);
  }, 300_000);
});

/** Sends bytes as they are; everything that comes back until the host hangs up or half a second has passed. */
function raw(journey: JourneyNode, bytes: Buffer): Promise<Buffer> {
  const { host, port } = journey.services.terminalAddress;
  return new Promise((resolve) => {
    const got: Buffer[] = [];
    const socket = connect({ host, port }, () => socket.write(bytes));
    const timer = setTimeout(() => socket.destroy(), 500);
    socket.on('data', (piece: Buffer) => got.push(piece));
    socket.on('error', () => undefined);
    socket.on('close', () => {
      clearTimeout(timer);
      resolve(Buffer.concat(got));
    });
  });
}

interface OpenApi {
  readonly paths: Readonly<Record<string, Readonly<Record<string, Operation>>>>;
  readonly components?: { readonly schemas?: Readonly<Record<string, { readonly properties?: object }>> };
}
interface Operation {
  readonly requestBody?: {
    readonly content?: Readonly<Record<string, { readonly schema?: { readonly $ref?: string } }>>;
  };
}

/** Every operation of the API with the number in its path, its query, every field of its body and one that nobody knows. */
function requestsOf({ paths, components }: OpenApi) {
  return Object.entries(paths).flatMap(([path, operations]) =>
    Object.entries(operations).map(([method, { requestBody }]) => {
      const ref = requestBody?.content?.['application/json']?.schema?.$ref?.split('/').at(-1) ?? '';
      const fields = Object.keys(components?.schemas?.[ref]?.properties ?? {});
      const planted = Object.fromEntries([...fields, 'note'].map((field) => [field, PAN]));
      return {
        method: method.toUpperCase(),
        path: `${path.replace(/\{\w+\}/g, PAN)}?merchant=${PAN}&limit=${PAN}&note=${PAN}`,
        body: requestBody === undefined ? undefined : planted,
      };
    }),
  );
}
