import { fen } from '@tillstream/money';
import { addDays } from '../calendar/date.ts';
import { isRefused } from '../fact.ts';
import * as decide from './decide.ts';
import type { PaymentFact } from './events.ts';
import { paymentFrom } from './evolve.ts';
import { alarming, responseCodeOf } from './refusals.ts';
import { isPosted, postedNet } from './state.ts';
import type { Payment, PaymentState } from './state.ts';
import {
  adviceRequest,
  ANSWER_BY,
  askedToHold,
  card,
  completionRequest,
  DAY,
  given,
  held,
  heldContext,
  NEXT_DAY,
  operation,
  preAuthApproval,
  preAuthVoidRequest,
  priced,
  refundContext,
  refundRequest,
  saleApproval,
  sold,
  trace,
  voidContext,
  voidRequest,
} from './testing.ts';

type Decision = decide.PaymentDecision;
type Decider = (state: PaymentState) => Decision;
const facts = (decision: Decision): readonly PaymentFact[] => {
  if (isRefused(decision)) throw new Error(`refused: ${decision.refusal}`);
  return decision.facts;
};
/** The history after these decisions, each made on what the ones before led to. */
const after = (history: readonly PaymentFact[], ...deciders: readonly Decider[]): readonly PaymentFact[] =>
  deciders.reduce((said, decider) => [...said, ...facts(decider(paymentFrom(said)))], history);
const code = (decision: Decision): string => (isRefused(decision) ? responseCodeOf[decision.refusal] : 'accepted');

const completing =
  (id = 'completion', other = {}, context = {}): Decider =>
  (state) =>
    decide.requestCompletion(state, completionRequest(id, other), heldContext(context));
const advising =
  (id = 'advice', other = {}, now = ANSWER_BY): Decider =>
  (state) =>
    decide.requestCompletionAdvice(state, adviceRequest(id, other), now);
const freeing =
  (other = {}, context = {}): Decider =>
  (state) =>
    decide.requestPreAuthVoid(state, preAuthVoidRequest('pre-auth-void', other), heldContext(context));
const cancelling =
  (id = 'completion-void', other = {}, context = {}): Decider =>
  (state) =>
    decide.requestVoid(
      state,
      voidRequest(id, { operation: operation(id, 'completion-void', { stan: '000010' }), ...other }),
      voidContext(context),
    );
const approving =
  (operationId: string, other = {}): Decider =>
  (state) =>
    decide.recordApproval(state, saleApproval({ operationId, clearingDate: NEXT_DAY, ...other }));
const yes = (operationId: string) => ({
  ...{ operationId, responseCode: '00', authCode: '9', clearingDate: DAY, now: ANSWER_BY },
  reversalTrace: trace('r'),
});
const cancelled =
  (operationId: string): Decider =>
  (state) =>
    decide.recordVoidAccepted(state, yes(operationId));
const freed: Decider = (state) => decide.recordPreAuthVoided(state, yes('pre-auth-void'));
const silent =
  (operationId: string): Decider =>
  (state) =>
    decide.recordNoAnswer(state, { operationId, cause: 'no-answer', reversalTrace: trace('r') });
const reversing =
  (operationId: string, batchSettled = false): Decider =>
  (state) => {
    const key = { operationId, merchantId: 'm', terminalId: 't', batch: 'b', stan: 's' };
    return decide.reverseByTerminal(state, { key, reason: '98', trace: trace('r'), batchSettled });
  };
const confirmed =
  (operationId: string, responseCode = '00'): Decider =>
  (state) =>
    decide.recordReversalAnswer(state, { operationId, responseCode, clearingDate: NEXT_DAY });
const expiring =
  (on: string): Decider =>
  (state) =>
    decide.expirePreAuth(state, on);

const completed = after(held, completing(), approving('completion'));
const onDay = { currentClearingDate: NEXT_DAY };
const uncompleted = after(completed, cancelling('completion-void', {}, onDay), cancelled('completion-void'));
const free = after(held, freeing(), freed);
const day30 = addDays(DAY, 30);
const day31 = addDays(DAY, 31);
const otherCard = { card: { ...card, fingerprint: 'card-b' } };
const stateOf = (history: readonly PaymentFact[]): Payment => {
  const state = paymentFrom(history);
  if (state.is !== 'payment') throw new Error('no payment');
  return state;
};

