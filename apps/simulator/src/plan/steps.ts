import type { Reading, TerminalFault } from '../terminal/outcome.ts';

/** A card and how it is presented. */
export interface PlannedCard {
  readonly pan: string;
  /** YYMM. */
  readonly expiry: string;
  readonly pin: string | null;
  readonly reading: Reading;
}

/** What a step does; which earlier sale a void or refund is for is chosen from the terminal's own record. */
export type PlannedAction =
  | { readonly is: 'sign-in' }
  | { readonly is: 'echo' }
  | {
      readonly is: 'sale';
      readonly amount: number;
      readonly card: PlannedCard;
      readonly fault: TerminalFault | null;
      /** F39 that the plan expects; null where no answer is. */
      readonly expected: string | null;
    }
  | { readonly is: 'inquiry'; readonly card: PlannedCard; readonly expected: string }
  /** Voids the newest approved sale of the open batch. */
  | { readonly is: 'void'; readonly fault: TerminalFault | null }
  | {
      readonly is: 'refund';
      /** `closed`: a sale of a batch closed today; `open`: of the open batch, in part; `yesterday`: of an earlier day. */
      readonly of: 'closed' | 'open' | 'yesterday';
      /** Which of the eligible sales, in [0, 1). */
      readonly choice: number;
      /** Part of the sale in per cent, 1 to 100. */
      readonly percent: number;
    }
  /** The record loses the newest approved sale, so that the totals of the batch disagree. */
  | { readonly is: 'forget' }
  | { readonly is: 'settle'; readonly automatic: boolean; readonly chipUpload: boolean }
  | { readonly is: 'sign-off' };

/** A step of a terminal's day. */
export interface Step {
  /** From 0, in order; names the step together with seed, date and terminal. */
  readonly index: number;
  /** Business instant, ms since the epoch. */
  readonly at: number;
  readonly action: PlannedAction;
}

/** A terminal's day. */
export interface TerminalPlan {
  readonly terminalId: string;
  readonly steps: readonly Step[];
}

/** The whole fleet's day. */
export interface DayPlan {
  readonly date: string;
  readonly terminals: readonly TerminalPlan[];
}

/** The steps that count as payments: what the fleet was asked to send. */
export const isPayment = ({ action }: Step): boolean =>
  action.is === 'sale' || action.is === 'inquiry' || action.is === 'void' || action.is === 'refund';
