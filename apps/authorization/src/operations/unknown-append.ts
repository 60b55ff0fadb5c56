import { StoreUnavailable } from '@tillstream/event-store';
import type { Desk } from '../desk.ts';

/** Names the operation that an append is about. */
export interface AboutOperation {
  readonly paymentId: string;
  readonly operationId: string;
  readonly merchantId: string;
}

/**
 * Runs an append. When it rejects, nobody knows whether the intent is stored, so the resolver looks and owns what it finds
 * (design 6). `keep` is called then, and what it gives when the resolver finds nothing.
 */
export async function ownedIfUnknown<T>(
  desk: Desk,
  about: AboutOperation,
  append: () => Promise<T>,
  keep?: () => () => void,
): Promise<T> {
  try {
    return await append();
  } catch (error) {
    if (error instanceof StoreUnavailable) {
      const { paymentId, operationId, merchantId } = about;
      const delayMs = desk.settings.retryMs[0] ?? 1_000;
      const unlessStored = keep?.();
      desk.owner.own({ paymentId, operationId, merchantId, delayMs, ...(unlessStored && { unlessStored }) });
    }
    throw error;
  }
}
