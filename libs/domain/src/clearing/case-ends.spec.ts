import { fen } from '@tillstream/money';
import type { EntryPosted } from '../book/events.ts';
import { Books, entriesOf } from '../book/testing/day.ts';
import { isRefused, type Decision, type Fact } from '../fact.ts';
import * as payments from '../payment/decide.ts';
import type { PaymentFact } from '../payment/events.ts';
import { paymentFrom } from '../payment/evolve.ts';
import { heldOf, type PaymentState } from '../payment/state.ts';
import { asked, DAY, NEXT_DAY, priced, refundContext, refundRequest, sold, trace } from '../payment/testing.ts';
import { voidContext, voidRequest } from '../payment/testing.ts';
import { approve, casesOf, changesOf, propose } from './cases.ts';
import type { CaseResolution, ClearingDifferenceFound, ClearingFact, ItemToReturn } from './events.ts';
import type { ClearingFile, ClearingItem } from './file.ts';
import { nothingMoved } from './moves.ts';
import { compare } from './match.ts';
import { operationAfter, type OurOperation } from './operations.ts';
import { resolutionsOf } from './resolutions.ts';

/*
 * Whatever a case is about and however two people end it, nothing stays in 2003, 1191 or 2191 that no case and no payment owns.
 */
const MERCHANT = '898310058120001';
const PAYMENT = 'payment-sale';
const CASE_ACCOUNTS = ['2003', '1191', '2191'] as const;

/** What the channel says to a return of ours. */
type Channel = 'accepts' | 'declines';

const said = <F extends Fact>(decision: Decision<F, string>): readonly F[] => {
  if (isRefused(decision)) throw new Error(`refused: ${decision.refusal}`);
  return decision.facts;
};

/** One payment, the clearing file of its day, and the books of its merchant. */
class Story {
  readonly books = new Books(DAY);
  readonly clearing: ClearingFact[] = [];
  readonly payment: PaymentFact[] = [];
  #returns = 0;

  pay(...facts: readonly PaymentFact[]): this {
    for (const fact of facts) {
      this.payment.push(fact);
      this.books.take(MERCHANT, fact, PAYMENT);
    }
    return this;
  }

  decide(decider: (state: PaymentState) => Decision<PaymentFact, string>): this {
    return this.pay(...said(decider(paymentFrom(this.payment))));
  }

  say(...facts: readonly ClearingFact[]): this {
    for (const fact of facts) {
      this.clearing.push(fact);
      this.books.take(MERCHANT, fact);
    }
    return this;
  }

  get operations(): readonly OurOperation[] {
    const byId = new Map<string, OurOperation>();
    for (const fact of this.payment) {
      if (!('operation' in fact.data)) continue;
      const { operationId } = fact.data.operation;
      const after = operationAfter(byId.get(operationId), fact, 'sale', `${DAY}T02:00:00.000Z`);
      if (after !== undefined) byId.set(operationId, after);
    }
    return [...byId.values()];
  }

  /** The channel's file of the day, and what follows from it in the payment; `channel`: what it says to a return. */
  file(items: readonly Line[], channel: Channel, version = 1): this {
    const file = {
      channel: 'unionpay',
      clearingDate: DAY,
      version,
      items: items.map(itemOf),
    } as unknown as ClearingFile;
    const result = compare(file, {
      ...{ operations: this.operations, openCases: [], compared: new Set(), merchants: new Set([MERCHANT]) },
      ...{ decidedBefore: Date.parse(`${DAY}T15:00:00Z`), caseIdOf: (merchant, item) => `${merchant} ${item}` },
    });
    const { facts } = changesOf(casesOf(this.clearing), result, file);
    this.say(...facts);
    for (const fact of facts) {
      if (fact.type !== 'DoubtAnsweredByFile') continue;
      const { operationId, found, theirs, caseId } = fact.data;
      const returning = this.#returning();
      this.decide((state) =>
        payments.decideByFile(state, { operationId, found, theirs, caseId, returning, clearingDate: DAY }),
      );
      this.answer(returning.operationId, channel);
    }
    return this;
  }

