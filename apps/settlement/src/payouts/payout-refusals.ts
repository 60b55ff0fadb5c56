import type { PayoutRefusal } from '@tillstream/domain/payout/decide';
import { Problem } from '@tillstream/service-kit';

/** What each refusal is over HTTP: 404 not there, 409 against what is stored. */
const refusals: Readonly<Record<PayoutRefusal, readonly [status: 404 | 409, title: string]>> = {
  'payout-not-due': [404, 'Nothing was said of a payout of this merchant and due date'],
  'payout-not-approved': [409, 'The ledger has not ordered this payout'],
  'payout-not-submitted': [409, 'This payout is not at the bank'],
  'payout-not-confirmed': [409, 'The bank has not paid this payout'],
  'amount-differs': [409, 'The amount is not that of the payout'],
  'no-such-attempt': [404, 'The payout has no such attempt'],
  'payout-not-rejected': [409, 'Only a rejected or returned payout waits for a corrected account'],
  'contradiction-open': [409, 'The bank contradicts itself about this payout; two people have to resolve that first'],
  'no-such-contradiction': [404, 'The payout has no contradiction of this number'],
  'resolved-differently': [409, 'It was resolved with the other outcome'],
  'proposed-differently': [409, 'The other outcome was proposed'],
  'not-proposed': [409, 'Nobody has proposed an outcome; one person proposes, another one approves'],
  'same-person': [409, 'Who proposed it cannot approve it'],
  'payout-in-file': [409, 'A later attempt is on its way to the bank; try again when it is answered'],
  'reserve-not-covered': [409, 'The reserve bears it only after the merchant’s book has closed; try again then'],
};

/** The problem that says this refusal. */
export function payoutProblem(refusal: PayoutRefusal): Problem {
  const [status, title] = refusals[refusal];
  return new Problem({ status, code: refusal, title });
}
