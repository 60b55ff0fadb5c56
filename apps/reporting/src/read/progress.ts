import type { Platform } from '@tillstream/service-kit';
import type { Mark } from './snapshot.ts';

/** Head of the store, and per group of consumers its position, what it has yet to look through, and keys that wait for a person. */
export async function groupProgress({ store, feed }: Pick<Platform, 'store' | 'feed'>) {
  const head = await store.head();
  const groups = (await feed.positions()).map(({ group, position, parkedKeys }) => {
    const lag = head > position ? Number(head - position) : 0;
    return { group, position: String(position), lag, parkedKeys };
  });
  const position: Mark = { store: store.storeId, position: String(head) };
  return { position, groups };
}
