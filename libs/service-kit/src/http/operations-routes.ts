import type { NestFastifyApplication } from '@nestjs/platform-fastify';
import type { Readiness } from '../health/readiness.ts';
import type { Metrics } from '../metrics/metrics.ts';

/** `/health`: the process lives. `/ready`: it takes work, or 503 and which check says no. `/metrics`: Prometheus text, behind the token. */
export function operationsRoutes(app: NestFastifyApplication, readiness: Readiness, metrics: Metrics): void {
  const fastify = app.getHttpAdapter().getInstance();
  fastify.get('/health', (_request, reply) => reply.send({ status: 'up' }));
  fastify.get('/ready', async (_request, reply) => {
    const status = await readiness.status();
    return reply.code(status.ready ? 200 : 503).send(status);
  });
  fastify.get('/metrics', async (_request, reply) => {
    const { contentType, body } = await metrics.text();
    return reply.header('content-type', contentType).send(body);
  });
}
