import { EpochKeys, KeyRing, PersonKeys, systemRandom, VaultCipher } from '@tillstream/crypto';
import { freshDatabase, type FreshDatabase } from '@tillstream/event-store/testing';
import { fixedMachineClock } from '../clock/fixed-clock.ts';
import { migrateVault } from './vault-tables.ts';
import { openVault, type Vault } from './vault.ts';

const day = 86_400_000;
const ring = new KeyRing({ current: 'v1', keys: { v1: Buffer.alloc(32, 1) }, random: systemRandom });
const cipher = new VaultCipher({ ring, tokenKey: Buffer.alloc(32, 2), fingerprintKey: Buffer.alloc(32, 3) });
const cards = ['6222021234567890128', '4111111111111111', '5555555555554444'] as const;

describe('vault', () => {
  let database: FreshDatabase;
  let vault: Vault;
  const machine = fixedMachineClock(Date.UTC(2026, 10, 23));
  beforeAll(async () => {
    database = await freshDatabase();
    await Promise.all([migrateVault(database.pool), migrateVault(database.pool)]);
    vault = openVault({ pool: database.pool, machine, versionOf: (sealed) => ring.versionOf(sealed) });
  });
  afterAll(() => database.drop());

  it('keeps one row per card however often and concurrently it is stored, and gives the number back', async () => {
    await Promise.all([...cards, ...cards, ...cards].map((card) => vault.cards.store(cipher.card(card))));
    expect((await database.pool.query('select 1 from vault.card')).rowCount).toBe(3);
    const token = cipher.token(cards[0]);
    expect(cipher.cardNumber({ token, sealed: (await vault.cards.find(token)) as Buffer })).toBe(cards[0]);
    expect(await vault.cards.find('tok_nobody')).toBeUndefined();
  });

  it('sweeps a row older than a day only when no fact names it, and a renewed row never', async () => {
    const [named, renewed, forgotten] = cards.map((card) => cipher.token(card)) as [string, string, string];
    machine.advance(2 * day);
    await vault.cards.store(cipher.card(cards[1]));
    expect(await vault.cards.sweep(async (tokens) => new Set(tokens.filter((token) => token === named)))).toBe(1);
    const left = await database.pool.query<{ token: string }>('select token from vault.card order by token');
    expect(left.rows.map(({ token }) => token)).toEqual([named, renewed].sort());
    expect(await vault.cards.find(forgotten)).toBeUndefined();
  });

  it('finds the rows that a rotation of the key must write anew, and storing them does', async () => {
    const next = new KeyRing({
      current: 'v2',
      keys: { v1: Buffer.alloc(32, 1), v2: Buffer.alloc(32, 9) },
      random: systemRandom,
    });
    expect(await vault.cards.outdated('v2', 10)).toHaveLength(2);
    const rotated = new VaultCipher({ ring: next, tokenKey: Buffer.alloc(32, 2), fingerprintKey: Buffer.alloc(32, 3) });
    await vault.cards.storeAll([cards[0], cards[1]].map((card) => rotated.card(card)));
    expect(await vault.cards.outdated('v2', 10)).toEqual([]);
  });

  it('moves a terminal’s keys from pending to current to previous, and doing it twice does it once', async () => {
    const owner = 'terminal:48021000.00000001';
    const key = (handle: string) => ({
      handle,
      kind: 'sign-in-keys',
      owner,
      slot: 'pending' as const,
      wrapped: Buffer.from(handle),
    });
    const ends = new Date(machine.now() + 60_000);
    await vault.keys.store({ ...key('k1'), detail: { stan: '000001' } });
    expect(await vault.keys.promote(owner, 'k1', ends)).toBe(true);
    await vault.keys.store(key('k2'));
    await vault.keys.store(key('k3')); // another sign-in replaces only the pending set
    expect(await vault.keys.promote(owner, 'k2', ends)).toBe(false);
    expect(await vault.keys.promote(owner, 'k3', ends)).toBe(true);
    expect(await vault.keys.promote(owner, 'k3', ends)).toBe(false);
    const rows = await vault.keys.ofOwner(owner);
    expect(rows.map(({ handle, slot, endsAt }) => ({ handle, slot, endsAt }))).toEqual([
      { handle: 'k3', slot: 'current', endsAt: null },
      { handle: 'k1', slot: 'previous', endsAt: ends },
    ]);
    expect((await vault.keys.find('k1'))?.detail).toEqual({ stan: '000001' });
  });

  it('serves the epoch keys: sealed in one process, opened in another, gone once destroyed', async () => {
    const keys = () => new EpochKeys({ store: vault.epochKeys, master: ring, random: systemRandom });
    const now = machine.now();
    const box = await keys().seal({ pan: cards[0] }, 'sale', now);
    expect(await keys().open(box, 'sale', now)).toEqual({ pan: cards[0] });
    await keys().destroyExpired(now + day);
    await expect(keys().open(box, 'sale', now)).rejects.toMatchObject({ code: 'epoch-gone' });
  });

  it('keeps personal data until its person is erased, and never gives the person a new key', async () => {
    const people = new PersonKeys({ store: vault.personKeys, master: ring, random: systemRandom });
    const sealed = await people.encrypt('p1', 'phone', '13800000000');
    await vault.people.store({ handle: 'h1', person: 'p1', field: 'phone', sealed });
    const row = await vault.people.find('h1');
    expect(await people.decrypt('p1', 'phone', row?.sealed as Uint8Array)).toBe('13800000000');
    await people.destroy('p1');
    await people.destroy('p1');
    await expect(people.encrypt('p1', 'phone', 'x')).rejects.toMatchObject({ code: 'person-erased' });
    expect(await vault.people.remove('p1')).toBe(1);
  });
});
