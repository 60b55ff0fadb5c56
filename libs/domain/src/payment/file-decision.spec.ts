import { fen } from '@tillstream/money';
import { isRefused } from '../fact.ts';
import * as decide from './decide.ts';
import type { PaymentDecision } from './decide.ts';
import type { PaymentFact } from './events.ts';
import { paymentFrom } from './evolve.ts';
import { heldOf, postedNet } from './state.ts';
import type { PaymentState } from './state.ts';
import {
  asked,
  DAY,
  given,
  NEXT_DAY,
  operation,
  priced,
  refundContext,
  refundRequest,
  sold,
  trace,
  voidContext,
  voidRequest,
} from './testing.ts';
import { undecided } from './undecided.ts';

const said = (decision: PaymentDecision): readonly PaymentFact[] => {
  if (isRefused(decision)) throw new Error(`refused: ${decision.refusal}`);
  return decision.facts;
};
/** A history made longer by one decision after the other. */
const after = (facts: readonly PaymentFact[], ...more: readonly ((state: PaymentState) => PaymentDecision)[]) =>
  more.reduce((sofar, next) => [...sofar, ...said(next(paymentFrom(sofar)))], facts);

const reversalTrace = trace('r');
const theirs = { amount: priced.amount, issuerCost: priced.issuerCost, networkCost: priced.networkCost };
const returning = { operationId: 'ret', rrn: 'rrn-ret', trace: trace('000900'), tradeDate: NEXT_DAY };
const file =
  (found: 'present' | 'absent', operationId = 'sale', caseId: string | null = null) =>
  (state: PaymentState) =>
    decide.decideByFile(state, {
      ...{ operationId, found, caseId, returning, clearingDate: DAY },
      theirs: found === 'present' ? theirs : null,
    });
const key = (operationId: string) => ({ operationId, merchantId: 'm', terminalId: 't', batch: 'b', stan: 's' });
const undo =
  (operationId = 'sale') =>
  (state: PaymentState) =>
    decide.reverseByTerminal(state, { key: key(operationId), reason: '98', trace: reversalTrace, batchSettled: false });
const says =
  (responseCode: string, operationId = 'sale') =>
  (state: PaymentState) =>
    decide.recordReversalAnswer(state, { operationId, responseCode, clearingDate: DAY });
const noAnswer =
  (operationId = 'sale') =>
  (state: PaymentState) =>
    decide.recordNoAnswer(state, { operationId, cause: 'no-answer', reversalTrace });
const aVoid = (state: PaymentState) => decide.requestVoid(state, voidRequest('void'), voidContext());
const voidDone = (state: PaymentState) =>
  decide.recordVoidAccepted(state, {
    ...{ operationId: 'void', responseCode: '00', authCode: '9', clearingDate: DAY, now: 0, reversalTrace },
  });
const accepted = { operationId: 'ret', authCode: '7', clearingDate: NEXT_DAY };

/** The terminal reversed an approved sale, and the channel says 12. */
const stuckPosted = after(sold, undo(), says('12'));
/** No answer to the sale, and the channel says 12 to its reversal. */
const stuckUnposted = after([asked], noAnswer(), says('12'));
const voidInDoubt = after(sold, aVoid, noAnswer('void'));
const voidPostedInDoubt = after(sold, aVoid, voidDone, undo('void'));

describe('a sale in doubt that the clearing file does not hold (domain 3.2)', () => {
  it('is undone: J2 of what stands posted, on the day on which it stands, with its hold released', () =>
    given(...stuckPosted)
      .when(file('absent'))
      .then({
        type: 'PaymentReversed',
        data: { undone: priced, release: fen(99_400), clearingDate: DAY, by: 'clearing-file' },
      }));
  it('posts nothing when nothing was posted', () =>
    given(...stuckUnposted)
      .when(file('absent'))
      .then({ type: 'PaymentReversed', data: { undone: null, release: fen(0), by: 'clearing-file' } }));
  it('is decided in the same way while the channel has not answered the reversal', () =>
    given(...after(sold, undo()))
      .when(file('absent'))
      .then({ type: 'PaymentReversed', data: { undone: priced, release: fen(99_400) } }));
  it('is decided also when it was cut off before it could be given up', () =>
    given(asked)
      .when(file('absent'))
      .then(
        { type: 'OperationInDoubt' },
        { type: 'ReversalRequested' },
        { type: 'PaymentReversed', data: { undone: null, by: 'clearing-file' } },
      ));
});

