/*
 * What each type of fact means, in the model's own words.
 */

/** Where an operation stands by the facts about it. */
export type Standing =
  | 'asked'
  | 'approved'
  | 'declined'
  | 'in doubt'
  | 'undone'
  | 'stuck'
  | 'accepted'
  | 'failed'
  | 'refused'
  | 'tombstone'
  | 'claimed';

/** What each fact of a payment's stream makes of the operation that it names; `undefined`: evidence, nothing changes. */
export const meaning: Readonly<Record<string, Standing | undefined>> = {
  ChannelRequested: 'asked',
  PaymentApproved: 'approved',
  PaymentVoided: 'approved',
  BalanceAnswered: 'approved',
  OperationDeclined: 'declined',
  OperationInDoubt: 'in doubt',
  ReversalRequested: 'in doubt',
  PaymentReversed: 'undone',
  VoidReversed: 'undone',
  ReversalStuck: 'stuck',
  RefundRequested: 'asked',
  RefundAccepted: 'accepted',
  RefundDeclined: 'declined',
  OperationRefused: 'refused',
  OperationLinked: 'claimed',
  OperationTombstoned: 'tombstone',
  LateResponseReceived: undefined,
  ScriptResultReceived: undefined,
  SignatureReceived: undefined,
  AdviceRequested: 'asked',
  AdviceDeclined: 'declined',
  PreAuthApproved: 'approved',
  PreAuthVoided: 'approved',
  PreAuthExpired: undefined,
  RefundFailed: 'failed',
  VoidConfirmed: 'approved',
  ReturnRequested: 'asked',
  ReturnAccepted: 'accepted',
  ReturnDeclined: 'declined',
  PaymentUpheld: 'approved',
};

/** Facts by which something is approved for its terminal. */
export const approvals = new Set([
  'PaymentApproved',
  'PaymentVoided',
  'RefundRequested',
  'PreAuthApproved',
  'PreAuthVoided',
]);

/** The journal that has to follow from a payment's fact (domain 4.6), if one has. */
export function journalOf(type: string, data: Record<string, unknown>): string | undefined {
  switch (type) {
    case 'PaymentApproved':
      return 'J1';
    case 'PaymentVoided':
      return 'J2';
    case 'RefundAccepted':
      return 'J3';
    case 'PaymentReversed':
      return data['undone'] === null ? undefined : 'J2';
    case 'VoidReversed':
      return data['restored'] === null ? undefined : 'J1';
    case 'ReturnAccepted':
      return data['undone'] === null ? undefined : 'J2';
    case 'VoidConfirmed':
      if (data['undone'] === null) return undefined;
      return data['caseId'] === null ? 'J2' : 'J11-confirmed';
    case 'RefundFailed':
      return 'J3-mirror';
    default:
      return undefined;
  }
}
