import type { Fen } from '@tillstream/money';
import type { Amounts, BusinessDate } from '../fact.ts';
import { unreachable } from '../fact.ts';
import type { ChannelTrace, OperationKind, OperationRef, PaymentDates, PaymentFact } from '../payment/events.ts';
import { isAdviceKind } from '../payment/parts.ts';
import type { ClearingItemKind } from './items.ts';

/** What an operation has in 1101 of a clearing date now. */
export interface Posted {
  readonly clearingDate: BusinessDate;
  readonly amounts: Amounts;
}

/** How an operation stands, as far as a channel's file cares. */
export type OperationStanding = 'asked' | 'approved' | 'declined' | 'in-doubt' | 'reversing' | 'stuck' | 'reversed';

/** An operation that a channel's file should hold, or decides about. */
export interface OurOperation {
  readonly operationId: string;
  readonly paymentId: string;
  readonly merchantId: string;
  readonly terminalId: string;
  readonly kind: ClearingItemKind;
  /** Answered 00 before the channel knew: never undone, told until answered (design 6). */
  readonly advice: boolean;
  readonly channel: string;
  readonly trace: ChannelTrace;
  readonly rrn: string;
  readonly maskedCard: string;
  /** What it is about, as asked for, fen; null in rows of before it was kept, until they are rebuilt. */
  readonly amount: Fen | null;
  /** Business clock at the intent, ISO 8601. */
  readonly askedAt: string;
  readonly standing: OperationStanding;
  readonly posted: Posted | null;
  /** A refund that failed after it was accepted: what came back, and on which date. */
  readonly failed: Posted | null;
  readonly dates: PaymentDates | null;
  /** What a channel's file has said of it while it was undecided. */
  readonly answered: 'present' | 'absent' | null;
}

const itemKinds: Readonly<Record<OperationKind, ClearingItemKind | null>> = {
  sale: 'sale',
  'offline-sale': 'offline-sale',
  completion: 'completion',
  'completion-advice': 'completion',
  void: 'void',
  'completion-void': 'completion-void',
  refund: 'refund',
  return: 'refund',
  // They hold the payer's money and move none, so no file tells of them.
  'pre-auth': null,
  'pre-auth-void': null,
  inquiry: null,
};

/** Intents: the facts that begin an operation at the channel. */
export const isIntent = (fact: PaymentFact): boolean =>
  fact.type === 'ChannelRequested' ||
  fact.type === 'RefundRequested' ||
  fact.type === 'AdviceRequested' ||
  fact.type === 'ReturnRequested';

interface Intent {
  readonly operation: OperationRef;
  readonly amount: Fen;
  readonly channel: string;
  readonly trace: ChannelTrace;
  readonly card: { readonly bin: string; readonly last4: string };
}

function begun(intent: Intent, paymentId: string, at: string, dates: PaymentDates | null): OurOperation | undefined {
  const { operation, amount, channel, trace, card } = intent;
  const kind = itemKinds[operation.kind];
  if (kind === null) return undefined;
  const { operationId, merchantId, terminalId, rrn } = operation;
  return {
    ...{ operationId, paymentId, merchantId, terminalId, kind, amount, channel, trace, rrn, dates },
    ...{ advice: isAdviceKind(operation.kind), maskedCard: `${card.bin.slice(0, 6)}******${card.last4}`, askedAt: at },
    ...{ standing: 'asked', posted: null, failed: null, answered: null },
  };
}

/** An operation after one more fact of its payment; undefined as long as the channel was not asked, or moves no money for it. */
export function operationAfter(
  before: OurOperation | undefined,
  fact: PaymentFact,
  paymentId: string,
  at: string,
): OurOperation | undefined {
  switch (fact.type) {
    case 'ChannelRequested':
    case 'AdviceRequested':
      return before ?? begun(fact.data, paymentId, at, null);
    case 'RefundRequested':
    case 'ReturnRequested':
      return before ?? begun(fact.data, paymentId, at, fact.data.dates);
    default:
      return before === undefined ? undefined : after(before, fact);
  }
}

type Later = Exclude<
  PaymentFact,
  { type: 'ChannelRequested' | 'AdviceRequested' | 'RefundRequested' | 'ReturnRequested' }
>;

function after(before: OurOperation, fact: Later): OurOperation {
  switch (fact.type) {
    case 'PaymentApproved': {
      const { tradeDate, clearingDate } = fact.data;
      return { ...before, ...approved(fact.data, clearingDate), dates: { tradeDate, clearingDate } };
    }
    case 'PaymentVoided':
    case 'RefundAccepted':
      return { ...before, ...approved(fact.data, fact.data.clearingDate), dates: fact.data.dates };
    case 'VoidConfirmed': {
      const { undone, caseId, clearingDate, dates } = fact.data;
      // What stood in suspense went from there to the merchant, so 1101 has nothing of the void.
      const inBooks =
        undone === null || caseId !== null ? { standing: 'approved' as const } : approved(undone, clearingDate);
      return { ...before, ...inBooks, dates };
    }
    case 'ReturnAccepted': {
      const { undone, kept, clearingDate, dates } = fact.data;
      const amounts = undone ?? kept;
      return amounts === null
        ? { ...before, standing: 'approved' }
        : { ...before, ...approved(amounts, clearingDate), dates: dates ?? before.dates };
    }
    case 'RefundFailed':
      return { ...before, failed: posted(fact.data, fact.data.clearingDate) };
    case 'OperationDeclined':
    case 'RefundDeclined':
    case 'AdviceDeclined':
    case 'ReturnDeclined':
      return { ...before, standing: 'declined' };
    case 'OperationInDoubt':
      return { ...before, standing: 'in-doubt', dates: before.dates ?? fact.data.dates };
    case 'ReversalRequested':
      return { ...before, standing: 'reversing' };
    case 'ReversalStuck':
      return { ...before, standing: 'stuck' };
    case 'PaymentReversed':
    case 'VoidReversed':
      return { ...before, standing: 'reversed', posted: null };
    case 'PaymentUpheld':
    case 'BalanceAnswered':
    case 'PreAuthApproved':
    case 'PreAuthVoided':
    case 'PreAuthExpired':
    case 'ScriptResultReceived':
    case 'SignatureReceived':
    case 'RefundForced':
    case 'LateResponseReceived':
    case 'OperationLinked':
    case 'OperationRefused':
    case 'OperationTombstoned':
      return before;
    default:
      return unreachable(fact);
  }
}

const approved = (amounts: Amounts, clearingDate: BusinessDate) =>
  ({ standing: 'approved', posted: posted(amounts, clearingDate) }) as const;

const posted = ({ amount, fee, issuerCost, networkCost }: Amounts, clearingDate: BusinessDate): Posted => ({
  clearingDate,
  amounts: { amount, fee, issuerCost, networkCost },
});

/** Nobody can tell what became of it, and it is not being told to the channel any more until somebody does. */
export const isUndecided = ({ standing, answered }: OurOperation): boolean =>
  answered === null && (standing === 'in-doubt' || standing === 'reversing' || standing === 'stuck');

/** F7, F11 and F32 without leading zeros: the channel's name of an operation. */
export const traceKeyOf = ({ transmittedAt, stan, acquirer }: ChannelTrace): string =>
  `${transmittedAt}.${stan}.${acquirer.replace(/^0+(?=.)/, '')}`;
