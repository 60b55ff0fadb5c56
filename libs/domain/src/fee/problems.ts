import { isFen, RATE_ONE } from '@tillstream/money';
import { CARD_CLASSES, MERCHANT_CLASSES } from './card-class.ts';
import { RETURN_POLICIES } from './plan.ts';
import { isBusinessDate } from '../calendar/date.ts';

/** What is wrong with one value of a plan that came from outside: where it stands and what would be right. */
export type PlanProblem = { path: string; expected: string };

type Fields = Record<string, unknown>;
type Check = (value: unknown, path: string) => PlanProblem[];

/** Factors may raise a price, but no one doubles it by a slip of the digits. */
const MAX_FACTOR = 2 * RATE_ONE;

function expect(right: boolean, path: string, expected: string): PlanProblem[] {
  return right ? [] : [{ path, expected }];
}

function isFields(value: unknown): value is Fields {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

const within =
  (min: number, max: number, expected: string): Check =>
  (value, path) =>
    expect(Number.isSafeInteger(value) && (value as number) >= min && (value as number) <= max, path, expected);

const rateAt = within(0, RATE_ONE, 'an integer from 0 to 100000000, in units of 1e-8');
const positiveRateAt = within(1, RATE_ONE, 'an integer from 1 to 100000000, in units of 1e-8');
const factorAt = within(0, MAX_FACTOR, 'an integer from 0 to 200000000, in units of 1e-8');
const fenAt: Check = (value, path) => expect(isFen(value) && value >= 0, path, 'an integer of fen, not negative');
const optionalFenAt: Check = (value, path) => (value === undefined ? [] : fenAt(value, path));
const flagAt: Check = (value, path) => expect(typeof value === 'boolean', path, 'true or false');
const returnsAt: Check = (value, path) =>
  expect((RETURN_POLICIES as readonly unknown[]).includes(value), path, `one of ${RETURN_POLICIES.join(', ')}`);

/** Exactly these fields, each by its own check; a field nobody knows is a slip, not an extension. */
function fieldsAt(value: unknown, path: string, checks: Record<string, Check>): PlanProblem[] {
  if (!isFields(value)) return [{ path, expected: 'an object' }];
  const unknown = Object.keys(value).filter((name) => !Object.hasOwn(checks, name));
  return [
    ...Object.entries(checks).flatMap(([name, check]) => check(value[name], path === '' ? name : `${path}.${name}`)),
    ...(unknown.length === 0 ? [] : [{ path, expected: `no fields but ${Object.keys(checks).join(', ')}` }]),
  ];
}

const each =
  (names: readonly string[], check: Check): Check =>
  (value, path) =>
    fieldsAt(value, path, Object.fromEntries(names.map((name) => [name, check])));

const any: Check = () => [];
const costClauseAt: Check = (value, path) => fieldsAt(value, path, { rate1e8: rateAt, cap: optionalFenAt });

const clauseAt: Check = (value, path) => {
  const kind = isFields(value) ? value['kind'] : undefined;
  if (kind === 'rate') {
    const { min, cap } = value as Fields;
    const problems = fieldsAt(value, path, { kind: any, rate1e8: rateAt, min: optionalFenAt, cap: optionalFenAt });
    return [...problems, ...expect(!(isFen(min) && isFen(cap) && min > cap), `${path}.min`, 'at most the cap')];
  }
  if (kind === 'tiered-amount' || kind === 'tiered-fee') {
    return fieldsAt(value, path, { kind: any, rate1e8: positiveRateAt, threshold: fenAt, excessRate1e8: rateAt });
  }
  return [{ path: `${path}.kind`, expected: 'rate, tiered-amount or tiered-fee' }];
};

const termsAt: Check = (value, path) =>
  isFields(value) && value['kind'] === 'by-card-class'
    ? fieldsAt(value, path, { kind: any, clauses: each(CARD_CLASSES, clauseAt) })
    : clauseAt(value, path);

const costsAt: Check = (value, path) => {
  const kind = isFields(value) ? value['kind'] : undefined;
  if (kind === 'flat') return fieldsAt(value, path, { kind: any, clause: costClauseAt });
  if (kind !== 'by-card-class') return [{ path: `${path}.kind`, expected: 'by-card-class or flat' }];
  return fieldsAt(value, path, {
    kind: any,
    issuer: each(CARD_CLASSES, costClauseAt),
    network: each(CARD_CLASSES, costClauseAt),
    classFactor1e8: each(MERCHANT_CLASSES, each(CARD_CLASSES, factorAt)),
    factorOnCap: flagAt,
  });
};

const head: Record<string, Check> = {
  id: (value, path) =>
    expect(
      typeof value === 'string' && /^[a-z0-9][a-z0-9-]{0,39}$/.test(value),
      path,
      'a word of a-z, 0-9 and -, at most 40 long',
    ),
  version: within(1, 1_000_000, 'an integer from 1'),
  effectiveFrom: (value, path) => expect(isBusinessDate(value), path, 'a date as 2026-11-23'),
  returns: returnsAt,
};

/** Everything wrong with a fee plan from outside; empty when it is a FeePlan. Values are never repeated. */
export function feePlanProblems(value: unknown): PlanProblem[] {
  return fieldsAt(value, '', { ...head, terms: termsAt });
}

/** Everything wrong with a cost plan from outside; empty when it is a CostPlan. Values are never repeated. */
export function costPlanProblems(value: unknown): PlanProblem[] {
  return fieldsAt(value, '', { ...head, costs: costsAt });
}
