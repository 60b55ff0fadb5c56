import { fen } from '@tillstream/money';
import { rulesOf } from '../testing.ts';
import type { Amounts } from '../fact.ts';
import type { CardRef, ChannelTrace, OperationKind, OperationRef, PaymentFact } from './events.ts';
import { evolvePayment } from './evolve.ts';
import { newPayment } from './state.ts';
import type { CompletionRequest } from './completion.ts';
import type { HeldContext, PreAuthApproval } from './pre-auth.ts';
import type { RefundContext, RefundRequest } from './refund.ts';
import type { Intent, SaleApproval } from './sale.ts';
import type { VoidContext, VoidRequest } from './void.ts';

/** Specs begin here: `given(...facts).when(decision).then(...)`. */
export const given = rulesOf(newPayment, evolvePayment);

export const DAY = '2026-11-23';
export const NEXT_DAY = '2026-11-24';
export const ANSWER_BY = 1_000;

/** An operation of the sale's terminal; its id says what it is. */
export const operation = (id: string, kind: OperationKind, other: Partial<OperationRef> = {}): OperationRef => ({
  operationId: id,
  kind,
  acquirer: '00012345',
  merchantId: '898310058120001',
  terminalId: '10000001',
  batch: '000001',
  stan: '000001',
  rrn: `rrn-${id}`,
  ...other,
});

export const card: CardRef = {
  token: 'token-a',
  bin: '620000',
  last4: '0005',
  fingerprint: 'card-a',
  scheme: 'CUP',
  cardClass: 'CREDIT',
  issuer: '测试银行A',
  institution: '90010000',
};
export const trace = (stan: string): ChannelTrace => ({ transmittedAt: '1123101500', stan, acquirer: '00012345' });
const plan = { id: 'plan', version: 1 };

/** The credit sale of 1,000.00 yuan of J1. */
export const priced: Amounts = { amount: fen(100_000), fee: fen(600), issuerCost: fen(450), networkCost: fen(33) };

export const saleIntent = (other: Partial<Intent> = {}): Intent => ({
  operation: operation('sale', 'sale'),
  amount: priced.amount,
  card,
  entryMode: '051',
  tradeDate: DAY,
  channel: 'unionpay',
  trace: trace('000101'),
  contentHash: 'hash-sale',
  answerBy: ANSWER_BY,
  feePlan: plan,
  costPlan: plan,
  ...other,
});
export const saleApproval = (other: Partial<SaleApproval> = {}): SaleApproval => ({
  operationId: 'sale',
  responseCode: '00',
  authCode: '123456',
  clearingDate: DAY,
  amounts: priced,
  partialAllowed: false,
  now: ANSWER_BY,
  reversalTrace: trace('000102'),
  ...other,
});
export const voidRequest = (id = 'void', other: Partial<VoidRequest> = {}): VoidRequest => ({
  operation: operation(id, 'void', { stan: '000002' }),
  amount: priced.amount,
  card,
  entryMode: '051',
  tradeDate: DAY,
  trace: trace('000103'),
  contentHash: `hash-${id}`,
  answerBy: ANSWER_BY,
  original: { rrn: null, authCode: null },
  ...other,
});
export const voidContext = (other: Partial<VoidContext> = {}): VoidContext => ({
  batchOpen: true,
  currentClearingDate: DAY,
  barred: null,
  now: ANSWER_BY,
  ...other,
});
export const refundRequest = (id: string, amount: number, other: Partial<RefundRequest> = {}): RefundRequest => ({
  operation: operation(id, 'refund', { stan: `00${id.length}${id.charCodeAt(id.length - 1)}`, batch: '000002' }),
  amount: fen(amount),
  card,
  entryMode: '051',
  tradeDate: NEXT_DAY,
  trace: trace('000104'),
  contentHash: `hash-${id}`,
  answerBy: ANSWER_BY,
  original: { rrn: 'rrn-sale', authCode: null },
  ...other,
});
export const refundContext = (other: Partial<RefundContext> = {}): RefundContext => ({
  batchOpen: false,
  currentClearingDate: NEXT_DAY,
  sameDayRefund: 'partial-or-other-terminal',
  windowDays: 180,
  available: null,
  barred: null,
  returns: { fee: 'PROPORTIONAL', cost: 'PROPORTIONAL' },
  now: ANSWER_BY,
  ...other,
});

/** Histories, each as the deciders write it. */
export const asked: PaymentFact = { type: 'ChannelRequested', version: 1, data: saleIntent() };
export const approved: PaymentFact = {
  type: 'PaymentApproved',
  version: 1,
  data: {
    ...priced,
    operation: operation('sale', 'sale'),
    tradeDate: DAY,
    clearingDate: DAY,
    channel: 'unionpay',
    scheme: 'CUP',
    cardClass: 'CREDIT',
    authCode: '123456',
    feePlan: plan,
    costPlan: plan,
  },
};
export const sold: readonly PaymentFact[] = [asked, approved];

/** The hold of 1,000.00 yuan. */
export const preAuthIntent = (other: Partial<Intent> = {}): Intent =>
  saleIntent({ operation: operation('pre-auth', 'pre-auth'), contentHash: 'hash-pre-auth', ...other });
export const preAuthApproval = (other: Partial<PreAuthApproval> = {}): PreAuthApproval => ({
  operationId: 'pre-auth',
  responseCode: '00',
  authCode: '654321',
  clearingDate: DAY,
  amount: priced.amount,
  partialAllowed: false,
  now: ANSWER_BY,
  reversalTrace: trace('000102'),
  ...other,
});
export const preAuthVoidRequest = (id = 'pre-auth-void', other: Partial<VoidRequest> = {}): VoidRequest =>
  voidRequest(id, { operation: operation(id, 'pre-auth-void', { stan: '000007' }), ...other });
export const completionRequest = (id = 'completion', other: Partial<CompletionRequest> = {}): CompletionRequest => ({
  ...voidRequest(id, { operation: operation(id, 'completion', { stan: '000008' }), tradeDate: NEXT_DAY }),
  feePlan: plan,
  costPlan: plan,
  ...other,
});
export const adviceRequest = (id = 'advice', other: Partial<CompletionRequest> = {}): CompletionRequest =>
  completionRequest(id, { operation: operation(id, 'completion-advice', { stan: '000009' }), ...other });
export const heldContext = (other: Partial<HeldContext> = {}): HeldContext => ({
  barred: null,
  now: ANSWER_BY,
  ...other,
});
export const askedToHold: PaymentFact = { type: 'ChannelRequested', version: 1, data: preAuthIntent() };
const { amount: heldAmount } = priced;
export const held: readonly PaymentFact[] = [
  askedToHold,
  {
    type: 'PreAuthApproved',
    version: 1,
    data: {
      operation: operation('pre-auth', 'pre-auth'),
      amount: heldAmount,
      tradeDate: DAY,
      clearingDate: DAY,
      channel: 'unionpay',
      scheme: 'CUP',
      cardClass: 'CREDIT',
      authCode: '654321',
    },
  },
];
