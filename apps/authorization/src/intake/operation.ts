import { contentHash } from '@tillstream/crypto';
import type {
  InquireBalance,
  AuthorizeSale,
  PaymentMessage,
  RefundPayment,
  TakeOfflineSale,
  VoidPayment,
} from '@tillstream/domain/payment/commands';
import { contentText, OPERATION_NAMESPACE, operationKey, type OperationKey } from '@tillstream/domain/payment/keys';
import type { OperationKind, OperationRef } from '@tillstream/domain/payment/parts';
import { uuidv5 } from '@tillstream/event-store';

/** The id that follows from a terminal's key (design 6); for a sale it is the payment id. */
export const operationIdOf = (key: OperationKey): string => uuidv5(operationKey(key), OPERATION_NAMESPACE);

/** A payment command that carries a card. */
export type CardCommand = AuthorizeSale | InquireBalance | VoidPayment | RefundPayment | TakeOfflineSale;

/** The keyed hash that tells a repeat from another message under the same key (design 6, *Repeats*). */
export function contentHashOf(
  contentKey: Uint8Array,
  kind: OperationKind,
  command: CardCommand,
  fingerprint: string,
): string {
  const linked = 'originalBatch' in command ? command : null;
  const text = contentText({
    kind,
    amount: 'amount' in command ? command.amount : 0,
    fingerprint,
    // The copy of an offline sale in a batch upload need not say how the card was read.
    entryMode: kind === 'offline-sale' ? '' : command.entryMode,
    cardSequence: kind === 'offline-sale' ? null : command.cardSequence,
    originalRrn: linked?.originalRrn ?? null,
    originalAuthCode: 'originalAuthCode' in command ? command.originalAuthCode : null,
    originalBatch: linked?.originalBatch ?? null,
    originalStan: linked?.originalStan ?? null,
    originalDate: linked?.originalDate ?? null,
  });
  return contentHash(contentKey, text);
}

/** The reference that facts carry for an operation. */
export function operationRef(
  message: PaymentMessage,
  kind: OperationKind,
  operationId: string,
  rrn: string,
): OperationRef {
  const { acquirer, merchantId, terminalId, batch, stan } = message;
  return { operationId, kind, acquirer, merchantId, terminalId, batch, stan, rrn };
}
