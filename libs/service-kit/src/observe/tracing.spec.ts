import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { SpanKind } from '@opentelemetry/api';
import { InMemorySpanExporter } from '@opentelemetry/sdk-trace';
import { beginSpan, inSpan, isTracing, startTracing, underSpan } from './tracing.ts';
import { traceIdOf } from './trace-ids.ts';

const idOf = (n: number): string => `00000000-0000-4000-8000-${String(n).padStart(12, '0')}`;

describe('tracing of a process', () => {
  it('is off until it is started, and off means that nothing is made and work just runs', async () => {
    expect(isTracing()).toBe(false);
    expect(beginSpan({ name: 'x', correlation: idOf(1), kind: SpanKind.INTERNAL })).toBeUndefined();
    expect(await inSpan('x', SpanKind.INTERNAL, {}, () => Promise.resolve(7))).toBe(7);
  });

  it('sends spans to a collector by OTLP over HTTP, the last ones when the process stops', async () => {
    const requests: { readonly url: string; readonly type: string; readonly body: Buffer }[] = [];
    const collector = createServer((request, response) => {
      const parts: Buffer[] = [];
      request.on('data', (part: Buffer) => parts.push(part));
      request.on('end', () => {
        requests.push({
          ...{ url: request.url ?? '', type: request.headers['content-type'] ?? '' },
          body: Buffer.concat(parts),
        });
        response.writeHead(200, { 'content-type': 'application/x-protobuf' }).end();
      });
    });
    const address = await listening(collector);
    try {
      const tracing = await startTracing({ service: 'ledger', instance: 'ledger-7', ratio: 1, to: address });
      beginSpan({ name: 'append EntryPosted', correlation: idOf(1), kind: SpanKind.PRODUCER })?.end();
      await tracing.stop();
      expect(requests.map(({ url, type }) => [url, type])).toEqual([['/v1/traces', 'application/x-protobuf']]);
      const text = requests[0]?.body.toString('latin1') ?? '';
      for (const said of ['append EntryPosted', 'ledger', 'ledger-7']) expect(text).toContain(said);
      expect(requests[0]?.body.includes(Buffer.from(traceIdOf(idOf(1)), 'hex'))).toBe(true);
    } finally {
      await new Promise((resolve) => collector.close(resolve));
    }
    expect(isTracing()).toBe(false);
  });

  it('a collector that is away stops nobody', async () => {
    const gone = createServer();
    const address = await listening(gone);
    await new Promise((resolve) => gone.close(resolve));
    const tracing = await startTracing({ service: 'ledger', instance: 'ledger-7', ratio: 1, to: address });
    beginSpan({ name: 'lost', correlation: idOf(1), kind: SpanKind.INTERNAL })?.end();
    await tracing.stop().catch(() => undefined);
    expect(isTracing()).toBe(false);
  }, 20_000);

  it('which traces are kept follows from their ids, so that every process keeps the same ones', async () => {
    const kept = async (): Promise<string[]> => {
      const exporter = new InMemorySpanExporter();
      const tracing = await startTracing({ service: 'spec', instance: 'spec', ratio: 0.5, to: exporter });
      for (let n = 1; n <= 200; n += 1) {
        // Ids of facts and commands are random, unlike these.
        const correlation = idOf(n * 7_654_321);
        beginSpan({ name: correlation, correlation, kind: SpanKind.INTERNAL })?.end();
      }
      await tracing.flush();
      const names = exporter.getFinishedSpans().map(({ name }) => name);
      await tracing.stop();
      return names;
    };
    const [first, again] = [await kept(), await kept()];
    expect(again).toEqual(first);
    expect(first.length).toBeGreaterThan(0);
    expect(first.length).toBeLessThan(200);
  });

  it('an error is told by its class, never by its text', async () => {
    const exporter = new InMemorySpanExporter();
    const tracing = await startTracing({ service: 'spec', instance: 'spec', ratio: 1, to: exporter });
    const span = beginSpan({ name: 'fails', correlation: idOf(1), kind: SpanKind.INTERNAL });
    const work = underSpan(span as NonNullable<typeof span>, () =>
      Promise.reject(new TypeError('6200000000000005 is no card')),
    );
    await expect(work).rejects.toThrow('is no card');
    await tracing.flush();
    expect(exporter.getFinishedSpans()[0]?.status).toMatchObject({ message: 'TypeError' });
    expect(JSON.stringify(exporter.getFinishedSpans()[0]?.events)).not.toContain('card');
    await tracing.stop();
  });
});

function listening(server: Server): Promise<string> {
  return new Promise((resolve) => {
    server.listen(0, '127.0.0.1', () => resolve(`http://127.0.0.1:${(server.address() as AddressInfo).port}`));
  });
}
