import { fen } from '@tillstream/money';
import { isRefused } from '../fact.ts';
import type { PaymentFact } from './events.ts';
import * as decide from './decide.ts';
import { evolvePayment, paymentFrom } from './evolve.ts';
import { responseCodeOf } from './refusals.ts';
import type { PaymentState } from './state.ts';
import {
  ANSWER_BY,
  approved,
  asked,
  card,
  DAY,
  given,
  NEXT_DAY,
  operation,
  priced,
  refundContext,
  refundRequest,
  saleIntent,
  sold,
  trace,
  voidContext,
  voidRequest,
} from './testing.ts';

const facts = (decision: ReturnType<typeof decide.requestVoid>): readonly PaymentFact[] => {
  if (isRefused(decision)) throw new Error(`refused: ${decision.refusal}`);
  return decision.facts;
};
const then = (state: PaymentState, decision: ReturnType<typeof decide.requestVoid>) =>
  facts(decision).reduce(evolvePayment, state);
const aVoid =
  (other = {}, context = {}) =>
  (state: PaymentState) =>
    decide.requestVoid(state, voidRequest('void', other), voidContext(context));
const aRefund =
  (amount: number, other = {}, context = {}, id = 'refund') =>
  (state: PaymentState) =>
    decide.requestRefund(state, refundRequest(id, amount, other), refundContext(context));
const voidAnswer = {
  operationId: 'void',
  responseCode: '00',
  authCode: '9',
  clearingDate: DAY,
  now: ANSWER_BY,
  reversalTrace: trace('r'),
};
const voiding = facts(aVoid()(paymentFrom(sold)));
const voided = [...voiding, ...facts(decide.recordVoidAccepted(paymentFrom([...sold, ...voiding]), voidAnswer))];
const refunding = facts(aRefund(40_000)(paymentFrom(sold)));
const doubt = facts(
  decide.recordNoAnswer(paymentFrom([asked]), { operationId: 'sale', cause: 'no-answer', reversalTrace: trace('r') }),
);
const elsewhere = { operation: operation('void', 'void', { terminalId: '10000002' }) };
const stranger = { operation: operation('refund', 'refund', { merchantId: '898310058120002' }) };
const otherCard = { card: { ...card, fingerprint: 'card-b' } };

describe('the checks of a void (domain 3.15)', () => {
  it.each([
    ['the original is found', '25', [], {}, {}],
    ['the original has the RRN that is given', '25', sold, { original: { rrn: 'x', authCode: null } }, {}],
    [
      'the original has the authorisation code that is given',
      '25',
      sold,
      { original: { rrn: null, authCode: 'x' } },
      {},
    ],
    ['the original is approved', '12', [asked], {}, {}],
    ['the original is not in doubt', '22', [asked, ...doubt], {}, {}],
    ['no void is under way', '22', [...sold, ...voiding], { operation: operation('v2', 'void') }, {}],
    ['it was not voided before', '22', [...sold, ...voided], { operation: operation('v2', 'void') }, {}],
    ['nothing of it was refunded, counted from REQUESTED', '22', [...sold, ...refunding], {}, {}],
    ['the card is the same', '14', sold, otherCard, {}],
    ['the terminal is the same', '58', sold, elsewhere, {}],
    ['the batch is open', '12', sold, {}, { batchOpen: false }],
    ['its clearing date is the current one', '12', sold, {}, { currentClearingDate: NEXT_DAY }],
    ['the amount is that of the original', '64', sold, { amount: fen(99_999) }, {}],
    ['no limit is broken', '61', sold, {}, { barred: 'limit-exceeded' }],
    ['no risk rule is broken', '57', sold, {}, { barred: 'risk-declined' }],
  ])('%s, else %s', (_, code, history, other, context) => {
    const decision = aVoid(other, context)(paymentFrom(history as PaymentFact[]));
    expect(isRefused(decision) && responseCodeOf[decision.refusal]).toBe(code);
  });

  it('are made in this order: the first failure wins', () => {
    const wrong = { ...elsewhere, ...otherCard, amount: fen(1) };
    const late = { batchOpen: false, barred: 'limit-exceeded' };
    given(...sold)
      .when(aVoid(wrong, late))
      .thenRefuses('card-differs');
    given(...sold)
      .when(aVoid({ ...wrong, card }, late))
      .thenRefuses('terminal-differs');
    given(...sold)
      .when(aVoid({ amount: fen(1) }, late))
      .thenRefuses('void-window-closed');
    given(...sold)
      .when(aVoid({ amount: fen(1) }, { barred: 'limit-exceeded' }))
      .thenRefuses('amount-differs');
  });

  it('pass: the intent is stored with the channel and plans of the payment', () => {
    given(...sold)
      .when(aVoid())
      .then({ type: 'ChannelRequested', data: { channel: 'unionpay', amount: priced.amount } });
  });

  it('are not made after answerBy: nothing is stored', () => {
    given(...sold)
      .when(aVoid({}, { now: ANSWER_BY + 1 }))
      .thenRefuses('answer-by-passed');
  });
});