describe('a sale in doubt that the clearing file holds', () => {
  it('goes back to the payer, posted or not, and its hold stays until the channel accepts', () => {
    given(...stuckPosted)
      .when(file('present'))
      .then({ type: 'ReturnRequested', data: { of: 'sale', amount: priced.amount, hold: fen(0), kept: null } });
    const returned = after(stuckPosted, file('present'));
    expect(undecided(paymentFrom(returned))).toMatchObject([{ work: 'advise', operation: { kind: 'return' } }]);
    given(...returned)
      .when((state) => decide.recordReturnAccepted(state, accepted))
      .then({
        type: 'ReturnAccepted',
        data: { undone: priced, kept: null, release: fen(99_400), clearingDate: NEXT_DAY },
      });
    const state = paymentFrom(after(returned, (now) => decide.recordReturnAccepted(now, accepted)));
    expect(state.is === 'payment' && [postedNet(state), heldOf(state)]).toEqual([0, 0]);
  });
  it('takes the long item out of 2191 when nothing was posted, so that nothing ever is the merchant’s', () => {
    const returned = after(stuckUnposted, file('present', 'sale', 'case-1'));
    given(...returned)
      .when((state) => decide.recordReturnAccepted(state, accepted))
      .then({
        type: 'ReturnAccepted',
        data: { undone: null, release: fen(0), kept: { ...theirs, fee: fen(0) } },
      });
  });
  it('stays held when the channel declines the return: a person decides', () => {
    const declined = after(stuckPosted, file('present'), (state) =>
      decide.recordReturnDeclined(state, { operationId: 'ret', responseCode: '57' }),
    );
    expect(declined.at(-1)).toMatchObject({ type: 'ReturnDeclined', data: { of: 'sale', responseCode: '57' } });
    const state = paymentFrom(declined);
    expect(state.is === 'payment' && heldOf(state)).toBe(99_400);
    expect(undecided(state)).toEqual([]);
  });
  it('is reversed no more, and takes neither void nor refund', () => {
    const returned = after(after(sold, undo()), file('present'));
    given(...returned)
      .when(aVoid)
      .thenRefuses('already-undone');
    given(...returned)
      .when((state) => decide.requestRefund(state, refundRequest('refund', 1), refundContext()))
      .thenRefuses('refund-exceeds-remaining');
  });
  it('is never answered 00: a repeat of the sale is told 12, a repeated 0400 gets 00 and does nothing', () => {
    const state = paymentFrom(after(stuckPosted, file('present')));
    expect(decide.answerToRepeat(state, 'sale', 'hash-sale')).toMatchObject({ reply: { responseCode: '12' } });
    expect(undo()(state)).toEqual({ facts: [], responseCode: '00' });
  });
});

describe('after the file has decided', () => {
  it.each([
    ['present', file('present')],
    ['absent', file('absent')],
  ] as const)('(%s) the same answer again, and every answer of the channel, changes nothing', (_, answer) => {
    const decided = after(after(sold, undo()), answer);
    for (const code of ['00', '25', '12'])
      given(...decided)
        .when(says(code))
        .then();
    given(...decided)
      .when(file('absent'))
      .then();
    given(...decided)
      .when(file('present'))
      .then();
    const late = { operationId: 'sale', responseCode: '00', authCode: '1', reversalTrace };
    given(...decided)
      .when((state) => decide.recordLateAnswer(state, late))
      .then({ type: 'LateResponseReceived' });
  });
  it('what the channel decided before stays as it is', () => {
    given(...after(sold, undo(), says('00')))
      .when(file('present'))
      .then();
    given(...sold)
      .when(file('absent'))
      .then();
  });
});

describe('a void in doubt', () => {
  it('absent: the sale stands approved, what was held is free', () =>
    given(...voidInDoubt)
      .when(file('absent', 'void'))
      .then({ type: 'VoidReversed', data: { restored: null, release: fen(99_400), by: 'clearing-file' } }));
  it('absent after its J2: J1 anew, on the day of that J2', () =>
    given(...voidPostedInDoubt)
      .when(file('absent', 'void'))
      .then({ type: 'VoidReversed', data: { restored: priced, release: fen(0), clearingDate: DAY } }));
  it('present: the payer has the money back already, so J2 is posted and the hold released', () => {
    given(...voidInDoubt)
      .when(file('present', 'void', 'case-2'))
      .then({ type: 'VoidConfirmed', data: { undone: priced, release: fen(99_400), caseId: 'case-2' } });
    const state = paymentFrom(after(voidInDoubt, file('present', 'void', 'case-2')));
    expect(state.is === 'payment' && [postedNet(state), heldOf(state)]).toEqual([0, 0]);
    expect(decide.answerToRepeat(state, 'void', 'hash-void')).toMatchObject({ reply: { responseCode: '12' } });
    expect(decide.answerToRepeat(state, 'sale', 'hash-sale')).toMatchObject({ reply: { responseCode: '12' } });
  });
  it('present after its J2: nothing is posted twice', () =>
    given(...voidPostedInDoubt)
      .when(file('present', 'void'))
      .then({ type: 'VoidConfirmed', data: { undone: null, release: fen(0) } }));
});

