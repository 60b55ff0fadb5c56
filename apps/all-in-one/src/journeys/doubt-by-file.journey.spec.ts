import type { PaymentFact } from '@tillstream/domain/payment/events';
import { breaches } from './audit.ts';
import { card } from './cards.ts';
import { JourneyNode } from './journey-node.ts';
import { approvedKey } from './outcomes.ts';
import { bookOf, paymentFacts, postedFor, typesOf } from './read-books.ts';
import { until } from './until.ts';

const [MONDAY, TUESDAY, WEDNESDAY] = ['2026-11-23', '2026-11-24', '2026-11-25'];

describe('what the clearing file decides (domain 3.2, 4.5)', () => {
  let journey: JourneyNode;
  let stuck = '';
  let open = '';
  const factsOf = (n: number, key: string) => paymentFacts(journey, n, key);
  const says = (n: number, key: string, type: PaymentFact['type']) =>
    until(`${type} of terminal ${n}`, async () => typesOf(await factsOf(n, key)).includes(type));
  const onlyKey = (n: number): string => [...journey.terminal(n).state.items.keys()][0] ?? '';

  beforeAll(async () => {
    journey = await JourneyNode.start({ from: `${MONDAY} 22:40:00`, channelTimerMs: 2_000, channelRetryMs: 50 });
    approvedKey(await journey.terminal(1).sale({ amount: 5_000, card: card('credit', 10) }));
    const unprinted = await journey.terminal(2).sale({
      ...{ amount: 80_000, card: card('credit', 11), fault: 'printer-failed' },
    });
    if (unprinted.is !== 'unanswered' || unprinted.item === null) throw new Error(JSON.stringify(unprinted));
    stuck = `${unprinted.item.batch}.${unprinted.item.stan}`;
    await journey.settled();
  }, 120_000);
  afterAll(() => journey?.close(), 60_000);

  it('doubt that is open at the cut-off outlives a restart and is decided by the file: absent, so undone with no entry', async () => {
    journey.networkGate.holdAnswers();
    const sold = await journey.terminal(3).sale({ amount: 60_000, card: card('credit', 12) });
    expect(sold).toMatchObject({ is: 'answered', code: '98' });
    open = onlyKey(3);
    await journey.stop();
    await journey.open();
    await journey.settled();
    const list = await journey.services.api.get<{ items: object[] }>('/in-doubt');
    const [, doubt] = await factsOf(3, open);
    expect(list.items).toMatchObject([
      { standing: 'reversing', clearingFileOf: MONDAY, since: doubt?.at, amount: 60_000 },
    ]);
    await journey.at(`${MONDAY} 23:00:01`);
    await says(3, open, 'PaymentReversed');
    expect((await factsOf(3, open)).at(-1)?.data).toMatchObject({ undone: null, by: 'clearing-file' });
    expect((await bookOf(journey, journey.place(3).merchantId, MONDAY)).entries).toEqual([]);
    journey.networkGate.cut();
    await journey.services.ready();
  }, 120_000);

  it('a reversal after the cut-off is answered 12 by the channel, and its money held', async () => {
    await journey.at(`${MONDAY} 23:10:00`);
    approvedKey(await journey.terminal(2).sale({ amount: 7_000, card: card('credit', 13) }));
    await says(2, stuck, 'ReversalStuck');
  }, 120_000);

  it('the file of the day holds one of them: it goes back to the payer, and never is the merchant’s', async () => {
    await journey.endDay(MONDAY);
    await journey.morning(TUESDAY);
    // The file of Monday was compared before anybody doubted the sale; the next one says that it was in there.
    await journey.endDay(TUESDAY);
    await says(2, stuck, 'ReturnAccepted');
    await journey.morning(WEDNESDAY);
    await journey.settled();
    const [first] = await factsOf(2, stuck);
    const { paymentId } = (await bookOf(journey, journey.place(2).merchantId, MONDAY)).of('J1')[0] ?? {};
    expect(first?.type).toBe('ChannelRequested');
    // Nothing is left of it anywhere; 1101 is the channel's, of the sale's day and of the return's.
    expect(await postedFor(journey, paymentId ?? '')).toEqual({});
    expect(typesOf(await factsOf(2, stuck)).slice(-3)).toEqual(['ReversalStuck', 'ReturnRequested', 'ReturnAccepted']);
    expect(await journey.services.api.get('/in-doubt')).toMatchObject({ count: 0, items: [] });
  }, 120_000);

  it('leaves every invariant standing', async () => {
    expect(await breaches(journey)).toEqual([]);
  }, 60_000);
});
