import {
  ensureTopics,
  KafkaCommandClient,
  KafkaCommandServer,
  KeyTenure,
  openKafka,
  topicNames,
  type KafkaSettings,
} from '@tillstream/messaging';
import { kafkaForSpecs } from '@tillstream/messaging/testing';
import { newPaymentPatterns, turnAwayPattern, type TurnAwayAnswer } from '@tillstream/domain/payment/turn-away';
import { platformSecrets } from '@tillstream/service-kit';
import { CARD, keyOf, MICRO, openBench, until, type Bench, type Opened, type Sent } from './testing/bench.ts';

const kafka = await kafkaForSpecs();
const TRACK = `${CARD}=30121010000000000123`;
const PIN_BLOCK = Buffer.from('8F1E2D3C4B5A6978', 'hex');

(kafka === undefined ? describe.skip : describe)('payments over Kafka', () => {
  let bench: Bench;
  let settings: KafkaSettings;
  let client: KafkaCommandClient;
  let stan = 0;
  const fresh = (more: Sent = {}): Sent => ({ stan: String(++stan).padStart(6, '0'), budgetMs: 60_000, ...more });
  const micro = (): Sent => fresh({ merchantId: MICRO, amount: 10_000_00 });

  beforeEach(async () => {
    bench = await openBench();
    settings = (kafka as NonNullable<typeof kafka>).settings();
    await ensureTopics(openKafka(settings), settings, { only: ['authorizationCommands', 'replies'] });
    client = new KafkaCommandClient({
      ...{ kafka: openKafka(settings), prefix: settings.prefix, pool: bench.database.pool, holder: 'gateway' },
    });
    await client.start();
  }, 60_000);
  afterEach(async () => {
    await client.close();
    await bench.close();
  }, 60_000);

  /** An instance of the service as a process of its own would be: its own keys, transport and secrets. */
  async function instance(holder: string): Promise<Opened & { readonly server: KafkaCommandServer }> {
    const { pool } = bench.database;
    const tenure = new KeyTenure({ pool, service: 'authorization', holder });
    const server = new KafkaCommandServer({
      ...{ kafka: openKafka(settings), prefix: settings.prefix, service: 'authorization', tenure },
      neverShed: (pattern) => !newPaymentPatterns.has(pattern),
    });
    const secrets = platformSecrets(Buffer.alloc(32, 1), pool, bench.machine);
    const own = { ownership: tenure, strategy: server, secrets, commands: client };
    const opened = await bench.open({ sameDayRefund: 'always', channelTimeoutMs: 10_000 }, own);
    await until(() => server.partitions.length > 0 && tenure.settled, 30_000);
    return { ...opened, server };
  }

  /** What the gateway tells the terminal: that nothing is stored only once the key is turned away. */
  async function toldBy(one: Opened, message: Sent): Promise<string> {
    const said = await one.send('sale', message);
    if (said.kind !== 'answer') return said.kind;
    if (said.nothingStored !== true) return said.responseCode;
    const { acquirer, merchantId, terminalId, batch, stan: named } = keyOf(message);
    const keys = [{ terminalId, batch, stan: named }];
    const answerBy = Date.now() + 60_000;
    const bytes = Buffer.from(JSON.stringify({ acquirer, merchantId, keys, answerBy }));
    const asked = await client.request(turnAwayPattern, merchantId, bytes, answerBy);
    const verdict = asked.kind === 'answer' ? (JSON.parse(String(asked.payload)) as TurnAwayAnswer).verdicts[0] : '';
    return verdict === 'turned-away' ? said.responseCode : 'silence';
  }

  /** Everything that the topics of commands and replies hold, byte for byte. */
  async function carried(): Promise<string> {
    const names = topicNames(settings.prefix);
    const consumer = openKafka(settings).consumer({ groupId: `${settings.prefix}.reader` });
    const texts: string[] = [];
    await consumer.connect();
    await consumer.subscribe({ topics: [names.authorizationCommands, names.replies], fromBeginning: true });
    await consumer.run({
      eachMessage: async ({ message }) => {
        const parts = [message.key, message.value, ...Object.values(message.headers ?? {})];
        const bytes = Buffer.concat(parts.map((part) => Buffer.from((part as Buffer | string | null) ?? '')));
        texts.push(bytes.toString('latin1'), bytes.toString('hex'));
      },
    });
    await until(() => texts.filter((text) => text.includes('authorization.sale')).length >= 2, 30_000);
    await consumer.disconnect();
    return texts.join('\n');
  }

  it('no card number, track or PIN crosses a topic; another process opens the box by the key in the vault', async () => {
    const one = await instance('one');
    expect((await one.reply('sale', fresh({ fields: { track2: TRACK } }))).responseCode).toBe('00');
    // No terminal key is registered here, so the PIN is refused once it was opened.
    expect((await one.reply('sale', fresh({ fields: { pinBlock: PIN_BLOCK } }))).responseCode).toBe('A7');
    expect(bench.network.of('0200')[0]?.fields[2]).toBe(CARD);
    const everything = await carried();
    expect(everything).toContain('authorization.sale');
    const secret = [CARD, TRACK, PIN_BLOCK.toString('latin1')];
    for (const text of secret) {
      const bytes = Buffer.from(text, 'latin1');
      for (const spelled of [text, bytes.toString('hex'), bytes.toString('base64').replace(/=+$/, '').slice(0, -1)])
        expect(everything).not.toContain(spelled);
    }
  }, 120_000);

  it('instances that come and go never give a limit twice, decide no payment twice and leave none without an answer', async () => {
    const one = await instance('one');
    const answers: Promise<string>[] = [];
    const messages: Sent[] = [];
    let isStorming = true;
    const load = (async () => {
      while (isStorming) {
        // MICRO takes five of these a day; the others have no such limit.
        for (const message of [micro(), fresh(), fresh({ merchantId: MICRO, amount: 1, pan: '4000000000000002' })]) {
          messages.push(message);
          answers.push(toldBy(one, message));
        }
        await new Promise((resolve) => setTimeout(resolve, 100));
      }
    })();
    for (let turn = 0; turn < 3; turn += 1) {
      const more = await instance(`more-${turn}`);
      await new Promise((resolve) => setTimeout(resolve, 300));
      await more.server.close();
      await more.close();
    }
    isStorming = false;
    await load;
    const codes = await Promise.all(answers);
    const approved = messages.filter((message, n) => message.amount === 10_000_00 && codes[n] === '00');
    expect(approved.length).toBe(5);
    // 91 while a key is loaded, 61 beyond the limit, 15 for the unknown card; silence only where another instance may have begun it, and 98
    // where one stopped while it asked.
    expect([...new Set(codes)].filter((code) => !['00', '15', '61', '91', '98', 'silence'].includes(code))).toEqual([]);
    for (const [n, message] of messages.entries()) {
      const types = await bench.types(message);
      if (codes[n] === '91') expect(types).toEqual([]);
      if (codes[n] === '00') expect(types.filter((type) => type === 'PaymentApproved')).toHaveLength(1);
      expect(types.filter((type) => type === 'ChannelRequested').length).toBeLessThanOrEqual(1);
    }
  }, 180_000);
});
