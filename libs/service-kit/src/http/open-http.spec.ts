import { createServer } from 'node:net';
import type { AddressInfo } from 'node:net';
import { Body, Controller, Get, Module, Param, Post } from '@nestjs/common';
import { IsInt, IsString, Length, Min } from 'class-validator';
import { Readiness } from '../health/readiness.ts';
import { openLog } from '../logs/log.ts';
import { Metrics } from '../metrics/metrics.ts';
import { openHttp, type OpenHttp } from './open-http.ts';
import { Problem } from './problem.ts';

class RegisterMerchant {
  @IsString() @Length(15, 15) merchantId!: string;
  @IsInt() @Min(1) amount!: number;
}

@Controller('merchants')
class MerchantsController {
  @Post()
  register(@Body() command: RegisterMerchant): { readonly registered: string } {
    return { registered: command.merchantId };
  }
  @Get(':id')
  find(@Param('id') id: string): never {
    if (id === 'broken') throw new Error('secret inside 4111111111111111');
    throw new Problem({ status: 404, code: 'merchant-unknown', title: 'No such merchant' });
  }
}
@Module({ controllers: [MerchantsController] })
class MerchantsModule {}

describe('HTTP API', () => {
  const lines: string[] = [];
  const readiness = new Readiness();
  let databaseUp = true;
  let busy = false;
  let api: OpenHttp;
  let taken: ReturnType<typeof createServer>;

  beforeAll(async () => {
    taken = createServer().listen(0, '127.0.0.1');
    await new Promise((resolve) => taken.once('listening', resolve));
    readiness.add('database', () => {
      if (!databaseUp) throw new Error('no connection');
    });
    const log = openLog({ service: 'spec', to: { write: (line: string) => void lines.push(line) } });
    const { port } = taken.address() as AddressInfo;
    const metrics = new Metrics('spec');
    metrics.counter({ name: 'spec_total', help: 'spec' }).inc();
    const about = { module: MerchantsModule, title: 'Spec', port, log, readiness, metrics };
    api = await openHttp({ ...about, bodyLimit: 1000, busy: () => busy });
  });
  afterAll(async () => {
    await api.close();
    taken.close();
  });

  const call = async (path: string, init: RequestInit = {}, token = api.token) => {
    const headers = { authorization: `Bearer ${token}`, 'content-type': 'application/json', ...init.headers };
    const response = await fetch(`${api.url}${path}`, { ...init, headers });
    const text = await response.text();
    const type = response.headers.get('content-type') ?? '';
    const retryAfter = response.headers.get('retry-after');
    return {
      status: response.status,
      type,
      text,
      retryAfter,
      body: type.includes('json') ? JSON.parse(text) : undefined,
    };
  };
  const post = (body: unknown) =>
    call('/merchants', { method: 'POST', body: typeof body === 'string' ? body : JSON.stringify(body) });

  it('takes a free port on loopback when the preferred one is taken', () => {
    expect(api.moved).toBe(true);
    expect(api.url).toMatch(/^http:\/\/127\.0\.0\.1:\d+$/);
  });

  it('wants the token for everything about business, and for the metrics', async () => {
    for (const path of ['/merchants/1', '/metrics', '/nowhere', '/docsx']) {
      const answer = await call(path, {}, 'wrong-token-wrong-token');
      expect(answer).toMatchObject({ status: 401, body: { code: 'unauthorized' } });
      expect(answer.type).toContain('application/problem+json');
    }
  });

  it('says every wrong and every unknown field by its path, and repeats no value', async () => {
    const { status, body, text } = await post({ merchantId: 'PRIVATE', amount: 0, admin: true });
    expect(status).toBe(422);
    expect(body).toMatchObject({ code: 'invalid', type: 'urn:tillstream:problem:invalid' });
    expect(body.fields.map(({ path }: { path: string }) => path).sort()).toEqual(['admin', 'amount', 'merchantId']);
    expect(text).not.toContain('PRIVATE');
  });

  it('refuses a text that must not be stored: a card number, NUL, half a surrogate pair; the field is named, the text is not', async () => {
    const bad = { note: { inner: 'card 4111 1111 1111 1111' } };
    const answer = await post({ merchantId: '898310000000001', amount: 1, ...bad });
    expect(answer).toMatchObject({ status: 422, body: { code: 'card-number', fields: [{ path: 'note.inner' }] } });
    expect(answer.text).not.toContain('4111');
    expect((await post({ '4111111111111111': 1 })).text).not.toContain('4111');
    for (const text of ['a\u0000b', '\ud800']) {
      expect(await post({ amount: 1, note: text })).toMatchObject({ status: 422, body: { code: 'unfit-text' } });
    }
  });

  it('takes a right body', async () => {
    expect(await post({ merchantId: '898310000000001', amount: 1 })).toMatchObject({
      status: 201,
      body: { registered: '898310000000001' },
    });
  });

  it('answers new work 503 with Retry-After while it has no room for it, and lets people look; then takes it again', async () => {
    const work = { merchantId: '898310000000001', amount: 1 };
    busy = true;
    expect(await post(work)).toMatchObject({ status: 503, retryAfter: '2', body: { code: 'overloaded' } });
    expect(await call('/merchants/1')).toMatchObject({ status: 404 });
    expect(await call('/metrics')).toMatchObject({ status: 200 });
    busy = false;
    expect((await post(work)).status).toBe(201);
  });

  it('answers an expected no with its stable code, and an address that does not exist with 404', async () => {
    expect(await call('/merchants/1')).toMatchObject({ status: 404, body: { code: 'merchant-unknown' } });
    expect(await call('/nowhere')).toMatchObject({ status: 404, body: { code: 'not-found' } });
  });

  it('says nothing about the inside of a defect, and logs it masked', async () => {
    const { status, body, text } = await call('/merchants/broken');
    expect(status).toBe(500);
    expect(body).toEqual({
      type: 'urn:tillstream:problem:internal',
      title: 'Something went wrong on our side',
      status: 500,
      code: 'internal',
    });
    expect(text).not.toContain('secret');
    expect(lines.join('')).toContain('a request failed');
    expect(lines.join('')).not.toContain('4111111111111111');
  });

  it('refuses bodies that are too large, not JSON, or broken JSON', async () => {
    expect(await post({ merchantId: 'x'.repeat(2000) })).toMatchObject({
      status: 413,
      body: { code: 'body-too-large' },
    });
    expect(await post('{broken')).toMatchObject({ status: 400, body: { code: 'bad-request' } });
    const wrongType = await call('/merchants', {
      method: 'POST',
      body: '<a/>',
      headers: { 'content-type': 'text/xml' },
    });
    expect(wrongType).toMatchObject({ status: 415, body: { code: 'media-type' } });
  });

  it('serves health and readiness without a token; not ready names the check', async () => {
    expect(await call('/health', {}, 'none')).toMatchObject({ status: 200 });
    expect(await call('/ready', {}, 'none')).toMatchObject({ status: 200, body: { ready: true } });
    databaseUp = false;
    expect(await call('/ready', {}, 'none')).toMatchObject({
      status: 503,
      body: { ready: false, checks: [{ name: 'database', ready: false, why: 'no connection' }] },
    });
    databaseUp = true;
  });

  it('serves metrics of the process and ours, and the API’s description', async () => {
    const metrics = await call('/metrics');
    expect(metrics.text).toContain('tillstream_spec_total{process="spec"} 1');
    expect(metrics.text).toContain('process_cpu_seconds_total');
    expect((await call('/docs-json', {}, 'none')).body.paths).toHaveProperty('/merchants');
    expect((await call('/docs', {}, 'none')).status).toBe(200);
  });

  it('gives a browser a cookie for the token in the address, good for reading and for nothing else', async () => {
    const first = await fetch(`${api.url}//merchants/x?token=${api.token}`, { redirect: 'manual' });
    expect([first.status, first.headers.get('location')]).toEqual([303, '/merchants/x']);
    const cookie = first.headers.get('set-cookie')?.split(';', 1)[0] ?? '';
    expect(first.headers.get('set-cookie')).toMatch(/HttpOnly; SameSite=Strict/);
    const read = await fetch(`${api.url}/merchants/x`, { headers: { cookie } });
    expect(read.status).toBe(404);
    const body = JSON.stringify({ merchantId: '1'.repeat(15), amount: 1 });
    const headers = { cookie, 'content-type': 'application/json' };
    expect((await fetch(`${api.url}/merchants`, { method: 'POST', headers, body })).status).toBe(401);
    expect((await fetch(`${api.url}/merchants/x?token=wrong-token-wrong`, { redirect: 'manual' })).status).toBe(401);
  });
});