describe('the outcome of a void', () => {
  const state = paymentFrom([...sold, ...voiding]);
  it('accepted cancels the whole payment with the whole fee (J2)', () => {
    given(...sold, ...voiding)
      .when((s) => decide.recordVoidAccepted(s, voidAnswer))
      .then({ type: 'PaymentVoided', data: { ...priced, clearingDate: DAY } });
  });
  it('none holds what the payment posted once, and the release gives it back', () => {
    const given_up = then(
      state,
      decide.recordNoAnswer(state, { operationId: 'void', cause: 'no-answer', reversalTrace: trace('r') }),
    );
    expect(given_up).toMatchObject({ linked: [{ held: 99_400, standing: { is: 'reversing' } }] });
    const answer = { operationId: 'void', responseCode: '00', clearingDate: DAY };
    const undone = facts(decide.recordReversalAnswer(given_up, answer));
    expect(undone).toMatchObject([{ type: 'VoidReversed', data: { restored: null, release: 99_400 } }]);
    expect(decide.answerToRepeat(undone.reduce(evolvePayment, given_up), 'sale', 'hash-sale')).toMatchObject({
      reply: { responseCode: '00' },
    });
  });
  it('that is reversed after it was accepted posts J1 anew, and a void may come again', () => {
    const key = { operationId: 'void', merchantId: 'm', terminalId: 't', batch: 'b', stan: 's' };
    let now = paymentFrom([...sold, ...voided]);
    now = then(now, decide.reverseByTerminal(now, { key, reason: '98', trace: trace('r'), batchSettled: false }));
    const undone = facts(
      decide.recordReversalAnswer(now, { operationId: 'void', responseCode: '00', clearingDate: DAY }),
    );
    expect(undone).toMatchObject([{ type: 'VoidReversed', data: { restored: priced, release: 0 } }]);
    now = undone.reduce(evolvePayment, now);
    expect(decide.requestVoid(now, voidRequest('v2'), voidContext())).toMatchObject({
      facts: [{ type: 'ChannelRequested' }],
    });
  });
});

