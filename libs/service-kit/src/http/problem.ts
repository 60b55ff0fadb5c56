import { HttpException } from '@nestjs/common';

/** One field that was wrong: its path in the body or query, what was wrong, what would be right. */
export interface FieldProblem {
  readonly path: string;
  readonly wrong: string;
}

/** An answer of type problem+json (RFC 9457) with a stable code of ours. */
export interface ProblemBody {
  readonly type: string;
  readonly title: string;
  readonly status: number;
  /** Stable kebab word; what a program looks at. */
  readonly code: string;
  readonly detail?: string;
  readonly fields?: readonly FieldProblem[];
}

/** An expected no of the HTTP API: throw it from a controller. `detail` is shown to the caller, so it holds no secret. */
export class Problem extends HttpException {
  readonly problem: ProblemBody;
  constructor(problem: Omit<ProblemBody, 'type'>) {
    const body: ProblemBody = { type: `urn:tillstream:problem:${problem.code}`, ...problem };
    super({ ...body }, problem.status);
    this.problem = body;
  }
}
