import { FastifyAdapter, type NestFastifyApplication } from '@nestjs/platform-fastify';
import { Test } from '@nestjs/testing';
import { ProblemFilter, validationPipe } from '@tillstream/service-kit';
import { Authorization } from './authorization.ts';
import { RefundFundingController } from './refund-funding.controller.ts';
import { MERCHANT, openBench, operationIdFor, type Bench, type Sent } from './testing/bench.ts';

const sale: Sent = { stan: '000001', amount: 100_00 };
const paymentId = operationIdFor(sale);
const good = { amount: 40_00, requestedBy: 'wang', approvedBy: 'li', reason: 'the goods were broken' };

let bench: Bench;
let app: NestFastifyApplication;

beforeEach(async () => {
  bench = await openBench();
  const { authorization, reply } = await bench.open();
  expect((await reply('sale', sale)).responseCode).toBe('00');
  const module = await Test.createTestingModule({
    controllers: [RefundFundingController],
    providers: [{ provide: Authorization, useValue: authorization }],
  }).compile();
  app = module.createNestApplication<NestFastifyApplication>(new FastifyAdapter(), { logger: false });
  app.useGlobalPipes(validationPipe());
  app.useGlobalFilters(new ProblemFilter(bench.platform.log));
  await app.init();
  await app.getHttpAdapter().getInstance().ready();
});
afterEach(async () => {
  await app.close();
  await bench.close();
});

interface Answer {
  readonly status: number;
  readonly body: Readonly<Record<string, unknown>>;
}
async function ask(method: 'GET' | 'POST', path: string, payload?: object): Promise<Answer> {
  const { statusCode, body } = await app.inject({
    method,
    url: `/refund-funding/${path}`,
    ...(payload && { payload }),
  });
  return { status: statusCode, body: JSON.parse(body) as Answer['body'] };
}
const force = (body: object, id = paymentId): Promise<Answer> => ask('POST', `${id}/force`, body);

describe('refund funding over HTTP (domain 3.5)', () => {
  it('shows what funds a merchant’s refunds and how far below zero they may go; 404 for nobody’s number', async () => {
    const { status, body } = await ask('GET', MERCHANT);
    expect([status, body]).toEqual([200, { merchantId: MERCHANT, available: 99_40, debtLine: 10_000_00 }]);
    expect(await ask('GET', '480290053319999')).toMatchObject({ status: 404, body: { code: 'not-registered' } });
  });

  it('stores that two people let a refund pass: 201, and 200 for the same again', async () => {
    expect(await force(good)).toEqual({ status: 201, body: { paymentId, amount: 40_00, remaining: 100_00 } });
    expect((await force(good)).status).toBe(200);
    expect((await bench.facts(sale)).filter(({ type }) => type === 'RefundForced')).toMatchObject([
      { data: { amount: 40_00, requestedBy: 'wang', approvedBy: 'li', reason: good.reason } },
    ]);
  });

  it('refuses one person twice, more than remains, and a payment that is not there, and stores nothing', async () => {
    expect(await force({ ...good, approvedBy: 'wang' })).toMatchObject({ status: 422, body: { code: 'same-person' } });
    expect(await force({ ...good, amount: 100_01 })).toMatchObject({
      ...{ status: 409, body: { code: 'refund-exceeds-remaining' } },
    });
    for (const id of ['nothing', '00000000-0000-4000-8000-000000000000']) {
      expect(await force(good, id)).toMatchObject({ status: 404, body: { code: 'original-not-found' } });
    }
    expect(await bench.types(sale)).not.toContain('RefundForced');
  });

  it('says which field is wrong, and takes no card number into a fact', async () => {
    const wrong = { amount: 0, requestedBy: '', approvedBy: 'l i', reason: 'card 6200000000000005' };
    const { status, body } = await force(wrong);
    expect([status, (body['fields'] as { path: string }[]).map(({ path }) => path).sort()]).toEqual([
      422,
      ['amount', 'approvedBy', 'reason', 'requestedBy'],
    ]);
    expect((await force({ ...good, more: 1 })).status).toBe(422);
  });
});
