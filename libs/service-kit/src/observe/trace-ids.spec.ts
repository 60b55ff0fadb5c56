import { spanIdOf, traceIdOf } from './trace-ids.ts';

const id = '7b1f6d1e-0d7a-4c53-9d41-6a4f6b1f2c3d';

describe('traces without headers', () => {
  it('a UUID is its own trace, and its last 16 digits are its span', () => {
    expect(traceIdOf(id)).toBe('7b1f6d1e0d7a4c539d416a4f6b1f2c3d');
    expect(spanIdOf(id)).toBe('9d416a4f6b1f2c3d');
  });

  it('any other text has a trace and a span as well, always the same ones', () => {
    expect(traceIdOf('night of 2026-11-23')).toMatch(/^[0-9a-f]{32}$/);
    expect(traceIdOf('night of 2026-11-23')).toBe(traceIdOf('night of 2026-11-23'));
    expect(spanIdOf('night of 2026-11-23')).toMatch(/^[0-9a-f]{16}$/);
  });
});
