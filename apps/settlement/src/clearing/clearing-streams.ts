import { evolve, noClearing, type ClearingState } from '@tillstream/domain/clearing/decide';
import type { ClearingFact } from '@tillstream/domain/clearing/events';
import { HOUSE, streamOf } from '@tillstream/domain/stream';
import { NO_STREAM } from '@tillstream/event-store';
import { idOf, say, type Ground } from '../ground.ts';

/** A channel's clearing day as its own stream tells. */
export interface LoadedClearing {
  readonly stream: string;
  readonly state: ClearingState;
  readonly revision: number;
}

/** Reads a clearing day. */
export async function loadClearing({ platform }: Ground, channel: string, date: string): Promise<LoadedClearing> {
  const stream = streamOf.clearing(channel, date);
  const records = await platform.store.readStream(stream);
  return {
    stream,
    state: records.reduce<ClearingState>(
      (state, record) => evolve(state, record as unknown as ClearingFact),
      noClearing,
    ),
    revision: records.at(-1)?.revision ?? NO_STREAM,
  };
}

/** Appends to a clearing day; false when somebody else was first, and the next look decides anew. */
export async function sayClearing(
  ground: Ground,
  day: LoadedClearing,
  fact: ClearingFact,
  by = 'bank',
): Promise<boolean> {
  const appended = await say(ground, {
    stream: day.stream,
    key: HOUSE,
    expected: day.revision,
    facts: [{ id: idOf(day.stream, day.revision + 1, fact.type), fact }],
    by,
  });
  return appended.ok;
}
