import { nextTry, resumed, RETRY_PAUSES_MS } from './retry.ts';

const after = (attempts: number, isPastCutOff = false) => nextTry(RETRY_PAUSES_MS, { attempts, isPastCutOff });

describe('the retry schedule of a reversal (domain 3.2)', () => {
  it('is 5 s, 15 s, 60 s, then every 5 min', () =>
    expect([1, 2, 3, 4, 5, 400].map((attempts) => after(attempts))).toEqual([
      5_000, 15_000, 60_000, 300_000, 300_000, 300_000,
    ]));
  it('what could not even be sent waits as before its second try', () => expect(after(0)).toBe(5_000));
  it('ends at the cut-off, but not before the first tries are made', () => {
    expect([1, 2, 3].map((attempts) => after(attempts, true))).toEqual([5_000, 15_000, 60_000]);
    expect([4, 5].map((attempts) => after(attempts, true))).toEqual([null, null]);
  });
  it.each([
    [0, 1, 5_000],
    [4_999, 1, 1],
    [5_000, 2, 15_000],
    [12_000, 2, 8_000],
    [79_000, 3, 1_000],
    [80_000, 4, 300_000],
    [379_999, 4, 1],
    [380_000, 5, 300_000],
    [1_000_000, 7, 280_000],
  ])('after %i ms of doubt a restart counts %i tries and waits %i ms', (elapsed, attempts, pauseMs) =>
    expect(resumed(RETRY_PAUSES_MS, elapsed)).toEqual({ attempts, pauseMs }),
  );
  it('goes on at the pause, whatever the clock says of the time before', () =>
    expect(resumed(RETRY_PAUSES_MS, -60_000)).toEqual({ attempts: 1, pauseMs: 5_000 }));
});