describe('a pre-authorisation', () => {
  const partly = { amount: fen(60_000), responseCode: '10' };
  it('that is approved holds the amount and posts nothing', () => {
    given(askedToHold)
      .when((s) => decide.recordPreAuthApproved(s, preAuthApproval()))
      .then({ type: 'PreAuthApproved', data: { amount: priced.amount, authCode: '654321', clearingDate: DAY } });
    expect(postedNet(stateOf(held))).toBe(0);
    expect(decide.isHeldOpen(stateOf(held))).toBe(true);
  });
  it('over a part is answered 10 with that part when the terminal asked for it (60.6)', () => {
    const part = after([askedToHold], (s) =>
      decide.recordPreAuthApproved(s, preAuthApproval({ ...partly, partialAllowed: true })),
    );
    expect(decide.replyOf(paymentFrom(part), 'pre-auth')).toMatchObject({ responseCode: '10', amount: 60_000 });
    expect(code(completing('c', { amount: fen(69_000) })(paymentFrom(part)))).toBe('accepted');
    expect(code(completing('c', { amount: fen(69_001) })(paymentFrom(part)))).toBe('13');
  });
  it.each([
    ['over a part that the terminal did not ask for', partly, 'answer-untrusted'],
    ['without the code that names it', { authCode: '' }, 'answer-untrusted'],
    ['after answerBy', { now: ANSWER_BY + 1 }, 'answer-too-late'],
  ])('%s is undone', (_, other, cause) => {
    given(askedToHold)
      .when((s) => decide.recordPreAuthApproved(s, preAuthApproval(other)))
      .then(
        { type: 'OperationInDoubt', data: { cause: cause as 'answer-untrusted', hold: fen(0) } },
        { type: 'ReversalRequested', data: { by: 'host', hold: fen(0) } },
        { type: 'LateResponseReceived' },
      );
  });
  it('that is reversed is undone without an entry', () => {
    given(...after(held, reversing('pre-auth')))
      .when(confirmed('pre-auth'))
      .then({ type: 'PaymentReversed', data: { undone: null, release: fen(0) } });
  });
});

it('is held anew after a completion that was voided and another one that was undone, and is completed, given back or lapses', () => {
  const again = { operation: operation('c2', 'completion', { stan: '000099' }) };
  const undone = after(uncompleted, completing('c2', again), approving('c2'), reversing('c2'), confirmed('c2'));
  expect(decide.isHeldOpen(stateOf(undone))).toBe(true);
  const third = { operation: operation('c3', 'completion', { stan: '000100' }) };
  expect(code(completing('c3', third)(paymentFrom(undone)))).toBe('accepted');
  expect(code(freeing()(paymentFrom(undone)))).toBe('accepted');
  given(...undone)
    .when(expiring(day31))
    .then({ type: 'PreAuthExpired', data: { on: day31 } });
});

