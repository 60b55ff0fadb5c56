import type { DynamicModule, Type } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import type { CustomTransportStrategy } from '@nestjs/microservices';
import { FastifyAdapter, type NestFastifyApplication } from '@nestjs/platform-fastify';
import { DocumentBuilder, SwaggerModule } from '@nestjs/swagger';
import { systemRandom } from '@tillstream/crypto';
import type { Readiness } from '../health/readiness.ts';
import { type Log, NestLog } from '../logs/log.ts';
import type { Metrics } from '../metrics/metrics.ts';
import { freshToken } from './bearer-token.ts';
import { isAllowed, startsBrowserSession } from './browser-session.ts';
import { refuseUnfitTexts } from './body-texts.ts';
import { listenOn } from './listen.ts';
import { loadLimit } from './load-limit.ts';
import { operationsRoutes } from './operations-routes.ts';
import { ProblemFilter, problemOf } from './problem.filter.ts';
import { Problem } from './problem.ts';
import { validationPipe } from './validation.ts';

/** What the HTTP API of a process is made of. */
export interface HttpSettings {
  /** The root module; its controllers are the API. */
  readonly module: Type<unknown> | DynamicModule;
  readonly title: string;
  /** Preferred port; when it is taken, a free one is used. 0 asks for a free one. */
  readonly port: number;
  /** Address of this machine to listen on; 127.0.0.1. Anything else is for a network that nobody but the cluster is in. */
  readonly host?: string;
  /** Fixed token of at least 16 characters; a fresh one when left out. */
  readonly token?: string;
  readonly log: Log;
  readonly readiness: Readiness;
  readonly metrics: Metrics;
  /** Largest body, bytes; 64 KiB. */
  readonly bodyLimit?: number;
  /** True while the process has no room for new work: such requests get 503 and Retry-After. Never, when left out. */
  readonly busy?: () => boolean;
  /** Transports whose handlers live in the same modules; started before the port opens, in this order. */
  readonly strategies?: readonly CustomTransportStrategy[];
}

/** A running API. */
export interface OpenHttp {
  readonly app: NestFastifyApplication;
  /** `http://<host>:<port>`. */
  readonly url: string;
  readonly port: number;
  /** True when the preferred port was taken. */
  readonly moved: boolean;
  readonly token: string;
  /** Finishes open requests and closes the application. */
  close(): Promise<void>;
}

/** What needs no token: nothing of it is about a merchant or a payment. */
const open = /^\/(health|ready|docs(\/.*)?|docs-json)$/;

/**
 * Starts the modules and their HTTP API: on loopback unless told otherwise, behind a bearer token (design 10), errors as problem+json, OpenAPI at `/docs`,
 * and `/health`, `/ready`, `/metrics`. Rejects when a module or transport does not start; nothing is left open then.
 */
export async function openHttp(settings: HttpSettings): Promise<OpenHttp> {
  const { module, title, log, port, bodyLimit = 65_536, strategies = [] } = settings;
  const token = settings.token ?? freshToken(systemRandom);
  if (token.length < 16) throw new Error('the token of the HTTP API has at least 16 characters');
  const adapter = new FastifyAdapter({
    bodyLimit,
    requestTimeout: 30_000,
    connectionTimeout: 60_000,
    forceCloseConnections: 'idle',
  });
  const app = await NestFactory.create<NestFastifyApplication>(module, adapter, {
    logger: new NestLog(log),
    abortOnError: false,
    forceCloseConnections: true,
  });
  try {
    guard(app, token);
    loadLimit(app, settings.busy ?? (() => false));
    refuseUnfitTexts(app);
    app.useGlobalPipes(validationPipe());
    app.useGlobalFilters(new ProblemFilter(log));
    document(app, title);
    operationsRoutes(app, settings.readiness, settings.metrics);
    for (const strategy of strategies) app.connectMicroservice({ strategy }, { inheritAppConfig: false });
    await app.init();
    await app.startAllMicroservices();
    const listening = await listenOn(app, settings.host ?? '127.0.0.1', port);
    return { app, token, ...listening, close: () => app.close() };
  } catch (error) {
    await app.close().catch(() => undefined);
    throw error;
  }
}

/** Refuses before anything of the request is read. */
function guard(app: NestFastifyApplication, token: string): void {
  const fastify = app.getHttpAdapter().getInstance();
  fastify.addHook('onRequest', (request, reply, done) => {
    void reply.headers({
      'cache-control': 'no-store',
      'x-content-type-options': 'nosniff',
      'referrer-policy': 'no-referrer',
    });
    const path = request.url.split('?', 1)[0] ?? '';
    if (open.test(path) || isAllowed(request, token)) return done();
    if (startsBrowserSession(request, reply, token)) return;
    const body = problemOf(new Problem({ status: 401, code: 'unauthorized', title: 'A valid token is missing' }));
    void reply
      .code(401)
      .header('www-authenticate', 'Bearer')
      .header('content-type', 'application/problem+json; charset=utf-8')
      .send(JSON.stringify(body));
  });
}

function document(app: NestFastifyApplication, title: string): void {
  const description =
    'Amounts are fen. Errors are problem+json with a stable code. Send the token printed at start as bearer token.';
  const about = new DocumentBuilder().setTitle(title).setDescription(description).setVersion('1').addBearerAuth();
  const built = SwaggerModule.createDocument(app, about.addSecurityRequirements('bearer').build());
  SwaggerModule.setup('docs', app, built);
}
