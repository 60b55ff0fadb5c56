import type { PaymentFact } from '@tillstream/domain/payment/events';
import type { Outcome } from '@tillstream/simulator';
import { breaches } from './audit.ts';
import { card } from './cards.ts';
import { JourneyNode } from './journey-node.ts';
import { answeredItem, approvedKey, settledReport } from './outcomes.ts';
import { until } from './until.ts';

interface Listed {
  readonly payments: readonly { readonly stan: string; readonly status: string; readonly amount: number }[];
}

const codeOf = (outcome: Outcome): string => (outcome.is === 'answered' ? outcome.code : outcome.is);

describe('pre-authorisation over ISO 8583 (domain 3.6)', () => {
  let journey: JourneyNode;
  beforeAll(async () => {
    journey = await JourneyNode.start({ from: '2026-11-23 10:00:00' });
  }, 120_000);
  afterAll(() => journey?.close(), 60_000);

  /** The slip does not print, so the terminal reverses before its next message; the host then undoes it at the network. */
  async function undone(outcome: Promise<Outcome>): Promise<void> {
    expect((await outcome).is).toBe('unanswered');
    answeredItem(await journey.terminal(2).inquiry({ card: card('credit', 500) }));
    await journey.decided();
  }
  async function statusOf(stan: string): Promise<string | undefined> {
    await journey.settled();
    const { payments } = await journey.services.api.get<Listed>('/payments?kind=pre-auth&limit=100');
    return payments.find((one) => one.stan === stan)?.status;
  }

  it('is held, completed once within 115 percent, voided, completed again by advice', async () => {
    const terminal = journey.terminal(2);
    const held = answeredItem(await terminal.preAuth({ amount: 100_000, card: card('credit', 501) }));
    const hold = `${held.batch}.${held.stan}`;
    expect(await statusOf(held.stan)).toBe('held');
    expect(codeOf(await terminal.complete(hold, 115_001))).toBe('13');
    const completion = approvedKey(await terminal.complete(hold, 115_000));
    expect(codeOf(await terminal.complete(hold, 1))).toBe('22');
    expect(codeOf(await terminal.voidPreAuth(hold))).toBe('22');
    expect(await statusOf(held.stan)).toBe('completed');
    approvedKey(await terminal.voidCompletion(completion));
    expect(await statusOf(held.stan)).toBe('held');
    approvedKey(await terminal.complete(hold, 90_000, 'advice'));
    await journey.decided();
    expect(await statusOf(held.stan)).toBe('completed');
  }, 120_000);

  it('goes back where it was by an 0400 of each of its messages (domain 3.3)', async () => {
    const terminal = journey.terminal(2);
    await undone(terminal.preAuth({ amount: 5_000, card: card('credit', 502), fault: 'printer-failed' }));
    const held = answeredItem(await terminal.preAuth({ amount: 50_000, card: card('debit', 503) }));
    const hold = `${held.batch}.${held.stan}`;
    await undone(terminal.complete(hold, 50_000, 'request', 'printer-failed'));
    expect(await statusOf(held.stan)).toBe('held');
    const completion = approvedKey(await terminal.complete(hold, 40_000));
    await undone(terminal.voidCompletion(completion, 'printer-failed'));
    expect(await statusOf(held.stan)).toBe('completed');
    expect(codeOf(await terminal.complete(hold, 1))).toBe('22');
    approvedKey(await terminal.voidCompletion(completion));
    await undone(terminal.voidPreAuth(hold, 'printer-failed'));
    expect(await statusOf(held.stan)).toBe('held');
    approvedKey(await terminal.voidPreAuth(hold));
    expect(await statusOf(held.stan)).toBe('voided');
  }, 120_000);

  it('and a sale are approved over a part (10) when 60.6 asks for it, and undone when it does not', async () => {
    const terminal = journey.terminal(2);
    const giving = (serial: number) => card('credit', serial, { wish: '10' });
    const held = answeredItem(await terminal.preAuth({ amount: 80_001, card: giving(504), partial: true }), '10');
    expect(held).toMatchObject({ status: 'approved', amount: 40_000 });
    const hold = `${held.batch}.${held.stan}`;
    expect(codeOf(await terminal.complete(hold, 46_001))).toBe('13');
    approvedKey(await terminal.complete(hold, 46_000));
    const sale = answeredItem(await terminal.sale({ amount: 20_000, card: giving(505), partial: true }), '10');
    expect(sale).toMatchObject({ status: 'approved', amount: 10_000 });
    for (const outcome of [
      await terminal.preAuth({ amount: 30_000, card: giving(506) }),
      await terminal.sale({ amount: 30_000, card: giving(507) }),
    ]) {
      expect(codeOf(outcome)).toBe('98');
    }
    await journey.decided();
    const facts = (await journey.facts('payment')) as unknown as readonly PaymentFact[];
    const parts = facts.filter((fact) => fact.type === 'PaymentReversed' && fact.data.amount === 30_000);
    expect(parts).toHaveLength(2);
  }, 120_000);

  it('counts in the batch by its completions as debits and their voids as credits; the day balances to the fen', async () => {
    const terminal = journey.terminal(2);
    const report = settledReport(await terminal.settle());
    // Debits: 1,150.00 and its advice 900.00, 400.00, 460.00, the sale 100.00; credits: the voids of 1,150.00 and 400.00.
    expect(report.domestic).toEqual({ debitSum: 301_000, debitCount: 5, creditSum: 155_000, creditCount: 2 });
    expect([report.domesticReply, report.foreignReply]).toEqual([1, 1]);
    const left = answeredItem(await terminal.preAuth({ amount: 70_000, card: card('credit', 508) }));
    await journey.endDay('2026-11-23');
    await journey.morning('2026-11-24');
    expect(await statusOf(left.stan)).toBe('held');
    expect(await breaches(journey)).toEqual([]);
  }, 180_000);

  it('lapses on day 31: then a completion gets 22, and an advice 22', async () => {
    const terminal = journey.terminal(2);
    const [left] = [...terminal.state.items.values()].filter(({ amount }) => amount === 70_000);
    if (left === undefined) throw new Error('the terminal lost its hold');
    const hold = `${left.batch}.${left.stan}`;
    await journey.at('2026-12-24 10:00:00');
    await until('the hold has lapsed', async () => (await statusOf(left.stan)) === 'expired');
    expect(codeOf(await terminal.complete(hold, 70_000))).toBe('22');
    expect(codeOf(await terminal.complete(hold, 70_000, 'advice'))).toBe('22');
    expect(codeOf(await terminal.voidPreAuth(hold))).toBe('22');
    await journey.settled();
    expect(await breaches(journey)).toEqual([]);
  }, 180_000);
});