describe('the checks of a completion (domain 3.15)', () => {
  const rows: readonly [string, string, readonly PaymentFact[], object, object][] = [
    ['the pre-authorisation is found', '25', [], {}, {}],
    ['it has the code that is given', '25', held, { original: { rrn: null, authCode: 'x' } }, {}],
    ['it has the RRN that is given', '25', held, { original: { rrn: 'x', authCode: null } }, {}],
    ['it is approved', '12', [askedToHold], {}, {}],
    ['it is a pre-authorisation', '12', sold, {}, {}],
    ['it is not in doubt', '22', after([askedToHold], silent('pre-auth')), {}, {}],
    ['no other completion is under way', '22', after(held, completing()), {}, {}],
    ['no advice is under way', '22', after(held, advising()), {}, {}],
    ['it was not completed before', '22', completed, {}, {}],
    ['it was not voided', '22', free, {}, {}],
    ['no void of it is under way', '22', after(held, freeing()), {}, {}],
    ['it was not reversed', '22', after(held, reversing('pre-auth'), confirmed('pre-auth')), {}, {}],
    ['the card is the same', '14', held, otherCard, {}],
    ['the merchant is the same', '03', held, { operation: operation('c', 'completion', { merchantId: 'x' }) }, {}],
    ['the amount is above zero', '13', held, { amount: fen(0) }, {}],
    ['the amount is at most 115 percent', '13', held, { amount: fen(115_001) }, {}],
    ['it comes within 30 days of the clearing date', '22', held, { tradeDate: day31 }, {}],
    ['it has not expired', '22', after(held, expiring(day31)), {}, {}],
    ['no limit is broken', '61', held, {}, { barred: 'limit-exceeded' }],
    ['no risk rule is broken', '57', held, {}, { barred: 'risk-declined' }],
  ];
  it.each(rows)('%s, else %s', (_, expected, history, other, context) => {
    const second = { operation: operation('c2', 'completion', { stan: '000099' }) };
    expect(code(completing('c2', { ...second, ...other }, context)(paymentFrom(history)))).toBe(expected);
  });
  it.each(rows.filter(([, , , , context]) => Object.keys(context).length === 0))(
    'of an advice: %s, else %s',
    (_, expected, history, other) => {
      const second = { operation: operation('a2', 'completion-advice', { stan: '000098' }) };
      const kept = 'operation' in other ? { operation: operation('a2', 'completion-advice', { merchantId: 'x' }) } : {};
      expect(code(advising('a2', { ...second, ...other, ...kept })(paymentFrom(history)))).toBe(expected);
    },
  );

  it('are made in this order: the first failure wins', () => {
    const wrong = { ...otherCard, operation: operation('c', 'completion', { merchantId: 'x' }), amount: fen(200_000) };
    const worst = { ...wrong, tradeDate: day31 };
    const barred = { barred: 'limit-exceeded' };
    given(...held)
      .when(completing('c', worst, barred))
      .thenRefuses('card-differs');
    given(...held)
      .when(completing('c', { ...worst, card }, barred))
      .thenRefuses('merchant-differs');
    const ours = { tradeDate: day31, amount: fen(200_000) };
    given(...held)
      .when(completing('c', ours, barred))
      .thenRefuses('completion-over-ratio');
    given(...held)
      .when(completing('c', { tradeDate: day31 }, barred))
      .thenRefuses('pre-auth-expired');
  });

  it('pass from another terminal, with the last fen of 115 percent, on day 30', () => {
    const other = { amount: fen(115_000), tradeDate: day30 };
    const elsewhere = { operation: operation('c', 'completion', { terminalId: '10000002' }) };
    given(...held)
      .when(completing('c', { ...other, ...elsewhere }))
      .then({ type: 'ChannelRequested', data: { amount: fen(115_000), channel: 'unionpay', tradeDate: day30 } });
  });
  it('of 115 percent round down: of 0.13 yuan 0.14 may be completed', () => {
    expect(decide.completionLimit(fen(13))).toBe(14);
  });
  it('are not made after answerBy: nothing is stored', () => {
    given(...held)
      .when(completing('c', {}, { now: ANSWER_BY + 1 }))
      .thenRefuses('answer-by-passed');
    given(...held)
      .when(advising('a', {}, ANSWER_BY + 1))
      .thenRefuses('answer-by-passed');
  });
});

describe('the checks of a pre-auth void (domain 3.15)', () => {
  it.each<[string, string, readonly PaymentFact[], object, object]>([
    ['the pre-authorisation is found', '25', [], {}, {}],
    ['it is approved', '12', [askedToHold], {}, {}],
    ['it was not completed', '22', completed, {}, {}],
    ['no completion is under way', '22', after(held, completing()), {}, {}],
    ['it was not voided before', '22', free, { operation: operation('v2', 'pre-auth-void') }, {}],
    ['the card is the same', '14', held, otherCard, {}],
    ['the merchant is the same', '03', held, { operation: operation('v', 'pre-auth-void', { merchantId: 'x' }) }, {}],
    ['the amount is what is held', '64', held, { amount: fen(99_999) }, {}],
    ['it comes within 30 days', '22', held, { tradeDate: day31 }, {}],
    ['no limit is broken', '61', held, {}, { barred: 'limit-exceeded' }],
  ])('%s, else %s', (_, expected, history, other, context) => {
    expect(code(freeing(other, context)(paymentFrom(history)))).toBe(expected);
  });
  it('pass from another terminal, whatever the clearing date', () => {
    const elsewhere = { operation: operation('v', 'pre-auth-void', { terminalId: '10000002' }), tradeDate: day30 };
    given(...held)
      .when(freeing(elsewhere))
      .then({ type: 'ChannelRequested' });
  });
});

