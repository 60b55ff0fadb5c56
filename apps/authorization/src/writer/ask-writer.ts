import { StoreUnavailable } from '@tillstream/event-store';
import type { Desk } from '../desk.ts';

/** What an instance of this service asks of the one that is the writer of a key; nothing else sends these, and none carries a card. */
export const writerPattern = {
  endDoubt: 'authorization.end-doubt',
  refundFunds: 'authorization.refund-funds',
  forceRefund: 'authorization.force-refund',
} as const;

/** The writer's answer, or that the key is not that instance's. */
export type FromWriter<Answer> = { readonly said: Answer } | { readonly notMine: true };

const WAIT_MS = 5_000;

/**
 * Asks the key's one writer, because what is stored under a key changes what its writer remembers. Rejects with `StoreUnavailable` when nobody
 * answers for the key: it is being taken over, or the broker is away; asking again changes nothing twice.
 */
export async function askWriter<Answer>(
  { platform }: Desk,
  pattern: string,
  key: string,
  question: object,
): Promise<Answer> {
  const payload = Buffer.from(JSON.stringify(question));
  const outcome = await platform.commands.request(pattern, key, payload, platform.machineClock.now() + WAIT_MS);
  if (outcome.kind !== 'answer') throw new StoreUnavailable('the writer of the key does not answer');
  const answer = JSON.parse(outcome.payload.toString('utf8')) as FromWriter<Answer>;
  if ('notMine' in answer) throw new StoreUnavailable('the key is just being taken over');
  return answer.said;
}