  answer(returnId: string, channel: Channel): this {
    const isAsked = this.payment.some(
      (fact) => fact.type === 'ReturnRequested' && fact.data.operation.operationId === returnId,
    );
    if (!isAsked) return this;
    return this.decide((state) =>
      channel === 'accepts'
        ? payments.recordReturnAccepted(state, { operationId: returnId, authCode: '7', clearingDate: NEXT_DAY })
        : payments.recordReturnDeclined(state, { operationId: returnId, responseCode: '57' }),
    );
  }

  /** Two people end a case, and authorization carries out what is its own. */
  end(caseId: string, resolution: CaseResolution): this {
    const one = () => {
      const found = casesOf(this.clearing).cases.get(caseId);
      if (found === undefined) throw new Error('there is no such case');
      return found;
    };
    this.say(...said(propose(one(), { resolution, fee: fen(0), by: 'wang', note: 'looked at' })));
    const [resolved] = said(approve(one(), { by: 'li' }));
    if (resolved === undefined) throw new Error('nothing was resolved');
    this.say(resolved);
    const { returns, upholds } = resolved.data;
    if (upholds) this.decide((state) => payments.upholdPayment(state, { ...upholds, caseId }));
    if (returns) this.#return(returns, caseId);
    return this;
  }

  #return({ operationId, kept }: ItemToReturn, caseId: string): void {
    const returning = this.#returning();
    this.decide((state) => payments.returnToPayer(state, { operationId, caseId, kept, returning }));
    this.answer(returning.operationId, 'accepts');
  }

  #returning() {
    const operationId = `return-${(this.#returns += 1)}`;
    return { operationId, rrn: operationId, trace: trace(`0009${this.#returns}`), tradeDate: NEXT_DAY };
  }

  /** Cases that people have to end; a payment that ended its doubt ended the case that moves what it moved. */
  get open(): readonly ClearingDifferenceFound['data'][] {
    const isEnded = ({ outcome, operationId }: ClearingDifferenceFound['data']): boolean =>
      outcome === 'STATUS_DIFF' &&
      this.payment.some(
        ({ type, data }) =>
          (type === 'ReturnAccepted' && data.of === operationId) ||
          (type === 'VoidConfirmed' && data.operation.operationId === operationId),
      );
    return [...casesOf(this.clearing).cases.values()]
      .filter(({ status, found }) => status !== 'RESOLVED' && status !== 'CLEARED' && !isEnded(found))
      .map(({ found }) => found);
  }

  /** What stands in the accounts of cases, by account; nothing when all of it is cleared. */
  get left(): Readonly<Record<string, number>> {
    const lines = entriesOf(this.books.facts).flatMap((entry: EntryPosted['data']) => entry.lines);
    return Object.fromEntries(
      CASE_ACCOUNTS.map(
        (account) =>
          [account, lines.reduce((sum, line) => (line.account === account ? sum + line.amount : sum), 0)] as const,
      ).filter(([, balance]) => balance !== 0),
    );
  }

  get held(): number {
    const state = paymentFrom(this.payment);
    return state.is === 'payment' ? heldOf(state) : 0;
  }
}

interface Line {
  readonly kind: ClearingItem['kind'];
  readonly stan: string;
  readonly amount: number;
  readonly issuerCost: number;
  readonly networkCost: number;
}
const line = (more: Partial<Line> = {}): Line => ({
  ...{ kind: 'sale', stan: '000101', amount: 100_000, issuerCost: 450, networkCost: 33 },
  ...more,
});
const itemOf = ({ kind, stan, amount, issuerCost, networkCost }: Line): ClearingItem =>
  ({
    ...{ kind, trace: trace(stan), rrn: `rrn-${stan}`, terminalId: '10000001', merchantId: MERCHANT, maskedCard: '6' },
    amounts: { amount: fen(amount), issuerCost: fen(issuerCost), networkCost: fen(networkCost) },
  }) as ClearingItem;

