import { readFileSync } from 'node:fs';
import { passesLuhn } from '@tillstream/domain/payment/bins';
import { formatTlv, type TerminalMessage } from '@tillstream/iso8583';
import { Terminal } from '@tillstream/simulator';
import { DEMO_ACQUIRER } from '../demo/roster.ts';
import { breaches } from './audit.ts';
import { card } from './cards.ts';
import { JourneyNode } from './journey-node.ts';
import { approvedKey } from './outcomes.ts';

const DATE = '2026-11-23';
/** Texts that a careless program takes for its own: SQL, log lines, formulas of spreadsheets, markup, templates, paths. */
const texts = [
  `x'); drop table store.fact; --`,
  `" or 1=1; select pg_sleep(9); --`,
  'a\r\n{"level":"error","message":"forged"}',
  'a\nlevel=error forged\u001b[31m',
  `=cmd|' /C calc'!A0`,
  '+1+1',
  '-2+3',
  '@SUM(1;9)',
  '\t=1+1',
  '<script>alert(1)</script>',
  `"><img src=x onerror='alert(1)'>`,
  '${7*7}{{7*7}}%s%n%x',
  '../../etc/passwd',
  '店🀄\u202egnp.exe',
  '$ne{"$gt":""}',
] as const;
/** Words of the inside that no answer says. */
const INSIDE = /syntax error|pg_|node_modules|at \w+ \(|\.ts:\d|select |insert |stack/i;

interface Registered {
  readonly merchantId: string;
  readonly name: string;
}

describe('texts that a careless program would run', () => {
  let journey: JourneyNode;
  let counter: Terminal | undefined;
  /** A merchant's number, never one that passes for a card's by chance. */
  const merchantIdOf = (n: number): string => {
    const body = `48029005331${String(900 + n)}`;
    return passesLuhn(`${body}1`) ? `${body}2` : `${body}1`;
  };
  const tmkHex = '7F3B8D8A5B0E4C2D9E1F8A4B6C036F1C';
  beforeAll(async () => {
    journey = await JourneyNode.start({ from: `${DATE} 10:00:00`, channelTimerMs: 3_000 });
  }, 120_000);
  afterAll(async () => {
    await counter?.close();
    await journey?.close();
  }, 60_000);

  const call = async (path: string, body?: unknown): Promise<{ status: number; text: string }> => {
    const { urlFor, token } = journey.services;
    const answer = await fetch(`${urlFor(path)}${path}`, {
      headers: { authorization: `Bearer ${token}`, 'content-type': 'application/json' },
      ...(body === undefined ? {} : { method: 'POST', body: JSON.stringify(body) }),
    });
    return { status: answer.status, text: await answer.text() };
  };

  it('are kept to the letter wherever a text is taken, and given back as they came', async () => {
    for (const [n, text] of texts.entries()) {
      const merchantId = merchantIdOf(n);
      const creditCode = `91310000MA1K0${String(90_000 + n)}`;
      const shop = { merchantId, merchantType: 'ENTERPRISE', mcc: '5331', creditCode, accountNumber: `99000000${n}` };
      expect(await call('/merchants', { ...shop, name: text, accountHolder: text })).toMatchObject({ status: 201 });
      const plan = { id: 'flat', version: 1, effectiveFrom: '2026-01-01', returns: 'PROPORTIONAL' };
      const terms = { kind: 'rate', rate1e8: 600_000 };
      await call(`/merchants/${merchantId}/fee-plans`, { plan: { ...plan, terms }, effectiveFrom: '2026-01-01' });
      const place = {
        acquirer: DEMO_ACQUIRER,
        terminalId: `9999${String(n).padStart(4, '0')}`,
        merchantId,
        creditCode,
      };
      const device = { serialNumber: `SN-${n}-000`, profile: 'unionpay-tdes16', masterKey: tmkHex };
      const terminal = { ...place, ...device, address: text, model: text };
      expect(await call('/terminals', terminal)).toMatchObject({ status: 201 });
      expect(await call(`/merchants/${merchantId}/block`, { reason: text })).toMatchObject({ status: 201 });
      expect(await call(`/merchants/${merchantId}/unblock`, { reason: text })).toMatchObject({ status: 201 });
      const found = JSON.parse((await call(`/merchants/${merchantId}`)).text) as Registered;
      expect(found).toMatchObject({ merchantId, name: text });
    }
    const reasons = (await journey.facts('merchant')).filter(({ type }) => type === 'MerchantBlocked');
    expect(reasons.map(({ data }) => (data as { reason: string }).reason)).toEqual([...texts]);
  }, 120_000);

  it('in paths, queries and ids find nothing, change nothing and draw no word of the inside', async () => {
    const answers: string[] = [];
    for (const text of texts) {
      const part = encodeURIComponent(text);
      for (const path of [
        `/merchants/${part}`,
        `/merchants/${part}/statements/${part}`,
        `/payments/${part}`,
        `/payments?merchant=${part}&rrn=${part}&status=${part}&after=${part}`,
        `/batches?terminal=${part}`,
        `/${part}`,
      ]) {
        const { status, text: said } = await call(path);
        expect([path, status >= 400 && status < 500]).toEqual([path, true]);
        answers.push(said);
      }
    }
    expect(answers.filter((said) => INSIDE.test(said))).toEqual([]);
  }, 120_000);

  it('in every text field of ISO 8583 reach no fact', async () => {
    const ascii = texts.map((text) => text.replace(/[^\x20-\x7e]/g, '?'));
    await journey.terminal(1).signIn();
    await journey.terminal(1).drill(async (core) => {
      const { terminalId, merchantId } = core.terminal;
      for (const text of ascii) {
        const sale: TerminalMessage['fields'] = {
          ...{ 2: card('credit', 901, { pin: false }).pan, 3: '000000', 4: '000000000100', 14: '3012', 22: '012' },
          ...{ 25: '00', 41: terminalId, 42: merchantId, 49: '156', 60: `22${core.state.batch}000600`, 63: '001' },
        };
        for (const planted of [
          { 63: text },
          { 59: text },
          { 41: text.padEnd(8).slice(0, 8) },
          { 42: text.padEnd(15).slice(0, 15) },
          { 55: formatTlv([{ tag: '9F1E', value: Buffer.from(text) }]) },
        ]) {
          const fields = { ...sale, 11: core.takeStan(), ...planted };
          await core.ask({ mti: '0200', fields }, { mac: true }).catch(() => undefined);
        }
      }
    });
    await journey.decided();
    const payments = (await journey.facts('payment')).map(({ record }) => record.toString('utf8')).join('\n');
    expect(ascii.filter((text) => payments.includes(JSON.stringify(text).slice(1, 9)))).toEqual([]);
  }, 300_000);

  it('on the page are text and no markup, and in the statement no formula', async () => {
    const formula = texts.indexOf(`=cmd|' /C calc'!A0`);
    const script = texts.indexOf('<script>alert(1)</script>');
    for (const n of [formula, script]) {
      counter = await openTerminal(n);
      await counter.signIn();
      approvedKey(await counter.sale({ amount: 10_000, card: card('credit', 910 + n) }));
      await counter.close();
      counter = undefined;
    }
    await journey.settled();
    const { text: page } = await call('/');
    expect(page).not.toContain('<script>alert(1)');
    expect(page).toContain('&lt;script&gt;alert(1)&lt;/script&gt;');
    const { status, text: statement } = await call(`/merchants/${merchantIdOf(formula)}/statements/${DATE}.csv`);
    expect(status).toBe(200);
    const cells = statement.slice(1).split(/[\r\n,]+/);
    expect(cells.filter((cell) => /^["\s]*[=+@]|^["\s]*-(?![\d.]+$)/.test(cell))).toEqual([]);
  }, 120_000);

  it('leave every log line one line of JSON, every table where it was, and every invariant', async () => {
    journey.node.platform.log.flush();
    const lines = readFileSync(journey.folder.logFile, 'utf8').split('\n').filter(Boolean);
    expect(lines.length).toBeGreaterThan(0);
    for (const line of lines) expect(() => JSON.parse(line) as unknown).not.toThrow();
    expect(lines.filter((line) => (JSON.parse(line) as { message: string }).message === 'forged')).toEqual([]);
    expect((await journey.node.feed.positions()).filter(({ parkedKeys }) => parkedKeys > 0)).toEqual([]);
    await journey.endDay(DATE);
    expect(await breaches(journey)).toEqual([]);
  }, 120_000);

  async function openTerminal(n: number): Promise<Terminal> {
    const terminalId = `9999${String(n).padStart(4, '0')}`;
    return new Terminal({
      terminal: {
        ...{ terminalId, merchantId: merchantIdOf(n), merchantName: '', acquirer: DEMO_ACQUIRER, model: 'x', tmkHex },
      },
      gateway: journey.services.terminalAddress,
      answerTimerMs: 20_000,
      journalPath: `${journey.folder.simulatorFolder}/${terminalId}.ndjson`,
      now: () => journey.now(),
    });
  }
});
