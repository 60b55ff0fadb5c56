import { fen } from '@tillstream/money';
import { isRefused } from '../fact.ts';
import type { PaymentFact } from './events.ts';
import * as decide from './decide.ts';
import { evolvePayment, paymentFrom } from './evolve.ts';
import type { PaymentState } from './state.ts';
import {
  ANSWER_BY,
  asked,
  DAY,
  given,
  operation,
  priced,
  refundContext,
  refundRequest,
  saleApproval,
  saleIntent,
  sold,
  trace,
  voidContext,
  voidRequest,
} from './testing.ts';

type Decided = ReturnType<typeof decide.requestSale>;
const facts = (decision: Decided): readonly PaymentFact[] => {
  if (isRefused(decision)) throw new Error(`refused: ${decision.refusal}`);
  return decision.facts;
};
const after = (state: PaymentState, decision: Decided) => facts(decision).reduce(evolvePayment, state);
const approve =
  (other = {}) =>
  (state: PaymentState) =>
    decide.recordApproval(state, saleApproval(other));
const reversed = (responseCode: string) => (state: PaymentState) =>
  decide.recordReversalAnswer(state, { operationId: 'sale', responseCode, clearingDate: DAY });
const key = { operationId: 'sale', merchantId: 'm', terminalId: 't', batch: '000001', stan: '000001' };
const undo =
  (other = {}) =>
  (state: PaymentState) =>
    decide.reverseByTerminal(state, { key, reason: '98', trace: trace('0400'), batchSettled: false, ...other });
const none = { operationId: 'sale', cause: 'no-answer' as const, reversalTrace: trace('r') };
const doubt = facts(decide.recordNoAnswer(paymentFrom([asked]), none));
const decline = {
  operationId: 'sale',
  responseCode: '51',
  clearingDate: DAY,
  now: ANSWER_BY,
  reversalTrace: trace('r'),
};
const repeat = (...history: readonly PaymentFact[]) => decide.answerToRepeat(paymentFrom(history), 'sale', 'hash-sale');
const undoing = facts(undo()(paymentFrom(sold)));
const voiding = facts(decide.requestVoid(paymentFrom(sold), voidRequest(), voidContext()));
const voidAnswer = {
  operationId: 'void',
  responseCode: '00',
  authCode: '9',
  clearingDate: DAY,
  now: 0,
  reversalTrace: trace('r'),
};
const voided = [
  ...sold,
  ...voiding,
  ...facts(decide.recordVoidAccepted(paymentFrom([...sold, ...voiding]), voidAnswer)),
];
const refunding = facts(decide.requestRefund(paymentFrom(sold), refundRequest('refund', 1), refundContext()));

describe('a sale', () => {
  it('is stored as intent before the channel is called', () => {
    given()
      .when((s) => decide.requestSale(s, saleIntent(), ANSWER_BY))
      .then({ type: 'ChannelRequested', data: saleIntent() });
  });
  it('that is taken up after answerBy stores nothing', () => {
    given()
      .when((s) => decide.requestSale(s, saleIntent(), ANSWER_BY + 1))
      .thenRefuses('answer-by-passed');
  });
  it('is priced once, when the channel approves it', () => {
    given(asked)
      .when(approve())
      .then({ type: 'PaymentApproved', data: { ...priced, tradeDate: DAY, clearingDate: DAY } });
  });
  it('approved after answerBy is in doubt, reversed by the host (4353), and the approval is kept as evidence', () => {
    given(asked)
      .when(approve({ now: ANSWER_BY + 1 }))
      .then(
        { type: 'OperationInDoubt', data: { cause: 'answer-too-late', hold: fen(0) } },
        { type: 'ReversalRequested', data: { by: 'host', reason: '4353', hold: fen(0) } },
        { type: 'LateResponseReceived', data: { responseCode: '00' } },
      );
  });
  it('approved in part stands only at a terminal that takes it, and is answered 10 with the amount', () => {
    const amounts = { ...priced, amount: fen(60_000) };
    given(asked)
      .when(approve({ amounts, responseCode: '10' }))
      .then({ type: 'OperationInDoubt' }, { type: 'ReversalRequested' }, { type: 'LateResponseReceived' });
    const state = after(
      paymentFrom([asked]),
      approve({ amounts, responseCode: '10', partialAllowed: true })(paymentFrom([asked])),
    );
    expect(decide.replyOf(state, 'sale')).toMatchObject({ responseCode: '10', amount: 60_000 });
  });
  it('without an answer is in doubt and reversed by the host with 4354; the terminal is told 98', () => {
    given(asked)
      .when((s) => decide.recordNoAnswer(s, none))
      .then(
        { type: 'OperationInDoubt', data: { cause: 'no-answer' } },
        { type: 'ReversalRequested', data: { reason: '4354' } },
      );
    expect(decide.replyOf(paymentFrom([asked, ...doubt]), 'sale')?.responseCode).toBe('98');
  });
  it('is never approved by a late answer; the evidence is kept once', () => {
    given(asked, ...doubt)
      .when(approve())
      .then({ type: 'LateResponseReceived' });
    const late = facts(approve()(paymentFrom([asked, ...doubt])));
    given(asked, ...doubt, ...late)
      .when(approve())
      .then();
  });
  it('declined by the issuer keeps the issuer’s code', () => {
    given(asked)
      .when((s) => decide.recordDecline(s, decline))
      .then({ type: 'OperationDeclined', data: { by: 'issuer', responseCode: '51' } });
  });
  it('declined by a rule of ours is the only fact of its stream', () => {
    const data = {
      operation: operation('sale', 'sale'),
      amount: fen(1),
      tradeDate: DAY,
      responseCode: '61',
      contentHash: 'hash-sale',
    };
    given()
      .when((s) => decide.declineByHost(s, data))
      .then({ type: 'OperationDeclined', data: { by: 'host' } });
  });
  it('a late yes after a decline, or after a reversal that found nothing, begins the reversal anew', () => {
    const no = facts(decide.recordDecline(paymentFrom([asked]), decline));
    given(asked, ...no)
      .when(approve())
      .then({ type: 'LateResponseReceived' }, { type: 'ReversalRequested' });
    const unknown = facts(reversed('25')(paymentFrom([asked, ...doubt])));
    given(asked, ...doubt, ...unknown)
      .when(approve())
      .then({ type: 'LateResponseReceived' }, { type: 'ReversalRequested' });
    const confirmed = facts(reversed('00')(paymentFrom([asked, ...doubt])));
    given(asked, ...doubt, ...confirmed)
      .when(approve())
      .then({ type: 'LateResponseReceived' });
  });
});