const key = (operationId: string) => ({ operationId, merchantId: MERCHANT, terminalId: 't', batch: 'b', stan: 's' });
const undo = (operationId: string) => (state: PaymentState) =>
  payments.reverseByTerminal(state, { key: key(operationId), reason: '98', trace: trace('r'), batchSettled: false });
const stuck = (operationId: string) => (state: PaymentState) =>
  payments.recordReversalAnswer(state, { operationId, responseCode: '12', clearingDate: DAY });
const noAnswer = (operationId: string) => (state: PaymentState) =>
  payments.recordNoAnswer(state, { operationId, cause: 'no-answer', reversalTrace: trace('r') });
const aVoid = (state: PaymentState) => payments.requestVoid(state, voidRequest('void'), voidContext());
const voidDone = (state: PaymentState) =>
  payments.recordVoidAccepted(state, {
    ...{ operationId: 'void', responseCode: '00', authCode: '9', clearingDate: DAY, now: 0, reversalTrace: trace('r') },
  });

const sale = () => new Story().pay(...sold);
const stuckSale = () => sale().decide(undo('sale')).decide(stuck('sale'));
const unpostedSale = () => new Story().pay(asked).decide(noAnswer('sale')).decide(stuck('sale'));
const declinedSale = () =>
  new Story().pay(asked).decide((state) =>
    payments.recordDecline(state, {
      ...{
        operationId: 'sale',
        by: 'issuer',
        responseCode: '51',
        clearingDate: DAY,
        now: 0,
        reversalTrace: trace('r'),
      },
    } as Parameters<typeof payments.recordDecline>[1]),
  );
const voidInDoubt = () => sale().decide(aVoid).decide(noAnswer('void'));
const postedVoidInDoubt = () => sale().decide(aVoid).decide(voidDone).decide(undo('void'));
const voided = { kind: 'void', stan: '000103' } as const;

/** Every kind of case with what brings it about. */
const situations: readonly (readonly [string, () => Story, readonly Line[]])[] = [
  ['LONG of a payment that we do not know', () => new Story(), [line()]],
  ['DUPLICATE of a sale', sale, [line(), line()]],
  ['SHORT of a sale', sale, []],
  ['SHORT of a void', () => sale().decide(aVoid).decide(voidDone), [line()]],
  ['AMOUNT_DIFF, more', sale, [line({ amount: 101_000 })]],
  ['AMOUNT_DIFF, less', sale, [line({ amount: 99_000 })]],
  ['AMOUNT_DIFF of the same net', sale, [line({ amount: 100_010, issuerCost: 460 })]],
  ['FEE_DIFF', sale, [line({ issuerCost: 460 })]],
  ['FEE_DIFF of costs split otherwise', sale, [line({ issuerCost: 460, networkCost: 23 })]],
  ['STATUS_DIFF of a sale that was declined', declinedSale, [line()]],
  ['STATUS_DIFF of a sale in doubt, posted', stuckSale, [line()]],
  ['STATUS_DIFF of a sale in doubt, posted with another amount', stuckSale, [line({ amount: 101_000 })]],
  ['STATUS_DIFF of a sale in doubt, posted with more cost', stuckSale, [line({ issuerCost: 452 })]],
  ['STATUS_DIFF of a sale in doubt, not posted', unpostedSale, [line({ amount: 101_000 })]],
  ['STATUS_DIFF of a void in doubt', voidInDoubt, [line(), line(voided)]],
  ['STATUS_DIFF of a void in doubt, of another amount', voidInDoubt, [line(), line({ ...voided, amount: 90_000 })]],
  ['STATUS_DIFF of a void in doubt, posted', postedVoidInDoubt, [line(), line(voided)]],
  [
    'STATUS_DIFF of a void in doubt, posted with another amount',
    postedVoidInDoubt,
    [line(), line({ ...voided, amount: 110_000 })],
  ],
];