describe('a pre-authorisation in doubt moves no money', () => {
  const preAuth = { ...asked.data, operation: operation('sale', 'pre-auth') } as Extract<
    PaymentFact,
    { type: 'ChannelRequested' }
  >['data'];
  const inDoubt = after([{ type: 'ChannelRequested', version: 1, data: preAuth }], noAnswer(), says('12'));
  it.each(['present', 'absent'] as const)('%s: it is given up with no entry', (found) =>
    given(...inDoubt)
      .when(file(found))
      .then({ type: 'PaymentReversed', data: { undone: null, release: fen(0), by: 'clearing-file' } }),
  );
});

describe('a refund that the channel has not answered', () => {
  const refunding = after(sold, (state) =>
    decide.requestRefund(state, refundRequest('refund', 40_000), refundContext()),
  );
  it('is accepted with the file’s date when the file holds it', () =>
    given(...refunding)
      .when(file('present', 'refund'))
      .then({ type: 'RefundAccepted', data: { clearingDate: DAY, release: fen(39_760) } }));
  it('is told on when the file does not: the terminal was told 00', () =>
    given(...refunding)
      .when(file('absent', 'refund'))
      .then());
});

describe('a refund that fails later (domain 3.5)', () => {
  const refund = (id: string, amount: number) => (state: PaymentState) =>
    decide.requestRefund(state, refundRequest(id, amount), refundContext());
  const taken = (operationId: string) => (state: PaymentState) =>
    decide.recordRefundAccepted(state, { operationId, authCode: '1', clearingDate: NEXT_DAY });
  const fails = (operationId: string) => (state: PaymentState) =>
    decide.recordRefundFailed(state, { operationId, clearingDate: NEXT_DAY });
  const refunded = after(sold, refund('r1', 40_000), taken('r1'));
  it('mirrors its own J3 and frees its amount', () => {
    given(...refunded)
      .when(fails('r1'))
      .then({ type: 'RefundFailed', data: { amount: fen(40_000), fee: fen(240), clearingDate: NEXT_DAY } });
    given(...after(refunded, fails('r1')))
      .when(refund('r2', 100_000))
      .then({ type: 'RefundRequested', data: { returned: priced } });
  });
  it('said twice it fails once; one not known to be accepted only ends its hold', () => {
    given(...after(refunded, fails('r1')))
      .when(fails('r1'))
      .then();
    given(...after(sold, refund('r1', 40_000)))
      .when(fails('r1'))
      .then({ type: 'RefundDeclined', data: { release: fen(39_760) } });
  });
  it('leaves no fen behind: the last refund squares up whichever parts failed before', () => {
    const all = after(sold, refund('r1', 33_333), taken('r1'), refund('r2', 33_334), taken('r2'), fails('r1'));
    const rest = after(all, refund('r3', 12_345), taken('r3'), refund('r4', 54_321), taken('r4'));
    const state = paymentFrom(rest);
    expect(state.is === 'payment' && postedNet(state)).toBe(0);
  });
});

describe('HOST_ONLY: an approval that its terminal does not have (domain 4.1)', () => {
  const hostOnly =
    (currentClearingDate: string, operationId = 'sale') =>
    (state: PaymentState) =>
      decide.answerHostOnly(state, { operationId, currentClearingDate, returning });
  it('is held and reversed while its clearing date is current', () =>
    given(...sold)
      .when(hostOnly(DAY))
      .then({ type: 'ReversalRequested', data: { by: 'host', reason: '4356', hold: fen(99_400) } }));
  it('is held and returned to the payer afterwards', () => {
    given(...sold)
      .when(hostOnly(NEXT_DAY))
      .then({ type: 'ReturnRequested', data: { of: 'sale', hold: fen(99_400), kept: null } });
    const state = paymentFrom(after(sold, hostOnly(NEXT_DAY), (now) => decide.recordReturnAccepted(now, accepted)));
    expect(state.is === 'payment' && [postedNet(state), heldOf(state)]).toEqual([0, 0]);
  });
  it('of a void: undone within its day, so that the sale stands; a person’s afterwards', () => {
    const voided = after(sold, aVoid, voidDone);
    given(...voided)
      .when(hostOnly(DAY, 'void'))
      .then({ type: 'ReversalRequested', data: { hold: fen(0) } });
    given(...voided)
      .when(hostOnly(NEXT_DAY, 'void'))
      .thenRefuses('void-window-closed');
    given(...voided)
      .when(hostOnly(DAY))
      .thenRefuses('already-voided-or-refunded');
  });
  it('says nothing new of what is undone, being undone, or an advice', () => {
    given(...after(sold, undo()))
      .when(hostOnly(DAY))
      .then();
    given(...after(sold, hostOnly(NEXT_DAY)))
      .when(hostOnly(NEXT_DAY))
      .then();
    given(asked).when(hostOnly(DAY)).then();
    const refunding = after(sold, (state) => decide.requestRefund(state, refundRequest('refund', 1), refundContext()));
    given(...refunding)
      .when(hostOnly(DAY, 'refund'))
      .then();
  });
});
