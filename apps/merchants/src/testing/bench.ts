import { FastifyAdapter, type NestFastifyApplication } from '@nestjs/platform-fastify';
import { DocumentBuilder, SwaggerModule, type OpenAPIObject } from '@nestjs/swagger';
import { Test } from '@nestjs/testing';
import type { StoredRecord } from '@tillstream/event-store';
import {
  PlatformModule,
  ProblemFilter,
  validationPipe,
  type FixedBusinessClock,
  type Platform,
} from '@tillstream/service-kit';
import { openPlatformBench } from '@tillstream/service-kit/testing';
import { MerchantsModule } from '../index.ts';

/** An answer over HTTP. */
export interface Answer {
  readonly status: number;
  readonly type: string;
  // The shape is what the spec is about.
  // eslint-disable-next-line @typescript-eslint/no-explicit-any
  readonly body: any;
  readonly text: string;
}

/** The service over a real store and vault, spoken to by HTTP. */
export interface Bench {
  readonly platform: Platform;
  readonly business: FixedBusinessClock;
  readonly log: string[];
  readonly document: OpenAPIObject;
  post(path: string, body: unknown, from?: string): Promise<Answer>;
  get(path: string): Promise<Answer>;
  facts(stream: string): Promise<StoredRecord[]>;
  /** The same service started anew on the same data. */
  restart(): Promise<void>;
  close(): Promise<void>;
}

/** The service as another process on a bench's data. */
export type Beside = Omit<Bench, 'business' | 'log'>;

/** Opens a bench on an empty database; the business clock stands at 2026-11-23 10:00 in Shanghai. */
export async function openBench(): Promise<Bench> {
  const bench = await openPlatformBench({ service: 'merchants' });
  const opened = await openBeside(bench.platform);
  const close = async (): Promise<void> => {
    await opened.close();
    await bench.close();
  };
  return { ...opened, business: bench.business, log: bench.logLines, close };
}

/** Opens the service once more on a platform; closed before the bench. */
export async function openBeside(platform: Platform): Promise<Beside> {
  let running = await start(platform);
  const ask = async (method: 'GET' | 'POST', url: string, payload?: unknown, remoteAddress = '127.0.0.1') => {
    const answer = await running.app.inject({ method, url, remoteAddress, ...(payload ? { payload } : {}) });
    const type = String(answer.headers['content-type'] ?? '');
    return { status: answer.statusCode, type, text: answer.body, body: JSON.parse(answer.body) };
  };
  return {
    platform,
    document: running.document,
    post: (path, body, from) => ask('POST', path, body, from),
    get: (path) => ask('GET', path),
    facts: (stream) => platform.store.readStream(stream),
    restart: async () => {
      await running.app.close();
      running = await start(platform);
    },
    close: () => running.app.close(),
  };
}

async function start(platform: Platform): Promise<{ app: NestFastifyApplication; document: OpenAPIObject }> {
  const module = await Test.createTestingModule({
    imports: [PlatformModule.of(platform), MerchantsModule.register()],
  }).compile();
  const app = module.createNestApplication<NestFastifyApplication>(new FastifyAdapter(), { logger: false });
  app.useGlobalPipes(validationPipe());
  app.useGlobalFilters(new ProblemFilter(platform.log));
  await app.init();
  await app.getHttpAdapter().getInstance().ready();
  return { app, document: SwaggerModule.createDocument(app, new DocumentBuilder().setTitle('spec').build()) };
}
