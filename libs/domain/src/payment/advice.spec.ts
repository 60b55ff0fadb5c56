import { fen } from '@tillstream/money';
import {
  recordAdviceApproved,
  recordAdviceDeclined,
  replyOf,
  answerToRepeat,
  requestOfflineSale,
  reverseByTerminal,
  undecided,
  type AdviceApproval,
  type AdviceRequest,
} from './decide.ts';
import type { PaymentFact } from './events.ts';
import { paymentFrom } from './evolve.ts';
import { card, DAY, given, operation, priced, saleIntent, trace } from './testing.ts';

const plan = { id: 'plan', version: 1 };
const deadline = { now: 1, answerBy: 1 };
const request = (other: Partial<AdviceRequest> = {}): AdviceRequest => ({
  operation: operation('offline', 'offline-sale'),
  amount: priced.amount,
  card,
  entryMode: '051',
  tradeDate: DAY,
  channel: 'unionpay',
  trace: trace('000201'),
  contentHash: 'hash-offline',
  feePlan: plan,
  costPlan: plan,
  authCode: 'T00001',
  ...other,
});
const approval = (other: Partial<AdviceApproval> = {}): AdviceApproval => ({
  operationId: 'offline',
  authCode: 'A00001',
  clearingDate: DAY,
  amounts: priced,
  ...other,
});
const asked: PaymentFact = { type: 'AdviceRequested', version: 1, data: request() };
const approvedBy = (authCode: string): PaymentFact => ({
  type: 'PaymentApproved',
  version: 1,
  data: {
    ...priced,
    operation: operation('offline', 'offline-sale'),
    tradeDate: DAY,
    clearingDate: DAY,
    channel: 'unionpay',
    scheme: 'CUP',
    cardClass: 'CREDIT',
    authCode,
    feePlan: plan,
    costPlan: plan,
  },
});
const declinedBy: PaymentFact = {
  type: 'AdviceDeclined',
  version: 1,
  data: { operation: operation('offline', 'offline-sale'), amount: priced.amount, responseCode: '05' },
};

describe('an offline sale (domain 2.3, 3.11)', () => {
  it('is taken as the first fact of its stream and answered 00 from then on, whatever the channel says', () => {
    given()
      .when((state) => requestOfflineSale(state, request(), deadline))
      .then(asked);
    for (const history of [[asked], [asked, approvedBy('A00001')], [asked, declinedBy]]) {
      const state = paymentFrom(history);
      expect(replyOf(state, 'offline')).toMatchObject({ responseCode: '00', rrn: 'rrn-offline' });
      expect(answerToRepeat(state, 'offline', 'hash-offline')).toMatchObject({ reply: { responseCode: '00' } });
      expect(answerToRepeat(state, 'offline', 'other')).toMatchObject({ alarm: true, reply: { responseCode: '94' } });
    }
  });

  it('is refused for an amount of zero, after its deadline, under a key that is used, and under one that was buried', () => {
    given()
      .when((state) => requestOfflineSale(state, request({ amount: fen(0) }), deadline))
      .thenRefuses('invalid-amount');
    given()
      .when((state) => requestOfflineSale(state, request(), { now: 2, answerBy: 1 }))
      .thenRefuses('answer-by-passed');
    given(asked)
      .when((state) => requestOfflineSale(state, request(), deadline))
      .thenRefuses('duplicate-operation');
    given({ type: 'ChannelRequested', version: 1, data: saleIntent() })
      .when((state) => requestOfflineSale(state, request(), deadline))
      .thenRefuses('duplicate-operation');
    const { operationId, merchantId, terminalId, batch, stan } = request().operation;
    given({
      type: 'OperationTombstoned',
      version: 1,
      data: { operationId, merchantId, terminalId, batch, stan, reason: '98' },
    })
      .when((state) => requestOfflineSale(state, request(), deadline))
      .thenRefuses('reversed-before-arrival');
  });

  it('belongs to the resolver until the channel answers, and is advised under its own trace', () => {
    expect(undecided(paymentFrom([asked]))).toMatchObject([{ work: 'advise', original: trace('000201') }]);
    expect(undecided(paymentFrom([asked, approvedBy('A00001')]))).toEqual([]);
    expect(undecided(paymentFrom([asked, declinedBy]))).toEqual([]);
  });

  it('is posted when the channel accepts it, priced by the plans and the trade date of its intent', () => {
    given(asked)
      .when((state) => recordAdviceApproved(state, approval()))
      .then(approvedBy('A00001'));
    given(asked)
      .when((state) => recordAdviceApproved(state, approval({ authCode: null })))
      .then(approvedBy('T00001'));
    expect(() =>
      recordAdviceApproved(paymentFrom([asked]), approval({ amounts: { ...priced, amount: fen(1) } })),
    ).toThrow('as a whole');
  });

  it('that the channel declines posts nothing; the first answer is the one that counts', () => {
    const no = { operationId: 'offline', responseCode: '05' };
    given(asked)
      .when((state) => recordAdviceDeclined(state, no))
      .then(declinedBy);
    given(asked, declinedBy)
      .when((state) => recordAdviceApproved(state, approval()))
      .then();
    given(asked, approvedBy('A00001'))
      .when((state) => recordAdviceDeclined(state, no))
      .then();
    expect(() => recordAdviceDeclined(paymentFrom([asked]), { ...no, operationId: 'sale' })).toThrow('no such advice');
  });

  it('is never reversed by a terminal: 12', () => {
    const { operationId, merchantId, terminalId, batch, stan } = request().operation;
    const reversal = {
      key: { operationId, merchantId, terminalId, batch, stan },
      reason: '98',
      trace: trace('9'),
      batchSettled: false,
    };
    expect(reverseByTerminal(paymentFrom([asked]), reversal)).toEqual({ refusal: 'advice-is-not-reversed' });
  });
});
