import { isCommandError, ErrorType, StreamNotFoundError, type StreamingRead } from '@eventstore/db-client';
import { StoreUnavailable } from '../port.ts';
import { DamagedRecord } from '../record.ts';

/** A read that is silent for this long, ms, has lost its server. */
const SILENCE_MS = 8_000;

/**
 * Gives each event of a read, and ends the call on the server whenever the caller stops. @throws StoreUnavailable when the server cannot be
 * read, StreamNotFoundError, DamagedRecord for a stream that was deleted
 */
export async function* eachEvent<T>(open: () => StreamingRead<T>): AsyncGenerator<T> {
  const stream = open();
  // The client emits errors of a call that was given up, too; without a listener they would end the process.
  stream.on('error', () => undefined);
  let isOurTurn = false;
  const silence = setTimeout(() => {
    if (!isOurTurn) stream.emit('error', new Error('the server said nothing'));
  }, SILENCE_MS);
  try {
    for await (const event of stream) {
      isOurTurn = true;
      yield event;
      isOurTurn = false;
      silence.refresh();
    }
  } catch (error) {
    throw translated(error);
  } finally {
    clearTimeout(silence);
    stream.cancel().catch(() => undefined);
  }
}

/** What an error of the client means to the port. */
export function translated(error: unknown): unknown {
  if (error instanceof DamagedRecord || error instanceof StoreUnavailable || error instanceof StreamNotFoundError)
    return error;
  if (error instanceof Error && isCommandError(error)) {
    if (error.type === ErrorType.STREAM_DELETED)
      return new DamagedRecord('a stream was deleted; facts are never removed', { cause: error });
    if (error.type === ErrorType.ACCESS_DENIED)
      return new StoreUnavailable('the event store refuses our credentials', { cause: error });
  }
  return new StoreUnavailable('the event store cannot be read now', { cause: error });
}
