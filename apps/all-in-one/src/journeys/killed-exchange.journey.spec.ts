import type { CrashPoint } from '@tillstream/event-store';
import { breaches } from './audit.ts';
import { card } from './cards.ts';
import { ChildNode } from './child-node.ts';
import { JourneyNode } from './journey-node.ts';
import { saleFields } from './page-messages.ts';
import { paymentFacts, typesOf } from './read-books.ts';

describe('a node that is killed in the middle of an exchange', () => {
  let journey: JourneyNode;
  let child: ChildNode | undefined;

  beforeAll(async () => {
    journey = await JourneyNode.start({ from: '2026-11-23 10:00:00' });
    await journey.page(1).signIn();
    await journey.stop();
  }, 120_000);
  afterAll(async () => {
    await child?.end('SIGKILL');
    await journey?.close();
  }, 60_000);

  async function start(failAt?: string): Promise<void> {
    const started = await ChildNode.start({ ...journey.childSettings, failAt });
    child = started.child;
    journey.terminalGate.leadTo(started.ready.terminals);
  }

  /** Sells, loses the node at this point, and sends the same message to the next one. */
  async function soldAcross(point: CrashPoint, serial: number) {
    const client = journey.page(1);
    const stan = client.nextStan();
    const sale = saleFields(client, { pan: card('credit', serial).pan, amount: 1_000 + serial, stan });
    await start(`${point}:1`);
    await expect(client.ask('0200', sale)).rejects.toThrow('no answer');
    expect((await child?.gone)?.signal).toBe('SIGKILL');
    await start();
    const again = await client.ask('0200', sale);
    expect((await child?.end('SIGTERM'))?.code).toBe(0);
    child = undefined;
    await journey.open();
    await journey.services.ready();
    await journey.decided();
    const types = typesOf(await paymentFacts(journey, 1, `${client.batch}.${stan}`));
    await journey.stop();
    return { again, types };
  }

  it.each<[CrashPoint, number]>([
    ['payment-outcome-stored', 81],
    ['gateway-before-reply', 82],
  ])(
    'at %s, after the outcome is durable, answers the same message as it would have; the network was asked once',
    async (point, serial) => {
      const { counts } = journey.foreign.network;
      const before = counts.answered;
      const { again, types } = await soldAcross(point, serial);
      expect(again.fields[39]).toBe('00');
      expect(types).toEqual(['ChannelRequested', 'PaymentApproved']);
      expect(counts.answered).toBe(before + 1);
    },
    120_000,
  );

  it.each<[CrashPoint, number]>([
    ['payment-intent-stored', 83],
    ['channel-sent', 84],
    ['channel-answered', 85],
  ])(
    'at %s, before the outcome is durable, never approves the same message: the payment is undone',
    async (point, serial) => {
      const { again, types } = await soldAcross(point, serial);
      expect(again.fields[39]).not.toBe('00');
      expect(types.at(-1)).toBe('PaymentReversed');
      expect(types).not.toContain('PaymentApproved');
    },
    120_000,
  );

  it('leaves every invariant standing', async () => {
    await journey.open();
    await journey.services.ready();
    expect(await breaches(journey)).toEqual([]);
  }, 60_000);
});
