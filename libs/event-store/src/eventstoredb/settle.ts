import { AppendRefused, type PendingAppend } from '../pending-append.ts';
import type { AppendResult } from '../port.ts';
import { placeOf } from './place.ts';
import type { EventStoreDbReading } from './reading.ts';
import { checkedRecord } from './recorded.ts';

/** What a look at the stream says about an append: its answer, a defect of the caller, or that it is not stored and may be sent. */
export type Verdict = { readonly result: AppendResult } | { readonly refused: AppendRefused } | 'not-stored';

/**
 * Reads the stream back and compares ids (design 8): the same ids in the same place are the append itself, so it gets the first
 * answer; anything else there is a conflict; nothing there means that it was not stored.
 */
export async function settle(
  reading: EventStoreDbReading,
  append: Pick<PendingAppend, 'stream' | 'expected' | 'key' | 'ids'>,
): Promise<Verdict> {
  const { stream, expected, ids, key } = append;
  const last = await reading.last(stream);
  const revision = last === undefined ? -1 : Number(last.revision);
  if (revision >= expected + ids.length) {
    const position = await positionOfSame(reading, append);
    if (position !== undefined) return { result: { ok: true, revision: expected + ids.length, position } };
  }
  if (revision !== expected) return { result: { ok: false, conflict: true, revision } };
  const stands = last && checkedRecord(last).content.key;
  if (stands !== undefined && stands !== key)
    return { refused: new AppendRefused(`${stream}: its first fact has the key ${stands}, not ${key}`) };
  return 'not-stored';
}

/** Position of the append's last fact when its facts stand where it wanted them. */
async function positionOfSame(
  reading: EventStoreDbReading,
  { stream, expected, ids }: Pick<PendingAppend, 'stream' | 'expected' | 'ids'>,
): Promise<bigint | undefined> {
  let n = 0;
  let position: bigint | undefined;
  for await (const event of reading.events(stream, expected + 1, ids.length)) {
    if (event.id !== ids[n]) return undefined;
    n += 1;
    position = placeOf(event.position);
  }
  return n === ids.length ? position : undefined;
}
