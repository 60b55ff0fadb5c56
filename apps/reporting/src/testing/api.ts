import { Module } from '@nestjs/common';
import { Metrics, openHttp, openLog, type Platform, PlatformModule, Readiness } from '@tillstream/service-kit';
import { ReportingModule } from '../reporting.module.ts';
import type { History } from './history.ts';

/** An answer of the API as a spec looks at it. */
export interface Reply {
  readonly status: number;
  readonly text: string;
  readonly headers: Headers;
  // eslint-disable-next-line @typescript-eslint/no-explicit-any -- what came over the wire has the type that the spec expects
  readonly body: any;
}

@Module({})
class SpecRoot {}

/** The reporting module behind the real HTTP server, over a history. Only what it uses of the platform is there. */
export async function openApi(history: History) {
  const lines: string[] = [];
  const log = openLog({ service: 'spec', to: { write: (line: string) => void lines.push(line) } });
  const { store, feed, pool } = history;
  const businessClock = { now: () => new Date(history.at) };
  const platform = { businessClock, store, feed, pool, log, cutOffMinutes: 1_380 } as unknown as Platform;
  const api = await openHttp({
    module: { module: SpecRoot, imports: [PlatformModule.of(platform), ReportingModule.register()] },
    ...{ title: 'Reports', port: 0, log, readiness: new Readiness(), metrics: new Metrics('spec') },
  });
  const get = async (path: string): Promise<Reply> => {
    const answer = await fetch(`${api.url}${path}`, { headers: { authorization: `Bearer ${api.token}` } });
    const text = await answer.text();
    const body = (answer.headers.get('content-type') ?? '').includes('json')
      ? (JSON.parse(text) as unknown)
      : undefined;
    return { status: answer.status, text, headers: answer.headers, body };
  };
  return { get, url: api.url, lines, close: (): Promise<void> => api.close() };
}
export type Api = Awaited<ReturnType<typeof openApi>>;
