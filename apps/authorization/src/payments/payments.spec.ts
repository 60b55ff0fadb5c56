import { BoundedMap } from './bounded-map.ts';
import { SerialWork } from './serial-work.ts';

describe('a bounded map', () => {
  it('forgets what was not used for longest', () => {
    const map = new BoundedMap<string, number>(2);
    map.set('a', 1);
    map.set('b', 2);
    expect(map.get('a')).toBe(1);
    map.set('c', 3);
    expect([map.get('a'), map.get('b'), map.get('c'), map.size]).toEqual([1, undefined, 3, 2]);
  });
});

describe('serial work', () => {
  it('runs work of one key in order, of two keys side by side, and forgets keys that are done', async () => {
    const serial = new SerialWork();
    const said: string[] = [];
    const gate = Promise.withResolvers<void>();
    const first = serial.run('a', async () => {
      await gate.promise;
      said.push('a1');
    });
    const second = serial.run('a', async () => void said.push('a2'));
    await serial.run('b', async () => void said.push('b'));
    gate.resolve();
    await Promise.all([first, second]);
    expect(said).toEqual(['b', 'a1', 'a2']);
    expect(serial.size).toBe(0);
  });

  it('goes on after work that failed', async () => {
    const serial = new SerialWork();
    const failed = serial.run('a', () => Promise.reject(new Error('no')));
    const next = serial.run('a', () => Promise.resolve('yes'));
    await expect(failed).rejects.toThrow('no');
    expect(await next).toBe('yes');
  });
});
