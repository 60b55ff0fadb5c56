import type { ChannelRefusal } from '@tillstream/domain/channel/decide';
import { isRefused, type Decision, type Fact } from '@tillstream/domain/fact';
import type { MerchantRefusal } from '@tillstream/domain/merchant/decide';
import type { TerminalRefusal } from '@tillstream/domain/terminal/decide';
import { Problem } from '@tillstream/service-kit';

/** Every word with which a registration is refused. */
export type Refusal = MerchantRefusal | TerminalRefusal | ChannelRefusal;

type Answer = readonly [status: 404 | 409 | 422, title: string, path?: string];

/** What each refusal is over HTTP: 404 not there, 409 against what is stored, 422 never possible as it was sent. */
export const refusals: Readonly<Record<Refusal, Answer>> = {
  'already-registered': [409, 'Registered already with other content; a registration is never changed in place'],
  'not-registered': [404, 'Nothing is registered under this number'],
  'mcc-unknown': [422, 'The merchant category code is none of ours', 'mcc'],
  'mcc-differs-from-number': [422, 'Digits 8 to 11 of the merchant number must be the MCC', 'mcc'],
  'mcc-forbidden-for-micro': [422, 'This category is not open to micro merchants', 'mcc'],
  'credit-code-invalid': [422, 'An enterprise needs its unified social credit code of 18 characters', 'creditCode'],
  'account-holder-differs': [422, 'Money goes only to an account in the merchant’s own name', 'accountHolder'],
  'plan-version-out-of-order': [409, 'The version of a plan is the last agreed version plus 1', 'plan.version'],
  'effective-date-not-in-future': [422, 'A change of a price takes effect after today', 'effectiveFrom'],
  'effective-date-before-last-plan': [
    409,
    'A plan takes effect no earlier than the version before it',
    'effectiveFrom',
  ],
  'merchant-not-registered': [409, 'The terminal’s merchant is not registered', 'merchantId'],
  'serial-number-bound': [409, 'The serial number is bound to another terminal', 'serialNumber'],
  'bound-items-differ': [409, 'The bound items are not those that the merchant is registered with', 'creditCode'],
};

/** The problem that says this refusal. */
export function refusalProblem(refusal: Refusal, detail?: string): Problem {
  const [status, title, path] = refusals[refusal];
  return new Problem({
    status,
    code: refusal,
    title,
    ...(detail === undefined ? {} : { detail }),
    ...(path === undefined ? {} : { fields: [{ path, wrong: title }] }),
  });
}

/** The facts of a decision. @throws Problem for a refusal. */
export function factsOf<F extends Fact>(decision: Decision<F, Refusal>): readonly F[] {
  if (isRefused(decision)) throw refusalProblem(decision.refusal);
  return decision.facts;
}

/** The problem that one field is wrong, as validation says it. */
export const invalid = (path: string, wrong: string): Problem =>
  new Problem({
    status: 422,
    code: 'invalid',
    title: 'The request is well formed but not valid',
    fields: [{ path, wrong }],
  });

/** The date beside a plan is not the plan's. */
export const datesDiffer = (): Problem =>
  invalid('effectiveFrom', 'effectiveFrom must be the same as plan.effectiveFrom');