describe('the checks of a refund (domain 3.15)', () => {
  it.each([
    ['the original is found', '25', [], 1, {}, {}],
    ['the original is approved', '12', [asked], 1, {}, {}],
    ['no void is in doubt', '22', [...sold, ...voiding], 1, {}, {}],
    ['it was not voided', '64', [...sold, ...voided], 1, {}, {}],
    [
      'all refunds, counted from REQUESTED, are at most the amount',
      '64',
      [...sold, ...refunding],
      60_001,
      { operation: operation('r2', 'refund') },
      {},
    ],
    ['the card is the same', '14', sold, 1, otherCard, {}],
    ['the merchant is the same', '03', sold, 1, stranger, {}],
    [
      'a whole refund of the day and terminal is a void',
      '12',
      sold,
      100_000,
      { tradeDate: DAY, operation: operation('refund', 'refund') },
      { batchOpen: true, currentClearingDate: DAY },
    ],
    ['it comes within the window', '22', sold, 1, { tradeDate: '2027-05-23' }, {}],
    ['the merchant has the money', '61', sold, 100_000, {}, { available: fen(99_399) }],
  ])('%s, else %s', (_, code, history, amount, other, context) => {
    const decision = aRefund(amount, other, context)(paymentFrom(history as PaymentFact[]));
    expect(isRefused(decision) && responseCodeOf[decision.refusal]).toBe(code);
  });

  it('pass on the last day of the window, with the last fen of money, and on the same day when partial', () => {
    given(...sold)
      .when(aRefund(100_000, { tradeDate: '2027-05-22' }, { available: fen(99_400) }))
      .then({ type: 'RefundRequested' });
    given(...sold)
      .when(aRefund(1, { tradeDate: DAY }, { batchOpen: true, currentClearingDate: DAY }))
      .then({ type: 'RefundRequested' });
  });

  it('the net is held and the parts returned are fixed: 40,000 of J3', () => {
    const returned = { amount: fen(40_000), fee: fen(240), issuerCost: fen(180), networkCost: fen(13) };
    given(...sold)
      .when(aRefund(40_000))
      .then({ type: 'RefundRequested', data: { hold: fen(39_760), returned } });
  });

  it('a hold is never above what the payment has posted, even when no fee is returned', () => {
    const none = { returns: { fee: 'NONE', cost: 'NONE' } };
    given(...sold)
      .when(aRefund(100_000, {}, none))
      .then({ type: 'RefundRequested', data: { hold: fen(99_400) } });
  });

  it('the same terminal, STAN and amount within 48 hours is a repeat, whatever its batch', () => {
    const again = refundRequest('again', 40_000, {
      operation: { ...refundRequest('refund', 1).operation, operationId: 'again', batch: '000003' },
    });
    const state = paymentFrom([...sold, ...refunding]);
    expect(decide.repeatedRefund(state, again)?.ref.operationId).toBe('refund');
    expect(decide.repeatedRefund(state, { ...again, tradeDate: '2026-11-27' })).toBeUndefined();
  });

  it('a refund that the channel declined releases its hold, frees its amount and keeps its answer 00', () => {
    const declined = facts(
      decide.recordRefundDeclined(paymentFrom([...sold, ...refunding]), { operationId: 'refund', responseCode: '57' }),
    );
    expect(declined).toMatchObject([{ type: 'RefundDeclined', data: { release: 39_760 } }]);
    const after = paymentFrom([...sold, ...refunding, ...declined]);
    expect(decide.answerToRepeat(after, 'refund', 'hash-refund')).toMatchObject({ reply: { responseCode: '00' } });
    expect(aRefund(100_000, {}, {}, 'r2')(after)).toMatchObject({ facts: [{ type: 'RefundRequested' }] });
  });

  it('an accepted refund releases its hold and returns the parts that were fixed', () => {
    given(...sold, ...refunding)
      .when((s) => decide.recordRefundAccepted(s, { operationId: 'refund', authCode: '7', clearingDate: NEXT_DAY }))
      .then({ type: 'RefundAccepted', data: { release: fen(39_760), fee: fen(240), clearingDate: NEXT_DAY } });
  });
});

describe('the claim of a linked operation', () => {
  const link = { operation: operation('void', 'void'), originalPaymentId: 'sale', contentHash: 'hash-void' };
  const linked: PaymentFact = { type: 'OperationLinked', version: 1, data: link };
  it('is made once; doing it again says nothing new', () => {
    given()
      .when((s) => decide.linkOperation(s, link))
      .then({ type: 'OperationLinked' });
    given(linked)
      .when((s) => decide.linkOperation(s, link))
      .then();
    given(linked)
      .when((s) => decide.linkOperation(s, { ...link, contentHash: 'x' }))
      .thenRefuses('duplicate-operation');
  });
  it('sends a repeat to the stream of the original', () => {
    const answer = decide.answerToRepeat(paymentFrom([linked]), 'void', 'hash-void');
    expect(answer).toEqual({ is: 'elsewhere', originalPaymentId: 'sale' });
  });
  it('may end refused, and the repeat gets the same answer', () => {
    const refusal = {
      operation: operation('void', 'void'),
      amount: fen(1),
      tradeDate: DAY,
      refusal: 'already-undone' as const,
      contentHash: 'hash-void',
    };
    const refused = facts(decide.refuseOperation(paymentFrom([linked]), refusal));
    expect(decide.answerToRepeat(paymentFrom([linked, ...refused]), 'void', 'hash-void')).toMatchObject({
      reply: { responseCode: '22' },
    });
    expect(decide.answerToRepeat(paymentFrom(refused), 'void', 'hash-void')).toMatchObject({
      reply: { responseCode: '22' },
    });
  });
  it('a void of a void finds no approved original', () => {
    given(linked)
      .when(aVoid({ operation: operation('v2', 'void') }))
      .thenRefuses('original-not-approved');
  });
  it('an intent that was asked for twice is a duplicate', () => {
    given(asked, approved)
      .when((s) => decide.requestSale(s, saleIntent(), 0))
      .thenRefuses('duplicate-operation');
  });
});