describe('a balance inquiry', () => {
  const intent = saleIntent({ operation: operation('inquiry', 'inquiry'), amount: fen(0) });
  const inquired: PaymentFact = { type: 'ChannelRequested', version: 1, data: intent };
  it('is answered without its figure being kept', () => {
    given(inquired)
      .when((s) => decide.recordBalance(s, { operationId: 'inquiry', clearingDate: DAY }))
      .then({ type: 'BalanceAnswered' });
  });
  it('moves nothing, so without an answer it is declined and never in doubt', () => {
    given(inquired)
      .when((s) => decide.recordNoAnswer(s, { ...none, operationId: 'inquiry' }))
      .then({ type: 'OperationDeclined', data: { by: 'host', responseCode: '68' } });
  });
});

describe('an 0400 by its key (domain 3.3)', () => {
  it('unknown: a tombstone, 25, and the late original is declined 12 without a call', () => {
    const { decision } = given().when(undo());
    expect(decision).toMatchObject({ responseCode: '25', facts: [{ type: 'OperationTombstoned' }] });
    const buried = facts(undo()(paymentFrom([])));
    given(...buried)
      .when((s) => decide.requestSale(s, saleIntent(), 0))
      .thenRefuses('reversed-before-arrival');
    expect(repeat(...buried)).toMatchObject({ reply: { responseCode: '12' } });
    expect(undo()(paymentFrom(buried))).toEqual({ facts: [], responseCode: '25' });
  });
  it('of a void that is only claimed: its tombstone in the original’s stream keeps the void out', () => {
    const buried = facts(undo({ key: { ...key, operationId: 'void' } })(paymentFrom(sold)));
    expect(buried).toMatchObject([{ type: 'OperationTombstoned', data: { operationId: 'void' } }]);
    given(...sold, ...buried)
      .when((s) => decide.requestVoid(s, voidRequest(), voidContext()))
      .thenRefuses('reversed-before-arrival');
  });
  it.each([
    ['in flight', [asked], 0],
    ['approved', sold, 99_400],
  ])('%s: stored, 00, the host owns the rest and holds what is posted', (_, history, hold) => {
    const decision = undo()(paymentFrom(history));
    expect(decision).toMatchObject({
      responseCode: '00',
      facts: [{ type: 'ReversalRequested', data: { hold, reason: '98' } }],
    });
  });
  it('repeated, or after 98: 00 and nothing new', () => {
    expect(undo()(paymentFrom([...sold, ...undoing]))).toEqual({ facts: [], responseCode: '00' });
    expect(undo()(paymentFrom([asked, ...doubt]))).toEqual({ facts: [], responseCode: '00' });
  });
  it('already voided or refunded: 25, no journal', () => {
    given(...voided)
      .when(undo())
      .thenRefuses('already-voided-or-refunded');
    given(...sold, ...refunding)
      .when(undo())
      .thenRefuses('already-voided-or-refunded');
  });
  it('batch settled and balanced: no effect, 12', () => {
    given(...sold)
      .when(undo({ batchSettled: true }))
      .thenRefuses('batch-settled');
  });
  it('while a void is in doubt: 22', () => {
    given(...sold, ...voiding)
      .when(undo())
      .thenRefuses('operation-in-doubt');
  });
  it('of a declined sale: nothing to undo; of a refund: an advice is never reversed', () => {
    given(asked, ...facts(decide.recordDecline(paymentFrom([asked]), decline)))
      .when(undo())
      .thenRefuses('nothing-to-undo');
    given(...sold, ...refunding)
      .when(undo({ key: { ...key, operationId: 'refund' } }))
      .thenRefuses('advice-is-not-reversed');
  });
});

