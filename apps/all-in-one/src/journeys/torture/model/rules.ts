import { brokenClearing } from './clearing-rules.ts';
import type { Broken, Evidence } from './evidence.ts';
import { brokenHolds } from './hold-rules.ts';
import { brokenMoney } from './money-rules.ts';
import { brokenPayments } from './payment-rules.ts';
import { brokenPayouts } from './payout-rules.ts';

/** Every rule of the model that the evidence breaks, first the payments' and then the money's. */
export function brokenRules(evidence: Evidence): Broken[] {
  return [
    ...brokenPayments(evidence),
    ...brokenHolds(evidence),
    ...brokenMoney(evidence),
    ...brokenClearing(evidence),
    ...brokenPayouts(evidence),
  ];
}
