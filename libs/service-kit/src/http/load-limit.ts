import type { NestFastifyApplication } from '@nestjs/platform-fastify';
import { problemOf } from './problem.filter.ts';
import { Problem } from './problem.ts';

/** Requests at work at the same time; the next one gets 503. */
export const MOST_REQUESTS_AT_WORK = 128;
/** After this long the caller may ask again, seconds. */
const RETRY_AFTER_S = 2;

/** What is asked about the process itself, and must be answered when it is loaded above all. */
const exempt = /^\/(health|ready|metrics)$/;

/**
 * Refuses with 503 and Retry-After before a body is read: new work while `busy` says so, anything beyond {@link MOST_REQUESTS_AT_WORK}.
 * Looking is let through while busy, because people look then.
 */
export function loadLimit(app: NestFastifyApplication, busy: () => boolean): void {
  const fastify = app.getHttpAdapter().getInstance();
  let atWork = 0;
  fastify.addHook('onRequest', (request, reply, done) => {
    const looks = request.method === 'GET' || request.method === 'HEAD';
    const refused = atWork >= MOST_REQUESTS_AT_WORK || (!looks && busy());
    if (refused && !exempt.test(request.url.split('?', 1)[0] ?? '')) {
      const title = 'The node has no room for new work at the moment';
      void reply
        .code(503)
        .header('retry-after', String(RETRY_AFTER_S))
        .header('content-type', 'application/problem+json; charset=utf-8')
        .send(JSON.stringify(problemOf(new Problem({ status: 503, code: 'overloaded', title }))));
      return;
    }
    atWork += 1;
    // Whether it was answered or the caller hung up.
    reply.raw.once('close', () => (atWork -= 1));
    done();
  });
}
