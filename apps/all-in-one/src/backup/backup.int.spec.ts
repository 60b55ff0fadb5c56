import { randomUUID } from 'node:crypto';
import {
  copyFileSync,
  existsSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  truncateSync,
  writeFileSync,
} from 'node:fs';
import { cpSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { gunzipSync } from 'node:zlib';
import { migrateNumbers } from '@tillstream/authorization';
import { encodeRecord, decodeRecord, leafHash, NO_STREAM, verifyStore } from '@tillstream/event-store';
import { factToAppend } from '@tillstream/event-store/testing';
import { openPlatformBench, type PlatformBench } from '@tillstream/service-kit/testing';
import { compareWithBackup } from './compare-backup.ts';
import { checkBackup, readTarget, type Target } from './check-backup.ts';
import { readManifest, type Manifest } from './manifest.ts';
import { checkEmpty, checkMasterKey, restoreBackup, type Restored } from './restore-backup.ts';
import { writeBackup, type Backup } from './write-backup.ts';

const MASTER = Buffer.alloc(32, 1);
const WHOLE: Target = { is: 'everything' };

let source: PlatformBench;
let target: PlatformBench;
let folder: string;
beforeEach(async () => {
  [source, target] = [await openPlatformBench(), await openPlatformBench()];
  for (const { database } of [source, target]) await migrateNumbers(database.pool);
  folder = mkdtempSync(join(tmpdir(), 'tillstream-backup-'));
});
afterEach(async () => {
  await source.close();
  await target.close();
  rmSync(folder, { recursive: true, force: true });
});

/** A fact of a payment at the instant given, minutes after 10:00 in Shanghai; `causedBy` names another by its place from 0. */
const ids: string[] = [];
async function say(noun: 'payment' | 'book', minute: number, causedBy?: number): Promise<void> {
  const fact = factToAppend(
    {},
    {
      type: noun === 'payment' ? 'OperationLinked' : 'BookOpened',
      at: new Date(Date.UTC(2026, 10, 23, 2, minute)).toISOString(),
      causedBy: causedBy === undefined ? null : (ids[causedBy] ?? null),
    },
  );
  ids.push(fact.id);
  const owner = noun === 'payment' ? 'authorization' : 'ledger';
  await source.store.writer(owner).append(`${noun}-${randomUUID()}`, NO_STREAM, [fact]);
}

/** Six payments, of which the ledger has booked four, the second one late. */
async function history(): Promise<void> {
  ids.length = 0;
  for (const minute of [0, 1, 2]) await say('payment', minute);
  await say('book', 3, 0);
  await say('payment', 4);
  await say('book', 5, 2);
  await say('payment', 6);
  await say('book', 7, 1);
  await say('payment', 8);
  await say('book', 9, 4);
}
const group = (name: string, position: number): Promise<unknown> =>
  source.database.pool.query(
    'insert into state.checkpoint (group_name, store, position, holder, moved_at) values ($1, $2, $3, $4, now())',
    [name, source.store.storeId, position, randomUUID()],
  );
const parked = (name: string, key: string, position: number): Promise<unknown> =>
  source.database.pool.query(
    `insert into state.parked_key (group_name, key, first_position, fact_id, fact_type, stream, cause, attempts, parked_at)
     values ($1, $2, $3, $4, 'OperationLinked', 'payment-x', 'broken', 5, now())`,
    [name, key, position, randomUUID()],
  );

const backUp = (): Promise<Backup> =>
  writeBackup({ pool: source.database.pool, to: join(folder, 'one'), master: MASTER, now: 0, factsPerPart: 4 });
async function putBack({ folder: from, manifest }: Backup, to: Target = WHOLE): Promise<Restored> {
  return restoreBackup(target.database.pool, await checkBackup(from, manifest, to), []);
}
const rows = async (bench: PlatformBench, sql: string): Promise<unknown[]> =>
  (await bench.database.pool.query(sql)).rows;
const same = async (sql: string): Promise<void> => expect(await rows(target, sql)).toEqual(await rows(source, sql));

describe('a backup that is put back', () => {
  it('is the same facts, vault and clock in another database, byte for byte, and appends go on behind them', async () => {
    await history();
    const { vault, vaultCipher, personKeys } = source.platform;
    await vault.cards.store(vaultCipher.card('6222021234567890128'));
    await vault.keys.store({
      handle: 'h',
      kind: 'k',
      owner: 'o',
      slot: 'current',
      wrapped: Buffer.from([0, 255, 10, 92]),
    });
    await vault.people.store({
      handle: 'p',
      person: 'x',
      field: 'f',
      sealed: await personKeys.encrypt('x', 'f', '日结\n'),
    });
    await putBack(await backUp());
    for (const table of [
      'store.fact',
      'store.head',
      'store.identity',
      'vault.card',
      'vault.data_key',
      'vault.key',
      'vault.person',
      'vault.person_key',
    ])
      await same(`select * from ${table} t order by t::text`);
    const found = await target.platform.vault.people.find('p');
    expect(await target.platform.personKeys.decrypt('x', 'f', found?.sealed as Uint8Array)).toBe('日结\n');
  });

  it('takes numbers up beyond every number that was given since, and sets no clock back', async () => {
    await history();
    await source.database.pool.query(`insert into state.authorization_counter values ('rrn', 30000)`);
    const clock = `insert into state.business_clock values (true, $1, 0, 60, null, $1, true)`;
    await source.database.pool.query(clock, ['2026-11-23T02:00:00Z']);
    await target.database.pool.query(clock.replace('true)', 'false)'), ['2026-11-22T00:00:00Z']);
    await putBack(await backUp());
    expect(await rows(target, 'select next > 1000000000 as ahead from state.authorization_counter')).toEqual([
      { ahead: true },
    ]);
    expect(await rows(target, 'select rate, floor_at, simulated from state.business_clock')).toEqual([
      { rate: 60, floor_at: new Date('2026-11-23T02:09:00.000Z'), simulated: true },
    ]);
  });

  it('holds no epoch key and no master key, and nothing of the vault in clear', async () => {
    const { vault, vaultCipher, epochKeys } = source.platform;
    const box = await epochKeys.seal({ pan: '6222021234567890128' }, 'sale', Date.now());
    await vault.cards.store(vaultCipher.card('6222021234567890128'));
    const [key] = await rows(source, `select encode(wrapped, 'hex') as hex from vault.epoch_key`);
    const { folder: made } = await backUp();
    const all = readdirSync(made)
      .map((file) => readFileSync(join(made, file)))
      .map((bytes) => (bytes[0] === 0x1f ? gunzipSync(bytes) : bytes).toString('latin1'))
      .join('\n');
    expect(all).toContain('key_version');
    for (const secret of [MASTER.toString('hex'), (key as { hex: string }).hex, '6222021234567890128'])
      expect(all).not.toContain(secret);
    expect(box).toBeDefined();
  });
});

describe('a restore to an earlier point', () => {
  it('ends at the position, or at the last fact that is not later than the time', async () => {
    await history();
    const backup = await backUp();
    const upTo = async (text: string) => (await checkBackup(backup.folder, backup.manifest, readTarget(text))).upTo;
    expect(await upTo('7')).toBe(7n);
    expect(await upTo('2026-11-23 10:06:00')).toBe(7n);
    expect(await upTo('2026-11-23T02:06:59.999Z')).toBe(7n);
    expect(await upTo('2027-01-01 00:00')).toBe(10n);
    await expect(upTo('11')).rejects.toThrow('the backup ends at position 10');
    await expect(upTo('2026-11-23 09:59:00')).rejects.toThrow('the first fact of the backup is later');
    expect(() => readTarget('yesterday')).toThrow('give a position');
    await putBack(backup, readTarget('7'));
    expect(await target.store.head()).toBe(7n);
    await same('select * from store.fact where position <= 7 order by position');
  });

  it('sends a group that says facts back to before the first fact whose answer is left out', async () => {
    await history();
    for (const name of ['ahead', 'lagging']) await group(name, name === 'ahead' ? 10 : 1);
    // At 7 the answer to the fact at 2 is not there yet, though its group had gone on to 6 when it was said.
    const { groups } = await putBack(await backUp(), readTarget('7'));
    expect(Object.fromEntries(groups)).toEqual({ ahead: 1n, lagging: 1n });
  });

  it('lets a group go on where it stood when every answer up to there is kept', async () => {
    await history();
    for (const [name, position] of [
      ['ahead', 10],
      ['lagging', 6],
    ] as const)
      await group(name, position);
    const { groups } = await putBack(await backUp());
    expect(Object.fromEntries(groups)).toEqual({ ahead: 10n, lagging: 6n });
  });

  it('lets a group go on where it stood before the head was read, whatever it says while the facts are copied', async () => {
    await history();
    await group('g', 8);
    // While the facts are copied the answer to 9 comes to stand beyond the head, and the checkpoint passes 9.
    const { pool } = source.database;
    let moved: Promise<unknown> | undefined;
    const query = async (...args: Parameters<typeof pool.query>): Promise<unknown> => {
      if ((args[0] as { name?: string }).name === 'export-records')
        await (moved ??= say('book', 20, 8).then(() => pool.query('update state.checkpoint set position = 11')));
      return pool.query(...args);
    };
    const live = new Proxy(pool, {
      get: (there, name) => (name === 'query' ? query : Reflect.get(there, name, there)),
    });
    const backup = await writeBackup({ pool: live, to: join(folder, 'live'), master: MASTER, now: 0 });
    expect(backup.manifest.head).toBe('10');
    expect(Object.fromEntries((await putBack(backup)).groups)).toEqual({ g: 8n });
  });

  it('keeps a parked key whose facts its group has passed, and no other', async () => {
    await history();
    await group('g', 9);
    for (const [key, position] of [
      ['kept', 1],
      ['met again', 5],
      ['beyond', 9],
    ] as const)
      await parked('g', key, position);
    await putBack(await backUp(), readTarget('8'));
    // The answer to 5 is left out, so the group goes on behind 4.
    expect(await rows(target, 'select key, first_position::int as at from state.parked_key')).toEqual([
      { key: 'kept', at: 1 },
    ]);
  });
});

describe('nothing is restored', () => {
  const refused = async ({ folder: from }: Backup, why: string): Promise<void> => {
    await expect(async () => putBack({ folder: from, manifest: readManifest(from) })).rejects.toThrow(why);
    expect(await target.store.head()).toBe(0n);
    await checkEmpty(target.database.pool);
  };

  it('from a backup of which one bit or one byte is not as it was written, whichever file it is in', async () => {
    await history();
    await source.platform.vault.cards.store(source.platform.vaultCipher.card('6222021234567890128'));
    const backup = await backUp();
    for (const { file, bytes } of backup.manifest.parts) {
      const damaged = join(folder, `damaged-${file}`);
      cpSync(backup.folder, damaged, { recursive: true });
      const content = readFileSync(join(damaged, file));
      const at = Math.floor(bytes / 2);
      content.writeUInt8((content[at] ?? 0) ^ 1, at);
      writeFileSync(join(damaged, file), content);
      await refused({ ...backup, folder: damaged }, file);
      truncateSync(join(damaged, file), bytes - 1);
      await refused({ ...backup, folder: damaged }, file);
      rmSync(join(damaged, file));
      await refused({ ...backup, folder: damaged }, file);
    }
  });

  it('from parts that changed places, or another store’s parts under a changed manifest', async () => {
    await history();
    const backup = await backUp();
    const change = (edit: (manifest: Manifest) => Manifest): void =>
      writeFileSync(join(backup.folder, 'manifest.json'), JSON.stringify(edit(backup.manifest)));
    change((manifest) => ({ ...manifest, parts: manifest.parts.toReversed() }));
    await refused(backup, 'position 1 is missing');
    change((manifest) => ({ ...manifest, parts: manifest.parts.filter(({ file }) => file !== 'facts-0003.gz') }));
    await refused(backup, 'the facts end at position 8');
    change((manifest) => ({ ...manifest, chain: '0'.repeat(64) }));
    await refused(backup, 'running hash');
    change((manifest) => ({ ...manifest, format: 2 as 1 }));
    await refused(backup, 'run a newer one');
    change((manifest) => ({ ...manifest, head: '-1' }));
    await refused(backup, 'head is not what a backup writes');
  });

  it('from a backup that was killed, and the next one clears it away', async () => {
    await history();
    const partial = join(folder, '.tillstream-backup.999999999.partial');
    cpSync((await backUp()).folder, partial, { recursive: true });
    rmSync(join(partial, 'manifest.json'));
    await refused({ folder: partial, manifest: {} as Manifest }, 'no finished backup');
    const { folder: next } = await writeBackup({ pool: source.database.pool, to: folder, master: MASTER, now: 0 });
    expect(next).toBe(join(folder, 'tillstream-19700101T000000Z-10'));
    expect(existsSync(partial)).toBe(false);
  });

  it('under another master key, or over anything that is there', async () => {
    await history();
    const { manifest, folder: from } = await backUp();
    checkMasterKey(manifest, MASTER);
    expect(() => checkMasterKey(manifest, Buffer.alloc(32, 2))).toThrow('not the master key of the backup');
    await expect(checkEmpty(source.database.pool)).rejects.toThrow('store.fact is not empty');
    await target.platform.vault.cards.store(target.platform.vaultCipher.card('6222021234567890128'));
    await expect(checkEmpty(target.database.pool)).rejects.toThrow('vault.card is not empty');
    await putBack({ manifest, folder: from });
    await expect(putBack({ manifest, folder: from })).rejects.toThrow('holds facts already');
  });

  it('of a newer program', async () => {
    await history();
    const fact = factToAppend({}, { type: 'OperationLinked', version: 99 });
    await source.store.writer('authorization').append('payment-new', NO_STREAM, [fact]);
    await refused(await backUp(), 'OperationLinked version 99, of which this program knows 1');
  });
});

describe('a backup', () => {
  it('is refused of a store in which a record was changed, and leaves nothing', async () => {
    await history();
    await source.database.pool.query(`alter table store.fact disable trigger all;
      update store.fact set record = set_byte(record, 100, get_byte(record, 100) # 1) where position = 7`);
    await expect(backUp()).rejects.toThrow('position 7: the leaf hash');
    expect(readdirSync(folder)).toEqual([]);
  });

  it('never overwrites another', async () => {
    await history();
    await backUp();
    await expect(backUp()).rejects.toThrow('is a backup already');
    copyFileSync(join(folder, 'one', 'manifest.json'), join(folder, 'copy'));
    expect(readManifest(join(folder, 'one')).head).toBe('10');
  });
});

describe('a backup that is kept elsewhere', () => {
  const deviation = async ({ folder: from, manifest }: Backup) =>
    compareWithBackup(source.database.pool, from, manifest);
  const byTheOwner = (sql: string, values?: unknown[]) => source.database.pool.query(sql, values);

  it('tells what the store cannot tell by itself: a tail cut off with its head, a history written anew with its hashes', async () => {
    await history();
    const backup = await backUp();
    await say('payment', 20);
    expect(await deviation(backup)).toBeUndefined();
    await byTheOwner('alter table store.fact disable trigger all; alter table store.head disable trigger all');
    const { rows: found } = await byTheOwner('select record from store.fact where position = 6');
    const forged = encodeRecord({
      ...decodeRecord((found[0] as { record: Buffer }).record),
      at: '2026-11-23T02:00:00.000Z',
    });
    await byTheOwner('update store.fact set record = $1, leaf = $2 where position = 6', [forged, leafHash(forged)]);
    expect((await verifyStore(source.database.pool)).firstBad).toBeUndefined();
    expect(await deviation(backup)).toEqual({ position: 6n, why: expect.stringContaining('another fact') });

    await byTheOwner('delete from store.fact where position > 5; update store.head set position = 5');
    expect(await verifyStore(source.database.pool)).toEqual({ facts: 5n, head: 5n });
    expect(await deviation(backup)).toEqual({ position: 6n, why: expect.stringContaining('the store has none') });
  });
});
