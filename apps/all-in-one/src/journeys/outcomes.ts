import { keyOf, type BatchReport, type Outcome, type SettlementOutcome, type Item } from '@tillstream/simulator';

/** The record's item of an answered request. Throws when it was not answered with this code. */
export function answeredItem(outcome: Outcome, code = '00'): Item {
  if (outcome.is !== 'answered' || outcome.code !== code || outcome.item === null) {
    throw new Error(`expected an answer ${code}, got ${JSON.stringify(outcome)}`);
  }
  return outcome.item;
}

/** Key in the terminal's record of an approved transaction. */
export const approvedKey = (outcome: Outcome): string => keyOf(answeredItem(outcome));

/** The terminal's report of a settlement. Throws when it did not end. */
export function settledReport(outcome: SettlementOutcome): BatchReport {
  if (outcome.is !== 'settled') throw new Error(`the batch was not settled: ${outcome.why}`);
  return outcome.report;
}
