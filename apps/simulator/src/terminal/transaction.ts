import type { TerminalFault } from './outcome.ts';
import type { ItemKind } from './record.ts';
import type { Started } from './sent.ts';

/** The terminal settles by itself at so many counted transactions: F48 has three digits for them (domain 2.4). */
export const batchFullAt = 500;

/** F39 of the 0400 after each fault (domain 2.3). */
export const reasons: Record<TerminalFault, string> = {
  'answer-lost': '98',
  'answer-spoilt': 'A0',
  'printer-failed': '06',
  'power-cut': '98',
};

/** A transaction as it is started, with the fault that is asked for. */
export interface Transaction extends Started {
  readonly fault?: TerminalFault | undefined;
}

/** What each kind may follow. */
export const follows = {
  void: ['sale', 'offline-sale'],
  refund: ['sale', 'offline-sale', 'completion', 'completion-advice'],
  'pre-auth-void': ['pre-auth'],
  completion: ['pre-auth'],
  'completion-advice': ['pre-auth'],
  'completion-void': ['completion', 'completion-advice'],
} as const satisfies Partial<Record<ItemKind, readonly ItemKind[]>>;
/** Kinds that follow an earlier transaction of the record. */
export type Following = keyof typeof follows;

/** Waits, ms; nothing for zero or less. */
export async function rest(ms: number): Promise<void> {
  if (ms > 0) await new Promise((resolve) => setTimeout(resolve, ms));
}
