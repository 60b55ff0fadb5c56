import { type ArgumentsHost, Catch, type ExceptionFilter, HttpException } from '@nestjs/common';
import type { FastifyReply, FastifyRequest } from 'fastify';
import type { Log } from '../logs/log.ts';
import { Problem, type ProblemBody } from './problem.ts';

const known: Readonly<Record<number, readonly [code: string, title: string]>> = {
  400: ['bad-request', 'The request cannot be understood'],
  401: ['unauthorized', 'A valid token is missing'],
  403: ['forbidden', 'Not allowed'],
  404: ['not-found', 'There is nothing at this address'],
  405: ['method-not-allowed', 'The address does not know this method'],
  408: ['request-timeout', 'The request took too long to arrive'],
  409: ['conflict', 'The request does not fit the present state'],
  413: ['body-too-large', 'The body is too large'],
  415: ['media-type', 'The body must be application/json'],
  422: ['invalid', 'The request is well formed but not valid'],
  429: ['too-many-requests', 'Too many requests'],
  503: ['unavailable', 'Not available at the moment'],
};
const defect: ProblemBody = {
  type: 'urn:tillstream:problem:internal',
  title: 'Something went wrong on our side',
  status: 500,
  code: 'internal',
};

/** Makes problem+json of whatever was thrown; what was not expected is logged and said as 500 without a word about the inside. */
@Catch()
export class ProblemFilter implements ExceptionFilter {
  readonly #log: Log;
  constructor(log: Log) {
    this.#log = log;
  }

  catch(thrown: unknown, host: ArgumentsHost): void {
    const reply = host.switchToHttp().getResponse<FastifyReply>();
    const request = host.switchToHttp().getRequest<FastifyRequest>();
    const body = problemOf(thrown);
    if (body.status >= 500 && !(thrown instanceof Problem)) {
      this.#log.error('a request failed', { method: request.method, route: request.routeOptions.url, error: thrown });
    }
    if (reply.sent) return;
    void reply
      .code(body.status)
      .header('content-type', 'application/problem+json; charset=utf-8')
      .send(JSON.stringify(body));
  }
}

/** The body for whatever was thrown. Messages of others are not repeated: they may quote the request. */
export function problemOf(thrown: unknown): ProblemBody {
  if (thrown instanceof Problem) return thrown.problem;
  const status = statusOf(thrown);
  const [code, title] =
    known[status] ?? (status < 500 ? ['request-refused', 'The request is refused'] : [undefined, undefined]);
  if (code === undefined) return { ...defect };
  return { type: `urn:tillstream:problem:${code}`, title, status, code };
}

function statusOf(thrown: unknown): number {
  if (thrown instanceof HttpException) return thrown.getStatus();
  const status = (thrown as { statusCode?: unknown } | null)?.statusCode; // errors of Fastify itself: body limit, media type
  return typeof status === 'number' && status >= 400 && status < 500 ? status : 500;
}
