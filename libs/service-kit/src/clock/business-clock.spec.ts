import { businessInstant, changedRow, ClockRefused, type ClockRow } from './business-clock.ts';
import { fixedBusinessClock, fixedMachineClock } from './fixed-clock.ts';

const noon = Date.UTC(2026, 10, 23, 4);
const real: ClockRow = { baseAt: noon, baseMachine: noon, rate: 1, holdAt: null, floorAt: noon, simulated: false };
const simulated: ClockRow = { ...real, simulated: true };

describe('business instant', () => {
  it('is the machine’s time while nothing is simulated', () =>
    expect(businessInstant(real, noon + 5000)).toBe(noon + 5000));
  it('runs as fast as its rate', () =>
    expect(businessInstant({ ...simulated, rate: 1440 }, noon + 1000)).toBe(noon + 1_440_000));
  it('stands still at its hold', () =>
    expect(businessInstant({ ...simulated, rate: 100, holdAt: noon + 5000 }, noon + 1000)).toBe(noon + 5000));
  it('is never below the floor, also when the machine’s clock went back', () =>
    expect(businessInstant({ ...real, floorAt: noon + 9000 }, noon - 60_000)).toBe(noon + 9000));
});

describe('a change of the clock', () => {
  it('is refused for a folder that runs on real time', () =>
    expect(() => changedRow(real, { rate: 2 }, noon)).toThrow(ClockRefused));
  it('never goes back', () =>
    expect(() => changedRow(simulated, { at: new Date(noon - 1) }, noon)).toThrow('cannot go back'));
  it('goes on from the hold, not from where it would have been, when the hold is lifted', () => {
    const lifted = changedRow({ ...simulated, rate: 100, holdAt: noon + 5000 }, { holdAt: null }, noon + 60_000);
    expect(businessInstant(lifted, noon + 60_000)).toBe(noon + 5000);
  });
  it('keeps the instant when only the rate changes', () => {
    const faster = changedRow({ ...simulated, rate: 10 }, { rate: 1000 }, noon + 1000);
    expect(businessInstant(faster, noon + 1000)).toBe(noon + 10_000);
  });
  it('refuses a jump beyond the present hold unless a later hold is given', () => {
    const holding = { ...simulated, holdAt: noon + 5000 };
    expect(() => changedRow(holding, { at: new Date(noon + 6000) }, noon)).toThrow('later holdAt');
    expect(changedRow(holding, { at: new Date(noon + 6000), holdAt: null }, noon).baseAt).toBe(noon + 6000);
  });
  it.each([0, -1, Number.NaN, Number.POSITIVE_INFINITY])('refuses the rate %s', (rate) =>
    expect(() => changedRow(simulated, { rate }, noon)).toThrow('a rate is above 0'),
  );
  it('refuses an instant that is none', () =>
    expect(() => changedRow(simulated, { at: new Date('nonsense') }, noon)).toThrow('valid instant'));
});

it('fixed clocks move only when told, and never back', () => {
  const clock = fixedBusinessClock('2026-11-23T04:00:00Z');
  clock.advance(1000);
  expect(clock.now().toISOString()).toBe('2026-11-23T04:00:01.000Z');
  expect(() => fixedMachineClock(5).set(4)).toThrow('never goes back');
});
