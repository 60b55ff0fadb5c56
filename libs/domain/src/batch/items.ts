import { unreachable } from '../fact.ts';
import type { OperationRef, PaymentFact } from '../payment/events.ts';
import { isAdviceKind } from '../payment/parts.ts';
import type { BatchItem, BatchRef } from './events.ts';

/** A batch line as the host knows it: its kind is certain. */
export type HostItem = BatchItem & { readonly kind: NonNullable<BatchItem['kind']> };

/** What a payment fact does to the host's side of a batch. */
export type ItemChange =
  | { readonly is: 'card'; readonly operationId: string; readonly fingerprint: string }
  | {
      readonly is: 'add';
      readonly batch: BatchRef;
      readonly operationId: string;
      readonly item: Omit<HostItem, 'fingerprint'>;
    }
  | { readonly is: 'remove'; readonly batch: BatchRef; readonly operationId: string }
  /** It has its outcome, and counts nowhere by it. */
  | { readonly is: 'over'; readonly operationId: string };

const batchOf = ({ acquirer, terminalId, merchantId, batch }: OperationRef): BatchRef => ({
  acquirer,
  terminalId,
  merchantId,
  batch,
});

const added = (
  operation: OperationRef,
  kind: HostItem['kind'],
  { amount, scheme }: { readonly amount: BatchItem['amount']; readonly scheme: string },
): ItemChange => ({
  is: 'add',
  batch: batchOf(operation),
  operationId: operation.operationId,
  item: { stan: operation.stan, block: scheme === 'CUP' ? 'domestic' : 'foreign', amount, kind },
});

/**
 * How a payment fact changes the items of its batch, or null. An advice counts from REQUESTED and stays when the channel
 * declines it (domain 3.5), completions count like sales and their voids like voids (domain 2.4); what is being reversed counts no more, because the terminal was told so (domain 2.4).
 */
export function itemChangeOf(fact: PaymentFact): ItemChange | null {
  switch (fact.type) {
    case 'ChannelRequested':
      return { is: 'card', operationId: fact.data.operation.operationId, fingerprint: fact.data.card.fingerprint };
    case 'PaymentApproved':
      return isAdviceKind(fact.data.operation.kind) ? null : added(fact.data.operation, 'sale', fact.data);
    case 'AdviceRequested':
      return added(fact.data.operation, 'sale', { amount: fact.data.amount, scheme: fact.data.card.scheme });
    case 'PaymentVoided':
      return added(fact.data.operation, 'void', fact.data);
    case 'RefundRequested':
      return added(fact.data.operation, 'refund', fact.data);
    case 'ReversalRequested':
    case 'PaymentReversed':
    case 'VoidReversed':
      return { is: 'remove', batch: batchOf(fact.data.operation), operationId: fact.data.operation.operationId };
    case 'OperationDeclined':
    case 'OperationInDoubt':
    case 'PreAuthApproved':
    case 'PreAuthVoided':
      return { is: 'over', operationId: fact.data.operation.operationId };
    case 'RefundAccepted':
    case 'RefundDeclined':
    case 'RefundFailed':
    case 'AdviceDeclined':
    case 'PreAuthExpired':
    case 'ScriptResultReceived':
    case 'SignatureReceived':
    case 'RefundForced':
    case 'ReturnRequested':
    case 'ReturnAccepted':
    case 'ReturnDeclined':
    case 'PaymentUpheld':
    case 'BalanceAnswered':
    case 'ReversalStuck':
    case 'VoidConfirmed':
    case 'LateResponseReceived':
    case 'OperationLinked':
    case 'OperationRefused':
    case 'OperationTombstoned':
      return null;
    default:
      return unreachable(fact);
  }
}

/** The host's items of one batch by operation id, and the fingerprints of the cards seen in it. */
export interface HostItems {
  readonly cards: ReadonlyMap<string, string>;
  readonly items: ReadonlyMap<string, HostItem>;
}
export const noItems: HostItems = { cards: new Map(), items: new Map() };

/** The items after one more fact of the batch; facts of other batches are the caller's to keep away. */
export function itemsAfter(host: HostItems, fact: PaymentFact): HostItems {
  const change = itemChangeOf(fact);
  if (change === null) return host;
  switch (change.is) {
    case 'card':
      return { ...host, cards: new Map(host.cards).set(change.operationId, change.fingerprint) };
    case 'add': {
      const own =
        fact.type === 'RefundRequested' || fact.type === 'AdviceRequested' ? fact.data.card.fingerprint : undefined;
      const fingerprint = own ?? host.cards.get(change.operationId) ?? '';
      return { ...host, items: new Map(host.items).set(change.operationId, { ...change.item, fingerprint }) };
    }
    case 'remove': {
      const items = new Map(host.items);
      items.delete(change.operationId);
      return { ...host, items };
    }
    case 'over':
      return host;
    default:
      return unreachable(change);
  }
}