describe('the channel’s answer to a reversal (domain 3.2)', () => {
  it('00 undoes what was posted and releases the hold', () => {
    given(...sold, ...undoing)
      .when(reversed('00'))
      .then({ type: 'PaymentReversed', data: { undone: priced, release: fen(99_400) } });
  });
  it('00 of a sale that was never approved mirrors nothing', () => {
    given(asked, ...doubt)
      .when(reversed('00'))
      .then({ type: 'PaymentReversed', data: { undone: null, release: fen(0) } });
  });
  it('25 undoes only what we hold no approval of, not even a late one', () => {
    given(asked, ...doubt)
      .when(reversed('25'))
      .then({ type: 'PaymentReversed', data: { undone: null } });
    given(...sold, ...undoing)
      .when(reversed('25'))
      .then({ type: 'ReversalStuck', data: { responseCode: '25' } });
    const late = facts(approve()(paymentFrom([asked, ...doubt])));
    given(asked, ...doubt, ...late)
      .when(reversed('25'))
      .then({ type: 'ReversalStuck' });
  });
  it('an answer to an earlier reversal says nothing about the one at work', () => {
    const answer = { operationId: 'sale', responseCode: '25', clearingDate: DAY, trace: trace('0399') };
    given(...sold, ...undoing)
      .when((state) => decide.recordReversalAnswer(state, answer))
      .then();
  });
  it('12 leaves it stuck with its hold, and the resolver stops', () => {
    const stuck = facts(reversed('12')(paymentFrom([...sold, ...undoing])));
    expect(paymentFrom([...sold, ...undoing, ...stuck])).toMatchObject({
      first: { held: 99_400, standing: { is: 'stuck' } },
    });
    expect(decide.undecided(paymentFrom([...sold, ...undoing, ...stuck]))).toEqual([]);
  });
  it('any other code says nothing: it is sent again', () => {
    given(...sold, ...undoing)
      .when(reversed('96'))
      .then();
    expect(decide.undecided(paymentFrom([...sold, ...undoing]))).toMatchObject([
      { work: 'reverse', trace: trace('0400'), original: trace('000101') },
    ]);
  });
});

describe('a repeat (design 6)', () => {
  it('undecided joins the outcome', () => expect(repeat(asked)).toEqual({ is: 'in-flight' }));
  it('decided gets the stored answer', () => {
    const reply = {
      responseCode: '00',
      rrn: 'rrn-sale',
      authCode: '123456',
      clearingDate: DAY,
      scheme: 'CUP',
      issuer: '90010000',
    };
    expect(repeat(...sold)).toMatchObject({ is: 'answer', alarm: false, reply });
    expect(repeat(...sold)).toMatchObject({ reply: decide.replyOf(paymentFrom(sold), 'sale') });
  });
  it.each([
    ['reversing', [...sold, ...undoing]],
    ['in doubt', [asked, ...doubt]],
    ['reversed', [...sold, ...undoing, ...facts(reversed('00')(paymentFrom([...sold, ...undoing])))]],
    ['voided', voided],
  ])('%s gets 12, never 00', (_, history) =>
    expect(repeat(...history)).toMatchObject({ reply: { responseCode: '12' } }),
  );
  it('with other content gets 94 and an alarm', () => {
    expect(decide.answerToRepeat(paymentFrom(sold), 'sale', 'other')).toMatchObject({
      alarm: true,
      reply: { responseCode: '94' },
    });
  });
  it('of what is not known here is no repeat', () =>
    expect(decide.answerToRepeat(paymentFrom(sold), 'x', 'x')).toEqual({ is: 'none' }));
});

describe('the resolver', () => {
  it('owns a request without outcome, and a refund until the channel answers', () => {
    expect(decide.undecided(paymentFrom([asked]))).toMatchObject([{ work: 'await-answer', answerBy: ANSWER_BY }]);
    expect(decide.undecided(paymentFrom([...sold, ...refunding]))).toMatchObject([
      { work: 'advise', original: trace('000104') },
    ]);
    expect(decide.undecided(paymentFrom(sold))).toEqual([]);
  });
});

it('a history that no decider writes is a defect', () => {
  expect(() => paymentFrom(sold.slice(1))).toThrow('cannot hold PaymentApproved while it is new');
});
