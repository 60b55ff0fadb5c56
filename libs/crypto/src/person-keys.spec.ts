import { KeyRing } from './key-ring.ts';
import { PersonKeys, type PersonKeyStore } from './person-keys.ts';
import { systemRandom } from './random-source.ts';

const master = new KeyRing({ current: 'v1', keys: { v1: Buffer.alloc(32, 1) }, random: systemRandom });
const refused = (code: string) => expect.objectContaining({ name: 'SecurityError', code });

class StoredPersons implements PersonKeyStore {
  readonly rows = new Map<string, Uint8Array | 'destroyed'>();
  async putIfAbsent(person: string, wrapped: Uint8Array) {
    if (!this.rows.has(person)) this.rows.set(person, wrapped);
    return this.rows.get(person)!;
  }
  async find(person: string) {
    return this.rows.get(person);
  }
  async destroy(person: string) {
    this.rows.set(person, 'destroyed');
  }
}

const setUp = () => {
  const store = new StoredPersons();
  return { store, keys: new PersonKeys({ store, master, random: systemRandom }) };
};

describe('personal data', () => {
  it('comes back for the same person and field', async () => {
    const { keys } = setUp();
    await keys.create('person-1');
    const sealed = await keys.encrypt('person-1', 'phone', '13800138000');
    expect(await keys.decrypt('person-1', 'phone', sealed)).toBe('13800138000');
  });

  it('a person gets a key with the first datum, and keeps it', async () => {
    const { store, keys } = setUp();
    const name = await keys.encrypt('person-1', 'name', '张三');
    const key = store.rows.get('person-1');
    await keys.encrypt('person-1', 'phone', '1');
    await keys.create('person-1');
    expect(store.rows.get('person-1')).toBe(key);
    expect(await keys.decrypt('person-1', 'name', name)).toBe('张三');
  });

  it('is unreadable for ever once the key is destroyed, and nothing new can be written', async () => {
    const { keys } = setUp();
    const sealed = await keys.encrypt('person-1', 'name', '张三');
    await keys.destroy('person-1');
    await expect(keys.decrypt('person-1', 'name', sealed)).rejects.toThrow(refused('person-erased'));
    await expect(keys.encrypt('person-1', 'name', '张三')).rejects.toThrow(refused('person-erased'));
    await expect(keys.create('person-1')).rejects.toThrow(refused('person-erased'));
  });

  it('an erasure may be done again, as after a restore', async () => {
    const { keys } = setUp();
    await keys.destroy('person-1');
    await expect(keys.destroy('person-1')).resolves.toBeUndefined();
  });

  it('erasing one person leaves the others', async () => {
    const { keys } = setUp();
    const other = await keys.encrypt('person-2', 'name', '李四');
    await keys.destroy('person-1');
    expect(await keys.decrypt('person-2', 'name', other)).toBe('李四');
  });

  it('does not open for another person, another field, changed or cut', async () => {
    const { keys, store } = setUp();
    const sealed = await keys.encrypt('person-1', 'name', '张三');
    await keys.create('person-2');
    await expect(keys.decrypt('person-2', 'name', sealed)).rejects.toThrow(refused('blob-unreadable'));
    await expect(keys.decrypt('person-1', 'phone', sealed)).rejects.toThrow(refused('blob-unreadable'));
    await expect(keys.decrypt('person-3', 'name', sealed)).rejects.toThrow(refused('blob-unreadable'));
    for (let at = 0; at < sealed.length; at += 1) {
      const changed = Buffer.from(sealed);
      changed[at]! ^= 1;
      await expect(keys.decrypt('person-1', 'name', changed)).rejects.toThrow(refused('blob-unreadable'));
      await expect(keys.decrypt('person-1', 'name', sealed.subarray(0, at))).rejects.toThrow(
        refused('blob-unreadable'),
      );
    }
    store.rows.set('person-2', store.rows.get('person-1')!);
    await expect(keys.decrypt('person-2', 'name', sealed)).rejects.toThrow(refused('blob-unreadable'));
  });
});
