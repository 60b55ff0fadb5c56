import { named, type Broken, type Evidence } from './evidence.ts';
import type { NetworkOperation } from './foreign-view.ts';
import type { HoldState } from './hold-view.ts';

/** Rules about pre-authorisations and what ends them (domain 3.6). */
export function brokenHolds(evidence: Evidence): Broken[] {
  const { store, afterExpiry } = evidence;
  return [
    ...store.holds.wrong.map((detail) => ({
      rule: 'a hold is completed within 115 %, voided or lapses, once',
      detail,
    })),
    ...networkDiffers(evidence),
    ...advicesReversed(evidence),
    ...(afterExpiry ? notLapsed(evidence) : []),
  ];
}

/** Where the issuer's side of a hold stands, by how it stands here. */
const there: Readonly<Record<Exclude<HoldState, 'asked' | 'undone'>, readonly string[]>> = {
  held: ['open'],
  expired: ['open'],
  completed: ['completed'],
  closed: ['completed'],
  voided: ['voided'],
};

/** What is held, completed or given back here is so at the network. Judged when nothing is in doubt. */
function networkDiffers({ store, network }: Evidence): Broken[] {
  const byHold = new Map<string, NetworkOperation[]>();
  for (const one of network.operations.values()) {
    if (one.original === null || !network.stands(one)) continue;
    byHold.set(one.original, [...(byHold.get(one.original) ?? []), one]);
  }
  const broken: Broken[] = [];
  for (const { operation, state, open } of store.holds.byPayment.values()) {
    if (state === 'asked' || state === 'undone' || open !== null) continue;
    const ends = byHold.get(operation.trace ?? '') ?? [];
    const completions = ends.filter(({ is, key }) => is === 'completion' && !byHold.get(key)?.some(isCompletionVoid));
    const isVoided = ends.some(({ is }) => is === 'pre-auth-void');
    const seen = isVoided ? 'voided' : completions.length > 0 ? 'completed' : 'open';
    if (completions.length + (isVoided ? 1 : 0) > 1)
      broken.push({ rule: 'a hold ends once', detail: `${named(operation)}: ${completions.length} completions stand` });
    if (!there[state].includes(seen))
      broken.push({ rule: 'store and channel agree', detail: `${named(operation)} is ${state}, there it is ${seen}` });
  }
  return broken;
}

const isCompletionVoid = ({ is }: NetworkOperation): boolean => is === 'completion-void';

/** What was answered 00 before the channel knew is told until it is answered, never undone (design 6). */
function advicesReversed({ store, network }: Evidence): Broken[] {
  return [...store.operations.values()].flatMap((operation) => {
    const { kind, past, trace } = operation;
    if (kind !== 'completion-advice' && kind !== 'offline-sale' && kind !== 'refund') return [];
    const undone = past.some((standing) => standing === 'in doubt' || standing === 'undone');
    if (!undone && network.operations.get(trace ?? '')?.reversed !== true) return [];
    return [{ rule: 'an advice is never reversed', detail: named(operation) }];
  });
}

/** After day 31 nothing is held any more. */
function notLapsed({ store }: Evidence): Broken[] {
  return [...store.holds.byPayment.values()]
    .filter(({ state }) => state === 'held')
    .map(({ operation }) => ({ rule: 'a hold lapses on day 31', detail: named(operation) }));
}
