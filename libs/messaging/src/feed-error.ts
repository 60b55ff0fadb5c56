import { StoreUnavailable } from '@tillstream/event-store';

/** The group's checkpoint was made on another store; its position means nothing here (design 8). */
export class CheckpointOfAnotherStore extends Error {
  override readonly name = 'CheckpointOfAnotherStore';
  constructor(group: string, remembered: string, given: string) {
    super(
      `group '${group}' has its checkpoint in store ${remembered}, but this is store ${given}; ` +
        'point the process at its own store, or import that store into this one first',
    );
  }
}

/** A cluster left the group with partitions at different places or behind the head, so it has no one position to go on from. */
export class ClusterNotDrained extends Error {
  override readonly name = 'ClusterNotDrained';
  constructor(group: string, { lowest, highest }: { readonly lowest: bigint; readonly highest: bigint }, head: bigint) {
    super(
      `group '${group}' was fed by a cluster and stands between ${lowest} and ${highest}, the store's head is ${head}; ` +
        'start the cluster again, stop the gateways, wait until every lag is 0, then stop the rest and start the single node',
    );
  }
}

/** Somebody else feeds this group now; whatever this instance had in work is rolled back. */
export class FeedTakenOver extends Error {
  override readonly name = 'FeedTakenOver';
  constructor(group: string) {
    super(`group '${group}' is fed by another instance now; this one has stopped feeding it`);
  }
}

/** The subscription was stopped before the position was reached. */
export class FeedStopped extends Error {
  override readonly name = 'FeedStopped';
  constructor(group: string) {
    super(`group '${group}' has been stopped`);
  }
}

const passingCodes =
  /^(08|53|57P0|40001|40P01|55P03|57014|25006|ECONN|EPIPE|ETIMEDOUT|ENOTFOUND|EHOSTUNREACH|EAI_AGAIN)/;
const passingMessages =
  /connection terminated|timeout exceeded when trying to connect|connection timeout|query read timeout|not queryable/i;

/**
 * True when the error says something about the database or the store, not about the fact: such a batch is retried for as long as it takes
 * and parks nothing, or an outage would park every key.
 */
export function isPassing(error: unknown): boolean {
  if (error instanceof StoreUnavailable) return true;
  if (!(error instanceof Error)) return false;
  const code = (error as { code?: unknown }).code;
  if (typeof code === 'string' && passingCodes.test(code)) return true;
  if (passingMessages.test(error.message)) return true;
  return error.cause !== undefined && error.cause !== error && isPassing(error.cause);
}

/** An error as one line fit to be stored and shown: at most 500 characters, every run of 12 and more digits masked (it may be a card). */
export function causeOf(error: unknown): string {
  const text = error instanceof Error ? `${error.name}: ${error.message}` : String(error);
  const line = text.replace(/\s+/g, ' ');
  return line.replace(/\d(?:[ -]?\d){11,}/g, (run) => '*'.repeat(run.length)).slice(0, 500);
}