describe('the checks of a completion void (domain 3.15)', () => {
  it.each<[string, string, readonly PaymentFact[], object, object]>([
    ['the completion is found', '25', held, { original: { rrn: 'x', authCode: null } }, {}],
    ['the payment was completed', '12', held, { original: { rrn: 'rrn-pre-auth', authCode: null } }, {}],
    ['the completion is not under way', '22', after(held, completing()), {}, {}],
    ['it is a completion', '12', sold, {}, {}],
    ['it was not voided before', '22', uncompleted, { operation: operation('v2', 'completion-void') }, {}],
    ['nothing of it was refunded', '22', after(completed, refunding(1)), {}, {}],
    ['the card is the same', '14', completed, otherCard, {}],
    [
      'the terminal is the same',
      '58',
      completed,
      { operation: operation('v', 'completion-void', { terminalId: 'x' }) },
      {},
    ],
    ['the batch is open', '12', completed, {}, { batchOpen: false }],
    ['its clearing date is the current one', '12', completed, {}, { currentClearingDate: day30 }],
    ['the amount is that of the completion', '64', completed, { amount: fen(99_999) }, {}],
    ['no limit is broken', '61', completed, {}, { barred: 'limit-exceeded' }],
  ])('%s, else %s', (_, expected, history, other, context) => {
    expect(code(cancelling('v', other, { ...onDay, ...context })(paymentFrom(history)))).toBe(expected);
  });
  it('a void of a sale does not void a completion, nor a completion void a sale', () => {
    expect(code(decide.requestVoid(paymentFrom(completed), voidRequest(), voidContext(onDay)))).toBe('12');
  });
});

function refunding(amount: number, id = 'refund', other = {}): Decider {
  const request = refundRequest(id, amount, { original: { rrn: 'rrn-completion', authCode: null }, ...other });
  return (state) => decide.requestRefund(state, request, refundContext());
}

describe('a completion', () => {
  it('that is approved credits the merchant with its own date, plan and amount (J1)', () => {
    const amounts = { ...priced, amount: fen(50_000) };
    given(...after(held, completing('completion', { amount: fen(50_000) })))
      .when(approving('completion', { amounts }))
      .then({ type: 'PaymentApproved', data: { ...amounts, tradeDate: NEXT_DAY, clearingDate: NEXT_DAY } });
  });
  it('over a part is undone, whatever the terminal takes: the issuer takes all or nothing', () => {
    const part = { amounts: { ...priced, amount: fen(1) }, responseCode: '10', partialAllowed: true };
    given(...after(held, completing()))
      .when(approving('completion', part))
      .then({ type: 'OperationInDoubt' }, { type: 'ReversalRequested' }, { type: 'LateResponseReceived' });
  });
  it('that was declined leaves the hold open for another', () => {
    const declined = after(held, completing(), (s) =>
      decide.recordDecline(s, { ...yes('completion'), responseCode: '51' }),
    );
    expect(code(completing('c2')(paymentFrom(declined)))).toBe('accepted');
  });
  it('may be refunded by its own RRN, not by that of the hold', () => {
    given(...completed)
      .when(refunding(40_000))
      .then({ type: 'RefundRequested', data: { hold: fen(39_760) } });
    const byHold = { original: { rrn: 'rrn-pre-auth', authCode: null } };
    expect(code(refunding(1, 'refund', byHold)(paymentFrom(completed)))).toBe('12');
    expect(code(refunding(1)(paymentFrom(uncompleted)))).toBe('64');
  });
  it('that is reversed holds what was posted until the channel confirms, and the hold is open again', () => {
    const asked = after(completed, reversing('completion'));
    expect(asked.at(-1)).toMatchObject({ type: 'ReversalRequested', data: { hold: 99_400 } });
    const undone = after(asked, confirmed('completion'));
    expect(undone.at(-1)).toMatchObject({ type: 'PaymentReversed', data: { undone: priced, release: 99_400 } });
    expect(decide.isHeldOpen(stateOf(undone))).toBe(true);
    expect(code(completing('c2')(stateOf(undone)))).toBe('accepted');
  });
});

