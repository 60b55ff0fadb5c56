import { freshDatabase, type FreshDatabase } from '@tillstream/event-store/testing';
import { fixedMachineClock } from '../clock/fixed-clock.ts';
import { platformSecrets } from '../platform/platform-secrets.ts';
import { rotateCardKey } from './rotate-card-key.ts';
import { migrateVault } from './vault-tables.ts';

const cardNumber = (n: number): string => `62220212${String(n).padStart(8, '0')}`;

describe('rotation of the key that encrypts card numbers (PCI DSS 3.7)', () => {
  let database: FreshDatabase;
  const machine = fixedMachineClock(Date.UTC(2026, 10, 24));
  const process = () => platformSecrets(Buffer.alloc(32, 7), database.pool, machine);
  beforeEach(async () => {
    database = await freshDatabase();
    await migrateVault(database.pool);
  });
  afterEach(() => database.drop());

  const versions = async (): Promise<string[]> => {
    const found = await database.pool.query<{ v: string }>(
      'select distinct key_version as v from vault.card order by 1',
    );
    return found.rows.map(({ v }) => v);
  };

  it('writes every row anew while others write, and no process ever meets a row that it cannot read', async () => {
    const [node, command] = [process(), process()];
    for (let n = 0; n < 1_200; n += 100) {
      await node.vault.cards.storeAll(Array.from({ length: 100 }, (_, i) => node.vaultCipher.card(cardNumber(n + i))));
    }
    let stored = 1_200;
    const readAll = async (): Promise<void> => {
      const rows = await database.pool.query<{ token: string; sealed: Buffer }>('select token, sealed from vault.card');
      const numbers = new Set(rows.rows.map((row) => node.vaultCipher.cardNumber(row)));
      expect(numbers.size).toBe(stored);
    };
    const pause = async (ms: number): Promise<void> => {
      machine.advance(ms);
      await node.cardKeys.refresh();
      await node.vault.cards.store(node.vaultCipher.card(cardNumber((stored += 1))));
      await readAll();
    };
    const { cardKeys: keys, vaultCipher: cipher, vault } = command;
    const outcome = await rotateCardKey({ keys, cipher, cards: vault.cards, pause });
    expect(outcome).toMatchObject({ version: '2', madeNew: true, destroyed: 0 });
    expect(await versions()).toEqual(['2']);
    await readAll();
    expect(await rotateCardKey({ keys, cipher, cards: vault.cards, pause })).toMatchObject({
      version: '3',
      destroyed: 1,
    });
    expect(await versions()).toEqual(['3']);
  }, 60_000);

  it('that was cut off is brought to its end with the key that it had made', async () => {
    const { cardKeys: keys, vaultCipher: cipher, vault } = process();
    const cards = Array.from({ length: 700 }, (_, n) => cipher.card(cardNumber(n)));
    await vault.cards.storeAll(cards);
    const pause = (ms: number): Promise<void> => Promise.resolve(machine.advance(ms)).then(() => undefined);
    const killed = rotateCardKey({
      keys,
      cipher,
      cards: vault.cards,
      pause,
      onProgress: () => {
        throw new Error('killed');
      },
    });
    await expect(killed).rejects.toThrow('killed');
    expect(await versions()).toEqual(['1', '2']);
    const again = process();
    const { cardKeys, vaultCipher } = again;
    const outcome = await rotateCardKey({ keys: cardKeys, cipher: vaultCipher, cards: again.vault.cards, pause });
    expect(outcome).toEqual({ version: '2', madeNew: false, rows: 200, destroyed: 0 });
    expect(await versions()).toEqual(['2']);
  });

  it('leaves nothing to read for who has the database and an old key alone', async () => {
    const { cardKeys: keys, vaultCipher: cipher, vault } = process();
    await vault.cards.store(cipher.card(cardNumber(1)));
    const pause = (ms: number): Promise<void> => Promise.resolve(machine.advance(ms)).then(() => undefined);
    await rotateCardKey({ keys, cipher, cards: vault.cards, pause });
    const withOldKeyAlone = process();
    const row = await database.pool.query<{ token: string; sealed: Buffer }>('select token, sealed from vault.card');
    expect(() => withOldKeyAlone.vaultCipher.cardNumber(row.rows[0] as { token: string; sealed: Buffer })).toThrow(
      expect.objectContaining({ code: 'unknown-key-version' }),
    );
  });
});
