import { EpochKeys, type CardFields, type EpochKeyStore } from './card-seal.ts';
import { KeyRing } from './key-ring.ts';
import { systemRandom } from './random-source.ts';

const minute = 60_000;
const master = new KeyRing({ current: 'v1', keys: { v1: Buffer.alloc(32, 1) }, random: systemRandom });
const fields: CardFields = {
  pan: '6200000000000005',
  expiry: '3012',
  track2: '6200000000000005=30122011234',
  pinBlock: Buffer.from('A729ECFF4EAB9C93', 'hex'),
  chip: Buffer.from('5A086200000000000005', 'hex'),
};
const refused = (code: string) => expect.objectContaining({ name: 'SecurityError', code });

class StoredEpochs implements EpochKeyStore {
  readonly rows = new Map<number, Uint8Array>();
  reads = 0;
  async putIfAbsent(epoch: number, wrapped: Uint8Array) {
    this.reads += 1;
    if (!this.rows.has(epoch)) this.rows.set(epoch, wrapped);
    return this.rows.get(epoch)!;
  }
  async find(epoch: number) {
    this.reads += 1;
    return this.rows.get(epoch);
  }
  async destroyThrough(epoch: number) {
    for (const row of this.rows.keys()) if (row <= epoch) this.rows.delete(row);
  }
}

const keysOn = (store: EpochKeyStore) => new EpochKeys({ store, master, random: systemRandom });

describe('sealing of card fields', () => {
  it('authorization opens what a gateway sealed, field by field', async () => {
    const store = new StoredEpochs();
    const sealed = await keysOn(store).seal(fields, 'payment 1', 0);
    expect(await keysOn(store).open(sealed, 'payment 1', minute)).toEqual(fields);
  });

  it('a field that was not there is not there afterwards', async () => {
    const keys = keysOn(new StoredEpochs());
    expect(await keys.open(await keys.seal({ pan: '1' }, 'p', 0), 'p', 0)).toEqual({ pan: '1' });
    expect(await keys.open(await keys.seal({}, 'p', 0), 'p', 0)).toEqual({});
  });

  it('nothing readable is in the box, and no two boxes are alike', async () => {
    const keys = keysOn(new StoredEpochs());
    const first = await keys.seal(fields, 'p', 0);
    expect(Buffer.from(first.box).toString('latin1')).not.toContain('62000');
    expect(first.box).not.toEqual((await keys.seal(fields, 'p', 0)).box);
  });

  it('there is a new key every 5 minutes', async () => {
    const store = new StoredEpochs();
    const keys = keysOn(store);
    const at = async (ms: number) => (await keys.seal(fields, 'p', ms)).epoch;
    expect([await at(0), await at(5 * minute - 1), await at(5 * minute), await at(12 * minute)]).toEqual([0, 0, 1, 2]);
    expect(store.rows.size).toBe(3);
  });

  it('two gateways that start an epoch at once use one key', async () => {
    const store = new StoredEpochs();
    const [one, two] = [keysOn(store), keysOn(store)];
    const [first, second] = await Promise.all([one.seal(fields, 'p', 0), two.seal(fields, 'p', 0)]);
    expect(await two.open(first, 'p', 0)).toEqual(fields);
    expect(await one.open(second, 'p', 0)).toEqual(fields);
  });

  it('the store is asked once per epoch and process', async () => {
    const store = new StoredEpochs();
    const keys = keysOn(store);
    const sealed = await Promise.all(Array.from({ length: 20 }, () => keys.seal(fields, 'p', 0)));
    for (const box of sealed) await keys.open(box, 'p', 0);
    expect(store.reads).toBe(1);
  });

  it('a key opens for 10 minutes after its epoch and then no more, even if the store still had it', async () => {
    const store = new StoredEpochs();
    const keys = keysOn(store);
    const sealed = await keys.seal(fields, 'p', 4 * minute);
    expect(await keys.open(sealed, 'p', 15 * minute - 1)).toEqual(fields);
    await expect(keys.open(sealed, 'p', 15 * minute)).rejects.toThrow(refused('epoch-gone'));
    await expect(keysOn(store).open(sealed, 'p', 15 * minute)).rejects.toThrow(refused('epoch-gone'));
  });

  it('destroying removes exactly the expired keys, in the store and in memory', async () => {
    const store = new StoredEpochs();
    const keys = keysOn(store);
    const sealed = await keys.seal(fields, 'p', 0);
    await keys.seal(fields, 'p', 5 * minute);
    await keys.destroyExpired(15 * minute - 1);
    expect([...store.rows.keys()]).toEqual([0, 1]);
    await keys.destroyExpired(15 * minute);
    expect([...store.rows.keys()]).toEqual([1]);
    await expect(keys.open(sealed, 'p', 0)).rejects.toThrow(refused('epoch-gone'));
  });

  it('an epoch that nobody issued is gone, and is found once it was issued', async () => {
    const store = new StoredEpochs();
    const [gateway, authorization] = [keysOn(store), keysOn(store)];
    const box = Buffer.alloc(40, 1);
    await expect(authorization.open({ epoch: 0, box }, 'p', 0)).rejects.toThrow(refused('epoch-gone'));
    await expect(authorization.open({ epoch: 0.5, box }, 'p', 0)).rejects.toThrow(refused('epoch-gone'));
    const sealed = await gateway.seal(fields, 'p', 0);
    expect(await authorization.open(sealed, 'p', 0)).toEqual(fields);
  });

  it('a box opens in its own context and epoch only', async () => {
    const keys = keysOn(new StoredEpochs());
    const sealed = await keys.seal(fields, 'payment 1', 0);
    await keys.seal(fields, 'payment 1', 5 * minute);
    await expect(keys.open(sealed, 'payment 2', 0)).rejects.toThrow(refused('blob-unreadable'));
    await expect(keys.open({ ...sealed, epoch: 1 }, 'payment 1', 0)).rejects.toThrow(refused('blob-unreadable'));
  });

  it('a box with any byte changed or cut is refused', async () => {
    const keys = keysOn(new StoredEpochs());
    const sealed = await keys.seal({ pan: '6200000000000005' }, 'p', 0);
    for (let at = 0; at < sealed.box.length; at += 1) {
      const box = Buffer.from(sealed.box);
      box[at]! ^= 0x80;
      await expect(keys.open({ ...sealed, box }, 'p', 0)).rejects.toThrow(refused('blob-unreadable'));
      await expect(keys.open({ ...sealed, box: sealed.box.subarray(0, at) }, 'p', 0)).rejects.toThrow(
        refused('blob-unreadable'),
      );
    }
  });

  it('a store that fails once does not spoil the epoch', async () => {
    const store = new StoredEpochs();
    let broken = true;
    const keys = keysOn({
      putIfAbsent: async (epoch, wrapped) => {
        if (broken) throw new Error('connection lost');
        return store.putIfAbsent(epoch, wrapped);
      },
      find: (epoch) => store.find(epoch),
      destroyThrough: (epoch) => store.destroyThrough(epoch),
    });
    await expect(keys.seal(fields, 'p', 0)).rejects.toThrow('connection lost');
    broken = false;
    expect((await keys.seal(fields, 'p', 0)).epoch).toBe(0);
  });

  it('refuses settings that cannot work', () => {
    for (const epochMs of [0, -1, 0.5, Number.NaN]) {
      expect(() => new EpochKeys({ store: new StoredEpochs(), master, random: systemRandom, epochMs })).toThrow(
        'epochMs',
      );
    }
  });
});