describe('a completion void', () => {
  it('that is accepted mirrors the completion (J2) and opens the hold again, within its 30 days', () => {
    expect(uncompleted.at(-1)).toMatchObject({ type: 'PaymentVoided', data: priced });
    expect(decide.isHeldOpen(stateOf(uncompleted))).toBe(true);
    expect(code(completing('c2')(stateOf(uncompleted)))).toBe('accepted');
    expect(code(completing('c2', { tradeDate: day31 })(stateOf(uncompleted)))).toBe('22');
  });
  it('that is reversed posts the completion anew: COMPLETED', () => {
    const undone = after(uncompleted, reversing('completion-void'), confirmed('completion-void'));
    expect(undone.at(-1)).toMatchObject({ type: 'VoidReversed', data: { restored: priced, release: 0 } });
    expect(isPosted(stateOf(undone))).toBe(true);
    expect(code(completing('c2')(stateOf(undone)))).toBe('22');
  });
  it('cannot be reversed any more once another completion came: 25 and a case', () => {
    const again = after(uncompleted, completing('c2'), approving('c2'));
    expect(reversing('completion-void')(paymentFrom(again))).toEqual({ refusal: 'already-voided-or-refunded' });
    expect(alarming.has('already-voided-or-refunded')).toBe(true);
  });
  it('cannot be reversed any more once the hold was given back: the channel would capture what it has freed', () => {
    const given = after(uncompleted, freeing({ tradeDate: NEXT_DAY }), freed);
    expect(reversing('completion-void')(paymentFrom(given))).toEqual({ refusal: 'already-voided-or-refunded' });
  });
  it('of a completion that another one followed finds it undone; a repeat of the first completion gets 12', () => {
    const again = after(uncompleted, completing('c2'), approving('c2'));
    const first = { original: { rrn: 'rrn-completion', authCode: null } };
    expect(code(cancelling('v3', first, onDay)(paymentFrom(again)))).toBe('22');
    expect(decide.answerToRepeat(paymentFrom(again), 'completion', 'hash-completion')).toMatchObject({
      reply: { responseCode: '12' },
    });
  });
});

describe('a pre-auth void', () => {
  it('that is accepted frees the hold; reversed, the hold stands again', () => {
    expect(free.at(-1)).toMatchObject({ type: 'PreAuthVoided', data: { amount: priced.amount } });
    expect(decide.isHeldOpen(stateOf(free))).toBe(false);
    const undone = after(free, reversing('pre-auth-void'), confirmed('pre-auth-void'));
    expect(undone.at(-1)).toMatchObject({ type: 'VoidReversed', data: { restored: null, release: 0 } });
    expect(decide.isHeldOpen(stateOf(undone))).toBe(true);
  });
  it('without an answer is in doubt, and nothing else is accepted (22)', () => {
    const doubt = after(held, freeing(), silent('pre-auth-void'));
    expect(code(completing()(paymentFrom(doubt)))).toBe('22');
    expect(code(reversing('pre-auth')(paymentFrom(doubt)))).toBe('22');
  });
});

