/** What a terminal keeps of a transaction. */
export type ItemKind =
  | 'sale'
  | 'offline-sale'
  | 'void'
  | 'refund'
  | 'inquiry'
  | 'pre-auth'
  | 'pre-auth-void'
  | 'completion'
  | 'completion-advice'
  | 'completion-void';

/** How each kind counts in F48: as a debit, as a credit, or not at all (domain 2.4). */
export const sideOf: Readonly<Record<ItemKind, 'debit' | 'credit' | null>> = {
  sale: 'debit',
  'offline-sale': 'debit',
  completion: 'debit',
  'completion-advice': 'debit',
  void: 'credit',
  'completion-void': 'credit',
  refund: 'credit',
  inquiry: null,
  'pre-auth': null,
  'pre-auth-void': null,
};

/** Whether it is sent again until it is answered, and never reversed. */
export const isAdvice = (kind: ItemKind): boolean => kind === 'refund' || kind === 'completion-advice';