/** Every way in which people can end all cases of a story, one after the other, as their resolutions. */
function* endings(found: readonly ClearingDifferenceFound['data'][]): Generator<readonly CaseResolution[]> {
  const [first, ...others] = found;
  if (first === undefined) return yield [];
  for (const rest of endings(others)) for (const way of resolutionsOf(first)) yield [way, ...rest];
}

function expectNothingLeft(story: () => Story): void {
  const open = story().open;
  for (const ways of endings(open)) {
    const one = story();
    open.forEach(({ caseId }, n) => one.end(caseId, ways[n] as CaseResolution));
    expect({ ways, left: one.left, held: one.held, open: one.open }).toEqual({ ways, left: {}, held: 0, open: [] });
  }
}

describe('however two people end a case, no hold and no suspense is left without an owner (domain 4.6)', () => {
  it.each(situations)('%s, the channel takes what goes back', (_, story, items) => {
    expectNothingLeft(() => story().file(items, 'accepts'));
  });

  it.each(situations)('%s, the channel declines the return that follows from the file', (_, story, items) => {
    expectNothingLeft(() => story().file(items, 'declines'));
  });

  it('a sale in doubt that a correction takes back after its return was declined', () =>
    expectNothingLeft(() => stuckSale().file([line()], 'declines').file([], 'declines', 2)));

  it('what the channel declined: of a return all that is held, of a refund nothing', () => {
    const declined = (story: Story, of: 'sale' | 'refund', kind: ClearingItem['kind'], isPosted: boolean) =>
      story.say({
        type: 'ClearingDifferenceFound',
        version: 1,
        data: {
          ...{ caseId: 'declined', channel: 'unionpay', clearingDate: DAY, merchantId: MERCHANT, outcome: 'DECLINED' },
          ...{ version: 0, kind, trace: trace('000101'), rrn: 'r', terminalId: '10000001', maskedCard: '6' },
          ...{ operationId: of, paymentId: 'sale', ours: isPosted ? priced : null, theirs: null, dates: null },
          move: nothingMoved,
        },
      });
    const returning = { operationId: 'late', rrn: 'late', trace: trace('000900'), tradeDate: NEXT_DAY };
    const hostOnly = (state: PaymentState) =>
      payments.answerHostOnly(state, { operationId: 'sale', currentClearingDate: NEXT_DAY, returning });
    expectNothingLeft(() => declined(sale().decide(hostOnly).answer('late', 'declines'), 'sale', 'sale', true));
    const refund = (state: PaymentState) =>
      payments.requestRefund(state, refundRequest('refund', 400), refundContext());
    const refused = (state: PaymentState) =>
      payments.recordRefundDeclined(state, { operationId: 'refund', responseCode: '57' });
    expectNothingLeft(() => declined(sale().decide(refund).decide(refused), 'refund', 'refund', false));
  });
});

describe('a payment that two people leave with the merchant', () => {
  const upheld = () => {
    const story = stuckSale().file([line()], 'declines');
    return story.end(story.open[0]?.caseId ?? '', 'accept-file');
  };

  it('has its money free, is never answered 00, and may be refunded', () => {
    const story = upheld();
    expect(story.payment.at(-1)).toMatchObject({ type: 'PaymentUpheld', data: { release: 99_400 } });
    const state = paymentFrom(story.payment);
    expect(payments.answerToRepeat(state, 'sale', 'hash-sale')).toMatchObject({ reply: { responseCode: '12' } });
    story.decide((now) => payments.requestRefund(now, refundRequest('refund', 40_000), refundContext()));
    expect(story.held).toBe(39_760);
  });

  it('is left there once, and not when it went back to the payer', () => {
    const again = { operationId: 'sale', caseId: 'c' };
    expect(payments.upholdPayment(paymentFrom(upheld().payment), again)).toEqual({ facts: [] });
    const returned = stuckSale().file([line()], 'accepts');
    expect(payments.upholdPayment(paymentFrom(returned.payment), again)).toEqual({ facts: [] });
    expect(payments.upholdPayment(paymentFrom(sold), again)).toEqual({ facts: [] });
  });
});
