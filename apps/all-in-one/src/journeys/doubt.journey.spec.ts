import { breaches } from './audit.ts';
import { card } from './cards.ts';
import { JourneyNode } from './journey-node.ts';
import { approvedKey, settledReport } from './outcomes.ts';
import { bookOf, paymentFacts, typesOf } from './read-books.ts';
import { until } from './until.ts';

const DATE = '2026-11-23';

describe('answers that are lost', () => {
  let journey: JourneyNode;
  beforeAll(async () => {
    journey = await JourneyNode.start({ from: `${DATE} 10:00:00`, channelTimerMs: 3_000 });
  }, 120_000);
  afterAll(() => journey?.close(), 60_000);

  it('on the terminal’s side: the terminal reverses before it settles, and nothing stands posted', async () => {
    const terminal = journey.terminal(1);
    approvedKey(await terminal.sale({ amount: 1_000, card: card('credit', 61) }));
    journey.terminalGate.holdAnswers();
    const sale = terminal.sale({ amount: 50_000, card: card('credit', 62) });
    const approved = await until('the sale is approved in the store', async () =>
      (await journey.facts('payment')).find(
        ({ type, data }) => type === 'PaymentApproved' && (data as { amount: number }).amount === 50_000,
      ),
    );
    journey.terminalGate.cut();
    expect(await sale).toMatchObject({ is: 'unanswered' });
    const report = settledReport(await terminal.settle());
    expect(report).toMatchObject({ domestic: { debitSum: 1_000, debitCount: 1 }, domesticReply: 1 });
    await journey.decided();
    await journey.settled();
    const book = await bookOf(journey, journey.place(1).merchantId, DATE);
    expect(book.sum('2001')).toBe(-994);
    expect(book.sum('2003')).toBe(0);
    const { stream } = approved;
    expect(typesOf(await journey.node.platform.store.readStream(stream)).at(-1)).toBe('PaymentReversed');
  }, 120_000);

  it.each([
    ['the network approved', '98', 2],
    ['the network never saw it', '97', 3],
  ])(
    'on the channel’s side, %s: 98 after the doubt is stored, the host reverses, nothing is posted',
    async (_, wish, n) => {
      const terminal = journey.terminal(n);
      const sold = await terminal.sale({ amount: 60_000, card: card('credit', 62 + n, { wish }) });
      expect(sold).toMatchObject({ is: 'answered', code: '98' });
      const stored = await journey.facts('payment');
      expect(typesOf(stored)).toContain('OperationInDoubt');
      await journey.decided();
      await journey.settled();
      const { items } = terminal.state;
      const [key = ''] = [...items.keys()];
      const types = typesOf(await paymentFacts(journey, n, key));
      expect(types).toEqual(['ChannelRequested', 'OperationInDoubt', 'ReversalRequested', 'PaymentReversed']);
      expect((await bookOf(journey, journey.place(n).merchantId, DATE)).entries).toEqual([]);
      expect(settledReport(await terminal.settle())).toMatchObject({ domesticReply: 1, domestic: { debitCount: 0 } });
    },
    120_000,
  );

  it('a doubt outlives a restart of the node, which then ends it; nothing is posted', async () => {
    const terminal = journey.terminal(4);
    journey.networkGate.holdAnswers();
    const sold = await terminal.sale({ amount: 70_000, card: card('credit', 66) });
    expect(sold).toMatchObject({ is: 'answered', code: '98' });
    expect(await journey.services.work.inDoubt()).toBe(1);
    await journey.stop();
    // What the old links still had to say is lost with them.
    journey.networkGate.cut();
    await journey.open();
    await journey.services.ready();
    await journey.decided();
    await journey.settled();
    const [key = ''] = [...terminal.state.items.keys()];
    expect(typesOf(await paymentFacts(journey, 4, key)).at(-1)).toBe('PaymentReversed');
    expect((await bookOf(journey, journey.place(4).merchantId, DATE)).entries).toEqual([]);
    approvedKey(await terminal.sale({ amount: 2_000, card: card('credit', 67) }));
    expect(settledReport(await terminal.settle())).toMatchObject({ domesticReply: 1, domestic: { debitSum: 2_000 } });
  }, 120_000);

  it('a sale that the node was stopped in the middle of is reversed by the terminal afterwards', async () => {
    const terminal = journey.terminal(5);
    approvedKey(await terminal.sale({ amount: 3_000, card: card('credit', 68) }));
    journey.terminalGate.holdAnswers();
    const sale = terminal.sale({ amount: 80_000, card: card('credit', 69) });
    await until('the sale is approved in the store', async () =>
      (await journey.facts('payment')).some(
        ({ type, data }) => type === 'PaymentApproved' && (data as { amount: number }).amount === 80_000,
      ),
    );
    journey.terminalGate.cut();
    expect(await sale).toMatchObject({ is: 'unanswered' });
    await journey.restart();
    expect(settledReport(await terminal.settle())).toMatchObject({ domesticReply: 1, domestic: { debitSum: 3_000 } });
    await journey.decided();
    await journey.settled();
    const book = await bookOf(journey, journey.place(5).merchantId, DATE);
    expect([book.sum('2001'), book.sum('2003')]).toEqual([-2_982, 0]);
  }, 120_000);

  it('leaves every invariant standing', async () => {
    expect(await breaches(journey)).toEqual([]);
  }, 60_000);
});
