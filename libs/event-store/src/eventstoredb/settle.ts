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
    const positions = await positionsOfSame(reading, append);
    const position = positions.at(-1);
    if (position !== undefined) return { result: { ok: true, revision: expected + ids.length, position, positions } };
  }
  if (revision !== expected) return { result: { ok: false, conflict: true, revision } };
  const stands = last && checkedRecord(last).content.key;
  if (stands !== undefined && stands !== key)
    return { refused: new AppendRefused(`${stream}: its first fact has the key ${stands}, not ${key}`) };
  return 'not-stored';
}

/** Positions of the append's facts when they stand where it wanted them; none otherwise. */
async function positionsOfSame(
  reading: EventStoreDbReading,
  { stream, expected, ids }: Pick<PendingAppend, 'stream' | 'expected' | 'ids'>,
): Promise<readonly bigint[]> {
  const positions: bigint[] = [];
  for await (const event of reading.events(stream, expected + 1, ids.length)) {
    const position = placeOf(event.position);
    if (event.id !== ids[positions.length] || position === undefined) return [];
    positions.push(position);
  }
  return positions.length === ids.length ? positions : [];
}
