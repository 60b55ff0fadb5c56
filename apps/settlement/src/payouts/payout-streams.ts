import { isRefused, type Decision } from '@tillstream/domain/fact';
import type { PayoutRefusal } from '@tillstream/domain/payout/decide';
import type { PayoutFact } from '@tillstream/domain/payout/events';
import { evolve, noPayout, type PayoutState } from '@tillstream/domain/payout/state';
import { streamOf } from '@tillstream/domain/stream';
import { NO_STREAM, type EventStore } from '@tillstream/event-store';
import { idOf, say, type Ground } from '../ground.ts';

/** Names a payout. */
export interface PayoutName {
  readonly merchantId: string;
  readonly dueDate: string;
}

/** A payout as its own stream tells. */
export async function loadPayout(
  store: EventStore,
  { merchantId, dueDate }: PayoutName,
): Promise<{ readonly stream: string; readonly state: PayoutState; readonly revision: number }> {
  const stream = streamOf.payout(merchantId, dueDate);
  const records = await store.readStream(stream);
  return {
    stream,
    state: records.reduce<PayoutState>((state, record) => evolve(state, record as unknown as PayoutFact), noPayout),
    revision: records.at(-1)?.revision ?? NO_STREAM,
  };
}

/**
 * Decides on a payout as its stream stands and appends; somebody else's append in between means to decide again. Gives how many
 * facts were said, or the refusal.
 */
export async function decidePayout(
  ground: Ground,
  name: PayoutName,
  decide: (state: PayoutState) => Decision<PayoutFact, PayoutRefusal>,
  by?: string,
): Promise<number | PayoutRefusal> {
  for (;;) {
    const { stream, state, revision } = await loadPayout(ground.platform.store, name);
    const decision = decide(state);
    if (isRefused<PayoutFact, PayoutRefusal>(decision)) return decision.refusal;
    if (decision.facts.length === 0) return 0;
    const appended = await say(ground, {
      stream,
      key: name.merchantId,
      expected: revision,
      facts: decision.facts.map((fact, n) => ({ id: idOf(stream, revision + 1 + n, fact.type), fact })),
      ...(by ? { by } : {}),
    });
    if (appended.ok) return decision.facts.length;
  }
}
