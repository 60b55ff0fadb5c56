import { END, START, type Position, type ReadPosition } from '@eventstore/db-client';

/**
 * A place in EventStoreDB's log as one ordered, opaque number: twice the log position of an event, plus one, is *after* that event;
 * twice a log position is *before* whatever stands there. So one less than a fact's position is a place too, right before the fact: no arithmetic
 * of a caller leads into the middle of a log record, where the server could not begin to read.
 */
export type Place = bigint;

/**
 * The place of an event: of its commit position, which equals the prepare position of everything that is not written in an explicit
 * transaction, and nothing of ours is. Undefined for any other.
 */
export function placeOf(position: Position | undefined): Place | undefined {
  if (position === undefined || position.commit !== position.prepare || position.commit > MAX_LOG_POSITION)
    return undefined;
  return 2n * position.commit + 1n;
}

/** A server that does not know an event's position says the highest number there is (before 22.6, for reads of a stream). */
const MAX_LOG_POSITION = 2n ** 62n - 1n;

/**
 * The place up to which a checkpoint has looked: before its position. A checkpoint may name the event that it looked at last or the one that it looks at next,
 * and only this reading of it passes over nothing.
 */
export const checkpointPlace = (position: Position): Place => 2n * position.commit;

/** True for a place behind an event that stands in the log; a subscription may begin there and at 0. */
export const isBehindEvent = (place: Place): boolean => place % 2n === 1n;

/** Where a read of everything after a place begins. The server gives the event at the position too; drop what is not after the place. */
export const readFrom = (place: Place): ReadPosition => (place === 0n ? START : logPosition(place));

/** Where a subscription begins, exclusively, for a place that {@link isBehindEvent} or 0. */
export const subscribeFrom = readFrom;

const logPosition = (place: Place): Position => ({ commit: place / 2n, prepare: place / 2n });

/** The end of the log, to read backwards from. */
export const FROM_END = END;
