import type { ClearingFileReconciled } from '@tillstream/domain/clearing/events';
import { streamOf } from '@tillstream/domain/stream';
import { DEMO_CHANNEL } from '../demo/roster.ts';
import { breaches } from './audit.ts';
import { card } from './cards.ts';
import { JourneyNode } from './journey-node.ts';
import { approvedKey, settledReport } from './outcomes.ts';
import { paymentFacts, typesOf } from './read-books.ts';
import { until } from './until.ts';

const MON = '2026-11-23';
const TUE = '2026-11-24';
const WED = '2026-11-25';

interface Case {
  readonly caseId: string;
  readonly outcome: string;
  readonly merchantId: string;
}

describe('a day whose clearing file differs in every way', () => {
  let journey: JourneyNode;
  beforeAll(async () => {
    journey = await JourneyNode.start({ from: `${MON} 10:00:00`, channelTimerMs: 3_000 });
  }, 120_000);
  afterAll(() => journey?.close(), 60_000);

  const merchant = (n: number): string => journey.place(n).merchantId;
  const open = async (): Promise<readonly Case[]> =>
    (await journey.services.api.get<{ items: Case[] }>('/clearing-cases')).items;

  it('keeps 1101 at what the bank pays, pays what is sure, and has a case for each difference', async () => {
    for (const n of [1, 2, 3, 4]) {
      approvedKey(await journey.terminal(n).sale({ amount: n * 10_000, card: card('credit', 80 + n) }));
    }
    approvedKey(await journey.terminal(1).sale({ amount: 8_000, card: card('credit', 85) }));
    for (const n of [1, 2, 3, 4]) settledReport(await journey.terminal(n).settle());
    journey.foreign.network.files.spoil(MON, [
      { is: 'amount', item: 1, by: 1_000 },
      { is: 'fee', item: 2, by: 7 },
      { is: 'double', item: 3 },
      { is: 'invent', merchantId: merchant(5), amount: 5_000 },
      { is: 'drop', item: 5 },
    ]);
    await doubtfulSale();
    await journey.endDay(MON);
    await journey.morning(TUE);
    expect(await reconciled(MON)).toMatchObject({
      counts: { MATCHED: 2, LONG: 1, SHORT: 1, AMOUNT_DIFF: 1, FEE_DIFF: 1, DUPLICATE: 1, STATUS_DIFF: 1 },
    });
    // The payment may have ended the case of its doubt already.
    const ofPeople = (await open()).filter(({ outcome }) => outcome !== 'STATUS_DIFF');
    expect(ofPeople.map(({ outcome, merchantId }) => `${outcome} ${merchantId}`).sort()).toEqual([
      `AMOUNT_DIFF ${merchant(2)}`,
      `DUPLICATE ${merchant(4)}`,
      `FEE_DIFF ${merchant(3)}`,
      `LONG ${merchant(5)}`,
      `SHORT ${merchant(1)}`,
    ]);
    expect(await breaches(journey)).toEqual([]);
  }, 240_000);

  it('returns what the terminal was never told to its payer, in the next day’s file', async () => {
    await journey.decided();
    await journey.settled();
    const [key = ''] = [...journey.terminal(6).state.items.keys()];
    const types = typesOf(await paymentFacts(journey, 6, key));
    expect(types).toContain('ReturnAccepted');
    expect(types).not.toContain('PaymentApproved');
  }, 120_000);

  it('ends its cases by two people and by the next file, with every invariant standing', async () => {
    const { api } = journey.services;
    const of = async (outcome: string) => (await open()).find((one) => one.outcome === outcome)?.caseId ?? '';
    const end = async (caseId: string, resolution: string, fee = 0): Promise<void> => {
      await api.post(`/clearing-cases/${caseId}/proposal`, { by: 'wang', resolution, fee, note: 'looked at' });
      await api.post(`/clearing-cases/${caseId}/approval`, { by: 'li' });
    };
    await end(await of('LONG'), 'supplement', 30);
    await end(await of('AMOUNT_DIFF'), 'accept-file');
    await end(await of('FEE_DIFF'), 'accept-file');
    await end(await of('DUPLICATE'), 'return-to-payer');
    await journey.settled();
    // The channel has the second charge back on Tuesday, and its own file says so; the sale itself stands.
    const [doubled = ''] = [...journey.terminal(4).state.items.keys()];
    await until('the second charge is returned', async () =>
      typesOf(await paymentFacts(journey, 4, doubled)).includes('ReturnAccepted'),
    );
    // The short item comes a day late.
    journey.foreign.network.files.spoil(TUE, [{ is: 'moved', from: MON, item: 4 }]);
    await journey.endDay(TUE);
    await journey.morning(WED);
    expect(await reconciled(TUE)).toMatchObject({
      counts: { LONG: 0, SHORT: 0, DUPLICATE: 0, STATUS_DIFF: 0, FEE_DIFF: 0, AMOUNT_DIFF: 0 },
    });
    expect(await open()).toEqual([]);
    expect(await breaches(journey)).toEqual([]);
  }, 240_000);

  /** The network approves, the answer and the reversal are lost until its day has passed. */
  async function doubtfulSale(): Promise<void> {
    const before = journey.foreign.network.book.netOf(MON);
    journey.networkGate.holdAnswers();
    const sale = journey.terminal(6).sale({ amount: 60_000, card: card('credit', 86) });
    await until('the network has approved', () => journey.foreign.network.book.netOf(MON) !== before);
    journey.networkGate.leadTo({ host: '127.0.0.1', port: 1 });
    journey.networkGate.cut();
    expect(await sale).toMatchObject({ is: 'answered', code: '98' });
    await journey.at(`${MON} 23:00:01`);
    journey.networkGate.leadTo({ host: '127.0.0.1', port: journey.foreign.networkPort });
  }

  async function reconciled(date: string): Promise<ClearingFileReconciled['data'] | undefined> {
    const facts = await journey.node.platform.store.readStream(streamOf.clearing(DEMO_CHANNEL, date));
    return facts.find(({ type }) => type === 'ClearingFileReconciled')?.data as ClearingFileReconciled['data'];
  }
});
