import type { SpoiltFile } from '../spoilt-files.ts';
import type { Witness } from '../witness.ts';
import type { BankView, NetworkOperation, NetworkView } from './foreign-view.ts';
import type { Operation, StoreView } from './store-view.ts';

/** A rule that does not hold, with the ids of the operations that show it; never a card number. */
export interface Broken {
  readonly rule: string;
  readonly detail: string;
}

/** What the rules are judged by: the foreign world's memory on one side, the store on the other. */
export interface Evidence {
  readonly witness: Witness;
  readonly network: NetworkView;
  readonly bank: BankView;
  /** Clearing date → its file, spoilt or not. */
  readonly files: ReadonlyMap<string, SpoiltFile>;
  readonly store: StoreView;
  /** Merchant → id of its fee plan. */
  readonly plans: ReadonlyMap<string, string>;
  /** Everything is settled, closed and paid; nobody has anything left to do. */
  readonly atEnd: boolean;
  /** Day 31 after the last payment has come and been worked. */
  readonly afterExpiry: boolean;
}

/** One line about an operation, for a person who looks for it. */
export const named = ({ id, kind, key, standing, past }: Operation): string =>
  `${kind} ${key} (operation ${id}): ${standing}, after ${past.join(', ')}`;

/** The network's approved void of a sale or completion, if it has one that stands. */
export function standingVoids({ network }: Evidence): Map<string, NetworkOperation> {
  const voids = new Map<string, NetworkOperation>();
  for (const operation of network.operations.values()) {
    const cancels = operation.is === 'void' || operation.is === 'completion-void';
    if (cancels && operation.original !== null && network.stands(operation)) voids.set(operation.original, operation);
  }
  return voids;
}

/** Operations of the store by the payment that they belong to. */
export function byPayment({ store }: Evidence): Map<string, Operation[]> {
  return Map.groupBy(store.operations.values(), ({ paymentId }) => paymentId);
}

/** Approved and posted at some time, and neither undone nor returned since. */
export const isPosted = ({ past, standing, returned }: Operation): boolean =>
  past.includes('approved') && standing !== 'undone' && returned !== 'accepted';

/** Kinds by which the payer pays. */
export const pays: ReadonlySet<string> = new Set(['sale', 'offline-sale', 'completion', 'completion-advice']);
