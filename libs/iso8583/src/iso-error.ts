/**
 * A message, frame or value that breaks the profile. It names the place and the rule, never the bytes: neither the raw
 * message nor a field's value is kept, so that logging it can leak nothing.
 */
export class IsoError extends Error {
  override readonly name = 'IsoError';
  /** Where: `LEN`, `MTI`, `bitmap`, `F60`, `F60.2`, `F55.9F26`, `frame`. */
  readonly path: string;
  /** What was wrong, in words and lengths only. */
  readonly problem: string;
  /** What would have been right. */
  readonly expected: string;

  constructor(path: string, problem: string, expected: string) {
    super(`${path}: ${problem}; expected ${expected}`);
    this.path = path;
    this.problem = problem;
    this.expected = expected;
  }
}
