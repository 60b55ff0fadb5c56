import { FastifyAdapter, type NestFastifyApplication } from '@nestjs/platform-fastify';
import { Test } from '@nestjs/testing';
import { PlatformModule, ProblemFilter, validationPipe, type Platform } from '@tillstream/service-kit';
import type { CaseView } from '../clearing/case-bodies.ts';
import { Settlement, SettlementModule, type SettlementOptions } from '../index.ts';

/** What an answer may hold: a page of a list, a case or a problem. A name that it lacks is undefined at run time. */
export interface ApiBody {
  readonly code: string;
  readonly caseId: string;
  readonly items: readonly CaseView[];
  readonly next: string | null;
  readonly [name: string]: unknown;
}

/** An answer over HTTP. */
export interface ApiAnswer {
  readonly status: number;
  readonly body: ApiBody;
}

/** The settlement service with its HTTP API. */
export interface PayoutApi {
  readonly settlement: Settlement;
  post(path: string, body: object): Promise<ApiAnswer>;
  get(path: string): Promise<ApiAnswer>;
  close(): Promise<void>;
}

/** Opens the service over HTTP on a platform. */
export async function openPayoutApi(platform: Platform, options: SettlementOptions): Promise<PayoutApi> {
  const module = await Test.createTestingModule({
    imports: [PlatformModule.of(platform), SettlementModule.register(options)],
  }).compile();
  const app = module.createNestApplication<NestFastifyApplication>(new FastifyAdapter(), { logger: false });
  app.useGlobalPipes(validationPipe());
  app.useGlobalFilters(new ProblemFilter(platform.log));
  await app.init();
  await app.getHttpAdapter().getInstance().ready();
  const ask = async (method: 'GET' | 'POST', url: string, payload?: object): Promise<ApiAnswer> => {
    const answer = await app.inject({ method, url, ...(payload ? { payload } : {}) });
    return { status: answer.statusCode, body: JSON.parse(answer.body) as ApiBody };
  };
  return {
    settlement: app.get(Settlement),
    post: (path, body) => ask('POST', path, body),
    get: (path) => ask('GET', path),
    close: () => app.close(),
  };
}
