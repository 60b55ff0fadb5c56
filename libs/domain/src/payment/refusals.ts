/** Why a payment command is refused; one word, one meaning. */
export type PaymentRefusal =
  | 'answer-by-passed'
  | 'duplicate-operation'
  | 'reversed-before-arrival'
  | 'original-not-found'
  | 'original-not-approved'
  | 'already-undone'
  | 'operation-in-doubt'
  | 'refund-exceeds-remaining'
  | 'card-differs'
  | 'terminal-differs'
  | 'merchant-differs'
  | 'void-window-closed'
  | 'same-day-refund-not-allowed'
  | 'amount-differs'
  | 'completion-over-ratio'
  | 'pre-auth-expired'
  | 'advice-past-expiry'
  | 'invalid-amount'
  | 'refund-window-passed'
  | 'limit-exceeded'
  | 'risk-declined'
  | 'operator-not-allowed'
  | 'settleable-balance-too-low'
  | 'nothing-to-undo'
  | 'already-voided-or-refunded'
  | 'advice-is-not-reversed'
  | 'batch-settled'
  | 'batch-ended'
  | 'card-number-invalid'
  | 'card-unknown'
  | 'merchant-not-valid'
  | 'category-without-pre-auth'
  | 'terminal-not-valid'
  | 'service-not-ready'
  | 'format-invalid';

/** F39 for each refusal; the linked ones in the mapping of domain 3.15, the rest of domain 2.5 and 3.3. */
export const responseCodeOf: Readonly<Record<PaymentRefusal, string>> = {
  // Nothing was stored and the host knows it, so a new payment may be tried.
  'answer-by-passed': '91',
  'duplicate-operation': '94',
  'reversed-before-arrival': '12',
  'original-not-found': '25',
  'original-not-approved': '12',
  'already-undone': '22',
  'operation-in-doubt': '22',
  'refund-exceeds-remaining': '64',
  'card-differs': '14',
  'terminal-differs': '58',
  'merchant-differs': '03',
  'void-window-closed': '12',
  'same-day-refund-not-allowed': '12',
  'amount-differs': '64',
  'completion-over-ratio': '13',
  'pre-auth-expired': '22',
  'advice-past-expiry': '22',
  'invalid-amount': '13',
  'refund-window-passed': '22',
  'limit-exceeded': '61',
  'risk-declined': '57',
  'operator-not-allowed': '57',
  'settleable-balance-too-low': '61',
  'nothing-to-undo': '25',
  // Of an 0400 only; a second void gets 22 by already-undone.
  'already-voided-or-refunded': '25',
  'advice-is-not-reversed': '12',
  'batch-settled': '12',
  // Of a new 0100 or 0200: the terminal signs in and sends it anew.
  'batch-ended': '77',
  'card-number-invalid': '14',
  'card-unknown': '15',
  'merchant-not-valid': '03',
  // Which categories may hold money is the acquirer's convention (domain 3.6).
  'category-without-pre-auth': '58',
  'terminal-not-valid': '58',
  'service-not-ready': '91',
  'format-invalid': '30',
};

/** Chinese text for the terminal's screen where the code alone misleads (domain 3.4, 3.5). */
export const refusalText: Readonly<Partial<Record<PaymentRefusal, string>>> = {
  'void-window-closed': '请做退货',
  'settleable-balance-too-low': '商户可结算余额不足',
  'operation-in-doubt': '交易结果未知, 请勿重复收款',
};

/** Refusals after which a person has to look: what the terminal believes and what stands differ (domain 3.3, 3.10). */
export const alarming: ReadonlySet<PaymentRefusal> = new Set<PaymentRefusal>([
  'already-voided-or-refunded',
  'batch-settled',
  'duplicate-operation',
  // The goods are gone and the hold has lapsed: somebody has to be asked for the money (domain 3.6).
  'advice-past-expiry',
]);

/**
 * F39 by which a channel says that its issuer gave no answer in time: the money may have moved, so the operation is in doubt
 * and undone (domain 2.5).
 */
export const isDoubtCode = (responseCode: string): boolean => responseCode === '68' || responseCode === '98';

/** F39 by which a channel says yes; A2, A4, A5 and A6 are successes that reconciliation looks at (domain 2.5). */
export const isApprovalCode = (responseCode: string): boolean =>
  ['00', '10', '11', 'A2', 'A4', 'A5', 'A6'].includes(responseCode);
