import { breaches } from './audit.ts';
import { card } from './cards.ts';
import { JourneyNode } from './journey-node.ts';
import { answeredItem, settledReport } from './outcomes.ts';
import type { Message } from './page-codec.ts';
import {
  refundFields,
  repliesOf,
  reversalFields,
  saleFields,
  settlementFields,
  uploadEndFields,
} from './page-messages.ts';
import { paymentFacts, postedFor, typesOf } from './read-books.ts';

const code = (message: Message): unknown => message.fields[39];

describe('numbers, batches and repeats', () => {
  let journey: JourneyNode;
  beforeAll(async () => {
    journey = await JourneyNode.start({ from: '2026-11-23 10:00:00' });
  }, 120_000);
  afterAll(() => journey?.close(), 60_000);

  it('after STAN 999999 comes 000001 in the same batch, which balances', async () => {
    const terminal = journey.terminal(1, { stan: '999997' });
    const before = answeredItem(await terminal.sale({ amount: 1_000, card: card('credit', 41) }));
    const after = answeredItem(await terminal.sale({ amount: 2_000, card: card('credit', 42) }));
    expect([before.stan, after.stan]).toEqual(['999999', '000001']);
    expect(after.batch).toBe(before.batch);
    const report = settledReport(await terminal.settle());
    expect(report).toMatchObject({ domestic: { debitSum: 3_000, debitCount: 2 }, domesticReply: 1 });
  }, 60_000);

  it('a second sign-in in a batch that holds entries gives new keys and the same batch number', async () => {
    const client = journey.page(2);
    const first = await client.signIn();
    const { batch, keys } = client;
    const sale = { pan: card('credit', 43).pan, amount: 3_000 };
    expect(code(await client.ask('0200', saleFields(client, { ...sale, stan: client.nextStan() })))).toBe('00');
    await client.signIn();
    expect(client.keys?.mak.equals(keys?.mak ?? Buffer.alloc(0))).toBe(false);
    expect(client.batch).toBe(batch);
    expect(first.fields[62]).toBeInstanceOf(Buffer);
    expect(code(await client.ask('0200', saleFields(client, { ...sale, stan: client.nextStan() })))).toBe('00');
    const totals = { debit: [6_000, 2] } as const;
    const settled = await client.ask('0500', settlementFields(client, client.nextStan(), totals), { mac: false });
    expect(repliesOf(settled.fields[48])).toBe('11');
  }, 60_000);

  it('a resent sale gets the stored answer, other content under its key 94, and after its reversal 12', async () => {
    const client = journey.page(3);
    await client.signIn();
    const stan = client.nextStan();
    const sale = saleFields(client, { pan: card('credit', 44).pan, amount: 4_000, stan });
    const [first, again] = [await client.ask('0200', sale), await client.ask('0200', sale)];
    expect([code(first), code(again)]).toEqual(['00', '00']);
    expect([again.fields[37], again.fields[38]]).toEqual([first.fields[37], first.fields[38]]);
    expect(code(await client.ask('0200', { ...sale, 4: '000000004001' }))).toBe('94');
    expect(code(await client.ask('0400', reversalFields(sale)))).toBe('00');
    expect(code(await client.ask('0400', reversalFields(sale)))).toBe('00');
    await journey.decided();
    expect(code(await client.ask('0200', sale))).toBe('12');
    await journey.settled();
    const facts = await paymentFacts(journey, 3, `${client.batch}.${stan}`);
    expect(typesOf(facts)).toEqual(['ChannelRequested', 'PaymentApproved', 'ReversalRequested', 'PaymentReversed']);
    const [first4] = facts;
    const { operation } = first4?.data as { operation: { operationId: string } };
    expect(await postedFor(journey, operation.operationId)).toEqual({});
  }, 60_000);

  it('a reversal that comes before its sale leaves a tombstone: 25, and the late sale is answered 12 without asking the network', async () => {
    const client = journey.page(3);
    const stan = client.nextStan();
    const sale = saleFields(client, { pan: card('credit', 45).pan, amount: 4_500, stan });
    const { counts } = journey.foreign.network;
    const asked = counts.answered;
    expect(code(await client.ask('0400', reversalFields(sale)))).toBe('25');
    expect(code(await client.ask('0200', sale))).toBe('12');
    expect(counts.answered).toBe(asked);
  }, 60_000);

  it('a refund advice sent again gets its 00 again and is one refund', async () => {
    const client = journey.page(5);
    await client.signIn();
    const { pan } = card('credit', 47);
    const sale = saleFields(client, { pan, amount: 7_000, stan: client.nextStan() });
    const { fields } = await client.ask('0200', sale);
    const advice = refundFields(client, { pan, amount: 2_500, stan: client.nextStan() }, String(fields[37]), '1123');
    const [first, again] = [await client.ask('0220', advice), await client.ask('0220', advice)];
    expect([code(first), code(again)]).toEqual(['00', '00']);
    expect(again.fields[37]).toBe(first.fields[37]);
    await journey.decided();
    const facts = await paymentFacts(journey, 5, `${client.batch}.${String(sale[11])}`);
    expect(typesOf(facts).filter((type) => type.startsWith('Refund'))).toEqual(['RefundRequested', 'RefundAccepted']);
    const totals = { debit: [7_000, 1], credit: [2_500, 1] } as const;
    const settled = await client.ask('0500', settlementFields(client, client.nextStan(), totals), { mac: false });
    expect(repliesOf(settled.fields[48])).toBe('11');
  }, 60_000);

  it('a repeated 0500 gets the same answer, the next batch opens by being used, and a batch out of step is answered 77', async () => {
    const client = journey.page(4);
    await client.signIn();
    const { batch } = client;
    const sale = (amount: number, of: string): ReturnType<typeof saleFields> =>
      saleFields(client, { pan: card('credit', 46).pan, amount, stan: client.nextStan(), batch: of });
    const lastSale = sale(5_000, batch);
    expect(code(await client.ask('0200', lastSale))).toBe('00');
    const asked = settlementFields(client, client.nextStan(), { debit: [5_000, 1] });
    const first = await client.ask('0500', asked, { mac: false });
    const repeated = await client.ask('0500', asked, { mac: false });
    expect(repliesOf(first.fields[48])).toBe('11');
    expect([code(repeated), repeated.fields[48]]).toEqual([code(first), first.fields[48]]);
    expect(code(await client.ask('0320', uploadEndFields(client, client.nextStan()), { mac: false }))).toBe('00');
    // After the end, under another STAN, it is the stored answer once more; a sale of the closed batch is a duplicate.
    const renewed = await client.ask('0500', { ...asked, 11: client.nextStan() }, { mac: false });
    expect([code(renewed), renewed.fields[48]]).toEqual([code(first), first.fields[48]]);
    expect(code(await client.ask('0200', lastSale))).toBe('94');
    // The terminal itself has counted it, so it can no more be undone by a reversal.
    expect(code(await client.ask('0400', reversalFields(lastSale)))).toBe('12');

    const next = String(Number(batch) + 1).padStart(6, '0');
    expect(code(await client.ask('0200', sale(6_000, next)))).toBe('00');
    const second = settlementFields(client, client.nextStan(), { debit: [6_000, 1] }, next);
    expect(repliesOf((await client.ask('0500', second, { mac: false })).fields[48])).toBe('11');
    // Right after a settlement an empty batch + 1 is legal too, anything further is not.
    const afterNext = String(Number(batch) + 2).padStart(6, '0');
    const empty = settlementFields(client, client.nextStan(), { debit: [0, 0] }, afterNext);
    expect(repliesOf((await client.ask('0500', empty, { mac: false })).fields[48])).toBe('11');
    const beyond = settlementFields(client, client.nextStan(), { debit: [0, 0] }, '000900');
    expect(code(await client.ask('0500', beyond, { mac: false }))).toBe('77');
  }, 60_000);

  it('leaves every invariant standing', async () => {
    expect(await breaches(journey)).toEqual([]);
  }, 60_000);
});
