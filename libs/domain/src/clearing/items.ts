import { minus, negate, ZERO, type Fen } from '@tillstream/money';
import { unreachable, type Amounts } from '../fact.ts';

/** What a line of a channel's file can be (domain 4.5). */
export type ClearingItemKind =
  'sale' | 'completion' | 'offline-sale' | 'void' | 'completion-void' | 'refund' | 'refund-failure';

/** Every kind, for parsers and checks. */
export const CLEARING_ITEM_KINDS: readonly ClearingItemKind[] = [
  'sale',
  'completion',
  'offline-sale',
  'void',
  'completion-void',
  'refund',
  'refund-failure',
];

/** What a line says of its transaction, each positive, fen; which way it moves the net follows from its kind. */
export type ItemAmounts = Omit<Amounts, 'fee'>;

/** 1 when the channel owes us for such an item, -1 when we owe the channel. */
export function signOf(kind: ClearingItemKind): 1 | -1 {
  switch (kind) {
    case 'sale':
    case 'completion':
    case 'offline-sale':
    case 'refund-failure':
      return 1;
    case 'void':
    case 'completion-void':
    case 'refund':
      return -1;
    default:
      return unreachable(kind);
  }
}

/** What an item adds to the net that a channel owes us, fen; negative for voids and refunds, zero for no item. */
export function itemNet(kind: ClearingItemKind, amounts: ItemAmounts | null): Fen {
  if (amounts === null) return ZERO;
  const net = minus(minus(amounts.amount, amounts.issuerCost), amounts.networkCost);
  return signOf(kind) === 1 ? net : negate(net);
}

/** By what a line names its transaction beside the channel's trace. */
export interface ItemName {
  readonly rrn: string;
  readonly terminalId: string;
  readonly kind: ClearingItemKind;
}

/** Without what is ours alone, the fee. */
export const itemAmountsOf = ({ amount, issuerCost, networkCost }: ItemAmounts): ItemAmounts => ({
  ...{ amount, issuerCost, networkCost },
});

/** The second way to the same transaction: our reference number, the terminal and the kind (domain 4.5). */
export const referenceOf = ({ rrn, terminalId, kind }: ItemName): string => `${rrn} ${terminalId} ${comparedAs(kind)}`;

/** A channel that was told of an offline sale may call it a sale as any other; a failure is about a refund. */
export function comparedAs(kind: ClearingItemKind): ClearingItemKind {
  if (kind === 'refund-failure') return 'refund';
  return kind === 'offline-sale' ? 'sale' : kind;
}
