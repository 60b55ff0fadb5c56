import { rotateCardKey } from '@tillstream/service-kit';
import { breaches } from './audit.ts';
import { card } from './cards.ts';
import { JourneyNode } from './journey-node.ts';
import { refundFields, saleFields, settlementFields, repliesOf } from './page-messages.ts';
import type { PageClient } from './page-client.ts';
import { unpackBody, frameOf } from './page-codec.ts';

const terminals = [1, 2, 3, 4] as const;
const salesEach = 18;

describe('keys are changed while terminals trade (quality 32)', () => {
  let journey: JourneyNode;
  beforeAll(async () => {
    journey = await JourneyNode.start({ from: '2026-11-23 10:00:00' });
  }, 120_000);
  afterAll(() => journey?.close(), 60_000);

  const sell = async (client: PageClient, n: number, serial: number): Promise<unknown> => {
    const sale = saleFields(client, {
      pan: card('credit', n * 100 + serial).pan,
      amount: 1_000,
      stan: client.nextStan(),
    });
    return (await client.ask('0200', sale)).fields[39];
  };

  /** Sells on, with a sign-in after every third sale: its keys are new each time, the ones before end a minute later. */
  const trade = async (n: number): Promise<unknown[]> => {
    const client = journey.page(n);
    const codes: unknown[] = [];
    for (let sale = 0; sale < salesEach; sale += 1) {
      if (sale % 3 === 0) expect((await client.signIn()).fields[39]).toBe('00');
      codes.push(await sell(client, n, sale));
    }
    return codes;
  };

  /** The rotation of `npm run rotate-data-key` beside the node; the pauses in which keys settle pass at once. */
  const rotate = () => {
    const { cardKeys: keys, vaultCipher: cipher, vault } = journey.node.platform;
    const pause = async (): Promise<void> => {
      await journey.node.pool.query(`update vault.data_key set created_at = created_at - interval '1 minute'`);
      await keys.refresh();
    };
    return rotateCardKey({ keys, cipher, cards: vault.cards, pause });
  };

  it('no good payment fails, and every card row is under the new data key', async () => {
    const trading = Promise.all(terminals.map(trade));
    const rotations = [await rotate(), await rotate()];
    const codes = (await trading).flat();
    expect(codes).toEqual(Array.from({ length: terminals.length * salesEach }, () => '00'));
    rotations.push(await rotate());
    expect(rotations.map(({ version }) => version)).toEqual(['2', '3', '4']);
    const left = await journey.node.pool.query<{ v: string }>('select distinct key_version as v from vault.card');
    expect(left.rows).toEqual([{ v: '4' }]);
    const kept = await journey.node.pool.query<{ version: number }>('select version from vault.data_key');
    expect(kept.rows).toEqual([{ version: 4 }]);
  }, 120_000);

  it('no two terminals have a key in common', () => {
    const keys = terminals.flatMap((n) => {
      const { mak, pik } = journey.page(n).keys ?? {};
      return [mak?.toString('hex'), pik?.toString('hex')];
    });
    expect(new Set(keys).size).toBe(2 * terminals.length);
  });

  it('a retired key is refused A0, and so is the key of another terminal', async () => {
    const client = journey.page(1);
    const retired = client.keys;
    for (const serial of [50, 51]) {
      await client.signIn();
      expect(await sell(client, 1, serial)).toBe('00');
    }
    const current = client.keys;
    for (const stolen of [retired, journey.page(2).keys]) {
      client.keys = stolen;
      const fields = saleFields(client, { pan: card('credit', 152).pan, amount: 1_000, stan: client.nextStan() });
      const reply = await client.exchange(frameOf(client.sealed('0200', fields)));
      expect(reply && unpackBody(reply).fields[39]).toBe('A0');
    }
    client.keys = current;
  }, 60_000);

  it('a card of before the rotations is still found: its refund reaches the network', async () => {
    const client = journey.page(3);
    const sale = client.told.find(({ request }) => request.mti === '0200');
    const rrn = String(sale?.reply.fields[37]);
    const pan = String(sale?.request.fields[2]);
    await client
      .ask('0500', settlementFields(client, client.nextStan(), { debit: [salesEach * 1_000, salesEach] }), {
        mac: false,
      })
      .then(({ fields }) => expect(repliesOf(fields[48])).toBe('11'));
    await client.signIn();
    const refund = refundFields(client, { pan, amount: 400, stan: client.nextStan() }, rrn, '1123');
    expect((await client.ask('0220', refund)).fields[39]).toBe('00');
    await journey.decided();
    const facts = await journey.facts('payment');
    expect(facts.filter(({ type }) => type === 'RefundAccepted')).toHaveLength(1);
    expect(await breaches(journey)).toEqual([]);
  }, 60_000);
});
