import { lookUpBin, passesLuhn } from '@tillstream/domain/payment/bins';
import { wishOf } from '../cards/test-cards.ts';
import { instantOf } from '../clock/business-clock.ts';
import { planDay, type PlanInput } from './plan-day.ts';
import { isPayment, type PlannedAction, type Step } from './steps.ts';

const input: PlanInput = {
  seed: 'spec',
  date: '2026-11-23',
  terminals: Array.from({ length: 50 }, (_, index) => ({
    terminalId: String(10_000_001 + index),
    merchantId: `48029005331000${index % 7}`,
    merchantType: index % 7 === 6 ? 'MICRO' : 'ENTERPRISE',
  })),
  payments: 20_000,
};
const plan = planDay(input);
const steps = plan.terminals.flatMap((terminal) => terminal.steps);
const actions = <T extends PlannedAction['is']>(is: T): Extract<PlannedAction, { is: T }>[] =>
  steps.flatMap(({ action }) => (action.is === is ? [action as Extract<PlannedAction, { is: T }>] : []));
const share = (part: number): number => part / input.payments;

describe("a day's plan", () => {
  it('follows from seed, date and terminals alone', () => {
    expect(planDay(input)).toEqual(plan);
    expect(planDay({ ...input, seed: 'other' })).not.toEqual(plan);
    expect(planDay({ ...input, date: '2026-11-24' }).terminals[0]?.steps[5]?.action).not.toEqual(
      plan.terminals[0]?.steps[5]?.action,
    );
  });

  it('has exactly the payments asked for', () => {
    expect(steps.filter(isPayment)).toHaveLength(20_000);
  });

  it('keeps every terminal in order and inside the business day, closed before the cut-off', () => {
    for (const { steps: own } of plan.terminals) {
      expect(own.map(({ index }) => index)).toEqual(own.map((_, index) => index));
      expect(own.every((step, index) => index === 0 || step.at >= (own[index - 1] as Step).at)).toBe(true);
      expect(own[0]?.action.is).toBe('sign-in');
      expect(own.slice(-2).map(({ action }) => action.is)).toEqual(['settle', 'sign-off']);
      expect(own[0]?.at).toBeGreaterThanOrEqual(instantOf('2026-11-23', '06:25:00'));
      expect(own.at(-1)?.at).toBeLessThan(instantOf('2026-11-23', '23:00:00'));
    }
  });

  it('peaks at noon and in the evening', () => {
    const inHour = (hour: number): number =>
      steps.filter(
        (step) => isPayment(step) && Math.floor((step.at - instantOf('2026-11-23', '00:00:00')) / 3_600_000) === hour,
      ).length;
    expect(inHour(12)).toBeGreaterThan(2 * inHour(9));
    expect(inHour(18)).toBeGreaterThan(2 * inHour(9));
  });

  it('has about 4 % declines by the issuer: 51, 54, 55, 61', () => {
    const codes = actions('sale').map(({ expected }) => expected);
    const declined = codes.filter((code) => code !== null && code !== '00');
    expect(share(declined.length)).toBeGreaterThan(0.033);
    expect(share(declined.length)).toBeLessThan(0.047);
    expect(new Set(declined)).toEqual(new Set(['51', '54', '55', '61']));
  });

  it('has lost, late and spoilt answers, voids, refunds and inquiries in their shares', () => {
    const faults = actions('sale').filter(({ expected }) => expected === null).length;
    expect(share(faults)).toBeGreaterThan(0.003);
    expect(share(faults)).toBeLessThan(0.009);
    for (const [is, wanted] of [
      ['void', 0.015],
      ['refund', 0.007],
      ['inquiry', 0.01],
    ] as const) {
      expect(share(actions(is).length)).toBeGreaterThan(wanted * 0.6);
      expect(share(actions(is).length)).toBeLessThan(wanted * 1.6);
    }
    expect(new Set(actions('sale').map(({ card }) => wishOf(card.pan).is))).toEqual(
      new Set(['approve', 'decline', 'lose-answer', 'lose-request', 'late-answer']),
    );
  });

  it('makes one terminal disagree, two forget to settle, and one in five settle at noon', () => {
    expect(actions('forget')).toHaveLength(1);
    expect(actions('settle').filter(({ automatic }) => automatic)).toHaveLength(2);
    expect(actions('settle')).toHaveLength(50 + 10 + 1);
  });

  it('uses thousands of valid fictional cards', () => {
    const pans = new Set(actions('sale').map(({ card }) => card.pan));
    expect(pans.size).toBeGreaterThan(15_000);
    for (const pan of pans) expect([passesLuhn(pan), lookUpBin(pan) !== undefined]).toEqual([true, true]);
  });

  it('keeps amounts between 1.00 and 20,000 yuan, but for the few above every limit', () => {
    const amounts = actions('sale').map(({ amount }) => amount);
    expect(Math.min(...amounts)).toBeGreaterThanOrEqual(100);
    const above = amounts.filter((amount) => amount > 20_000_00);
    expect(new Set(above)).toEqual(new Set([250_000_00]));
    expect(above).toHaveLength(5);
  });

  it('keeps a MICRO merchant below its daily limits', () => {
    const micro = new Set(
      input.terminals.filter(({ merchantType }) => merchantType === 'MICRO').map(({ terminalId }) => terminalId),
    );
    const sales = plan.terminals
      .filter(({ terminalId }) => micro.has(terminalId))
      .flatMap(({ steps: own }) =>
        own.flatMap(({ action }) => (action.is === 'sale' && action.amount <= 20_000_00 ? [action] : [])),
      );
    const credit = sales.filter(({ card }) => ['CREDIT', 'SEMI_CREDIT'].includes(lookUpBin(card.pan)?.cardClass ?? ''));
    expect(sales.reduce((sum, { amount }) => sum + amount, 0)).toBeLessThan(100_000_00);
    expect(credit.reduce((sum, { amount }) => sum + amount, 0)).toBeLessThan(50_000_00);
  });

  it('plans for one terminal and for no payment as well', () => {
    const one = planDay({ ...input, terminals: input.terminals.slice(0, 1), payments: 0 });
    expect(one.terminals[0]?.steps.some(isPayment)).toBe(false);
    expect(planDay({ ...input, terminals: [] }).terminals).toEqual([]);
  });
});