describe('an 0400 of a pre-authorisation (domain 3.3)', () => {
  it.each([
    ['is completed', completed],
    ['is voided', free],
  ])('that %s changes nothing: 25 and a case', (_, history) => {
    given(...history)
      .when(reversing('pre-auth'))
      .thenRefuses('already-voided-or-refunded');
  });
  it('of a completion that was voided or refunded changes nothing: 25 and a case', () => {
    given(...uncompleted)
      .when(reversing('completion'))
      .thenRefuses('already-voided-or-refunded');
    given(...after(completed, refunding(1)))
      .when(reversing('completion'))
      .thenRefuses('already-voided-or-refunded');
  });
  it('of a completion advice has no effect: an advice is never reversed', () => {
    given(...after(held, advising()))
      .when(reversing('advice'))
      .thenRefuses('advice-is-not-reversed');
  });
  it('after the batch was balanced has no effect', () => {
    given(...completed)
      .when(reversing('completion', true))
      .thenRefuses('batch-settled');
  });
});

describe('a completion advice', () => {
  const taken = after(held, advising());
  it('is answered 00 when durable, and again, and told to the channel until it answers', () => {
    expect(taken.at(-1)).toMatchObject({ type: 'AdviceRequested', data: { amount: 100_000, channel: 'unionpay' } });
    expect(decide.replyOf(paymentFrom(taken), 'advice')).toMatchObject({ responseCode: '00' });
    expect(decide.answerToRepeat(paymentFrom(taken), 'advice', 'hash-advice')).toMatchObject({ is: 'answer' });
    expect(decide.undecided(paymentFrom(taken))).toMatchObject([{ work: 'advise', amount: 100_000 }]);
  });
  it('that the channel accepts credits the merchant, and may be voided like a completion', () => {
    const answer = { operationId: 'advice', authCode: null, clearingDate: NEXT_DAY, amounts: priced };
    const accepted = after(taken, (s) => decide.recordAdviceApproved(s, answer));
    expect(accepted.at(-1)).toMatchObject({ type: 'PaymentApproved', data: { ...priced, authCode: '654321' } });
    given(...accepted)
      .when((s) => decide.recordAdviceApproved(s, answer))
      .then();
    expect(code(cancelling('v', {}, onDay)(paymentFrom(accepted)))).toBe('accepted');
  });
  it('that the channel declines posts nothing, keeps its 00 and leaves the hold open', () => {
    const declined = after(taken, (s) => decide.recordAdviceDeclined(s, { operationId: 'advice', responseCode: '54' }));
    expect(declined.at(-1)).toMatchObject({ type: 'AdviceDeclined', data: { responseCode: '54' } });
    expect(postedNet(stateOf(declined))).toBe(0);
    expect(decide.replyOf(paymentFrom(declined), 'advice')).toMatchObject({ responseCode: '00' });
    expect(decide.undecided(paymentFrom(declined))).toEqual([]);
    expect(decide.isHeldOpen(stateOf(declined))).toBe(true);
  });
  it('after the expiry gets 22 and an alarm; a request after it gets 22 alone', () => {
    const late = advising('a', { tradeDate: day31 })(paymentFrom(held));
    expect(late).toEqual({ refusal: 'advice-past-expiry' });
    expect([alarming.has('advice-past-expiry'), alarming.has('pre-auth-expired')]).toEqual([true, false]);
  });
});

describe('the expiry of a hold (domain 3.6)', () => {
  it('comes on day 31 after the clearing date, once', () => {
    given(...held)
      .when(expiring(day30))
      .then();
    given(...held)
      .when(expiring(day31))
      .then({ type: 'PreAuthExpired', data: { amount: priced.amount, on: day31 } });
    given(...after(held, expiring(day31)))
      .when(expiring(day31))
      .then();
    expect(decide.isHeldOpen(stateOf(after(held, expiring(day31))))).toBe(false);
  });
  it.each([
    ['completed', completed],
    ['voided', free],
    ['in doubt', after(held, completing(), silent('completion'))],
    ['not approved', [askedToHold]],
    ['a sale', sold],
  ])('does not come to what is %s', (_, history) => {
    given(...history)
      .when(expiring(day31))
      .then();
  });
  it('comes to a hold that a completion void opened again after its 30 days', () => {
    given(...uncompleted)
      .when(expiring(day31))
      .then({ type: 'PreAuthExpired' });
  });
});
