import { formatTlv } from '@tillstream/iso8583';
import { keyOf, type Terminal } from '@tillstream/simulator';
import { breaches } from './audit.ts';
import { card } from './cards.ts';
import { JourneyNode } from './journey-node.ts';
import { answeredItem, approvedKey, settledReport } from './outcomes.ts';
import { bookOf, paymentFacts, typesOf } from './read-books.ts';

const DATE = '2026-11-23';
const IMAGE = Buffer.from('a signature as JBIG packs it, 王小明');
const SCRIPTS = formatTlv([
  { tag: '95', value: Buffer.from('0000008000', 'hex') },
  { tag: '9F36', value: Buffer.from('0001', 'hex') },
  { tag: 'DF31', value: Buffer.from('2000000000', 'hex') },
]);

describe('what terminals store and forward', () => {
  let journey: JourneyNode;
  beforeAll(async () => {
    journey = await JourneyNode.start({ from: `${DATE} 10:00:00`, channelTimerMs: 3_000 });
  }, 120_000);
  afterAll(() => journey?.close(), 60_000);

  const offline = async (terminal: Terminal, amount: number, serial: number, wish = '20'): Promise<string> => {
    const sold = await terminal.offlineSale({ amount, card: card('credit', serial, { wish, pin: false }) });
    return keyOf(answeredItem(sold, 'Y1'));
  };
  const typesFor = async (n: number, key: string) => typesOf(await paymentFacts(journey, n, key));

  it('an offline sale goes out after the next online one, is posted when the network accepts it, and the batch balances', async () => {
    const terminal = journey.terminal(1);
    approvedKey(await terminal.sale({ amount: 1_000, card: card('credit', 301) }));
    const key = await offline(terminal, 30_000, 302);
    expect(await typesFor(1, key)).toEqual([]);
    const online = approvedKey(await terminal.sale({ amount: 2_000, card: card('credit', 303) }));
    await journey.decided();
    expect(await typesFor(1, key)).toEqual(['AdviceRequested', 'PaymentApproved']);
    expect(await terminal.report('script-result', online, SCRIPTS)).toBe(true);
    expect(await terminal.report('signature', online, IMAGE)).toBe(true);
    expect(await terminal.report('signature', key, IMAGE)).toBe(true);
    const report = settledReport(await terminal.settle());
    expect(report).toMatchObject({ domestic: { debitSum: 33_000, debitCount: 3 }, domesticReply: 1, uploaded: 0 });
    expect(terminal.state.queue.size).toBe(0);
    expect((await typesFor(1, online)).slice(2)).toEqual(['ScriptResultReceived', 'SignatureReceived']);
    expect((await typesFor(1, key)).slice(2)).toEqual(['SignatureReceived']);
    await journey.settled();
    const book = await bookOf(journey, journey.place(1).merchantId, DATE);
    expect(book.sum('1101')).toBeGreaterThan(32_000);
  }, 120_000);

  it('above the floor limit, or with a PIN, the terminal does not approve by itself', async () => {
    const terminal = journey.terminal(1);
    const refused = { is: 'refused', why: 'needs-the-host' };
    expect(await terminal.offlineSale({ amount: 100_001, card: card('credit', 304, { pin: false }) })).toEqual(refused);
    expect(await terminal.offlineSale({ amount: 100, card: card('credit', 305) })).toEqual(refused);
  });

  it('one that the network declines is told 00, posts nothing, and its item stays in the batch', async () => {
    const terminal = journey.terminal(2);
    const key = await offline(terminal, 40_000, 306, '05');
    approvedKey(await terminal.sale({ amount: 1_500, card: card('credit', 307) }));
    await journey.decided();
    expect(await typesFor(2, key)).toEqual(['AdviceRequested', 'AdviceDeclined']);
    expect(settledReport(await terminal.settle())).toMatchObject({
      ...{ domestic: { debitSum: 41_500, debitCount: 2 }, domesticReply: 1 },
    });
    await journey.settled();
    const posted = (await bookOf(journey, journey.place(2).merchantId, DATE)).entries;
    expect(posted).toHaveLength(1);
  }, 120_000);

  it('one that never got through is uploaded as a copy, and the copy is taken for the 0220 that it repeats', async () => {
    const terminal = journey.terminal(3);
    approvedKey(await terminal.sale({ amount: 1_000, card: card('credit', 308) }));
    const key = await offline(terminal, 50_000, 309);
    await terminal.drill((core) => {
      for (let tries = 0; tries < 3; tries += 1) core.note({ t: 'tried', id: key });
      return Promise.resolve();
    });
    const report = settledReport(await terminal.settle());
    expect(report).toMatchObject({ domestic: { debitSum: 51_000, debitCount: 2 }, domesticReply: 2, uploaded: 2 });
    await journey.decided();
    expect(await typesFor(3, key)).toEqual(['AdviceRequested', 'PaymentApproved']);
    await journey.settled();
    const ended = (await journey.facts('batch')).find(
      ({ type, data }) =>
        type === 'BatchReconciled' && (data as { terminalId: string }).terminalId === terminal.terminalId,
    );
    expect(ended?.data).toMatchObject({ outcome: 'SETTLED', differences: [] });
  }, 120_000);

  it('one that the network has not answered outlives a restart of the node, and is accepted then', async () => {
    const terminal = journey.terminal(4);
    approvedKey(await terminal.sale({ amount: 1_000, card: card('credit', 310) }));
    const key = await offline(terminal, 20_000, 311);
    journey.networkGate.holdAnswers();
    await terminal.settle();
    expect(await typesFor(4, key)).toEqual(['AdviceRequested']);
    await journey.stop();
    journey.networkGate.cut();
    await journey.open();
    await journey.services.ready();
    await journey.decided();
    expect(await typesFor(4, key)).toEqual(['AdviceRequested', 'PaymentApproved']);
    await journey.settled();
  }, 120_000);

  it('the books are closed with all of it and every invariant holds', async () => {
    await journey.endDay(DATE);
    expect(await breaches(journey)).toEqual([]);
  }, 120_000);
});
