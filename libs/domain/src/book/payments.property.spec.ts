import fc from 'fast-check';
import { fen } from '@tillstream/money';
import type { ClearingDifferenceFound } from '../clearing/events.ts';
import { isRefused } from '../fact.ts';
import * as decide from '../payment/decide.ts';
import { evolvePayment } from '../payment/evolve.ts';
import type { OperationKind, PaymentFact } from '../payment/events.ts';
import { newPayment, type PaymentState } from '../payment/state.ts';
import {
  completionRequest,
  DAY,
  heldContext,
  NEXT_DAY,
  operation,
  preAuthApproval,
  preAuthIntent,
  refundContext,
  refundRequest,
  saleApproval,
  saleIntent,
  trace,
  voidContext,
  voidRequest,
} from '../payment/testing.ts';
import { auditFact, newAudit, type Audit } from './invariants.ts';
import { Books } from './testing/day.ts';

/** As the fault runner asks for it (`npm run faults`); the domain imports no other project. */
const runs = process.env['TILLSTREAM_FAULTS'] === 'full' ? 20_000 : 400;
const seed = Number(process.env['TILLSTREAM_SEED'] ?? 20_261_124);
const MERCHANT = 'M1';

interface Parts {
  readonly amount: number;
  readonly fee: number;
  readonly issuer: number;
  readonly network: number;
}
const priceOf = (amount: number): Parts => ({
  amount,
  fee: Math.round(amount * 0.006),
  issuer: Math.round(amount * 0.0045),
  network: Math.round(amount * 0.000325),
});
const amountsOf = ({ amount, fee, issuer, network }: Parts) => ({
  amount: fen(amount),
  fee: fen(fee),
  issuerCost: fen(issuer),
  networkCost: fen(network),
});
const halfUp = (whole: number, part: number, of: number): number => Math.floor((2 * whole * part + of) / (2 * of));

type Role = 'pays' | 'cancels' | 'refund' | 'return';
/** What the model knows of an operation. `posted`: its entry stands; `kept`, `suspended`: the file's item stands in 2191 or 1191 for it. */
interface Op {
  readonly id: string;
  readonly role: Role;
  readonly parts: Parts;
  readonly of: Op | null;
  standing: 'asked' | 'approved' | 'declined' | 'reversing' | 'stuck' | 'undone' | 'present' | 'failed';
  posted: boolean;
  kept: boolean;
  suspended: boolean;
  held: number;
  lateYes: boolean;
  unknownThere: boolean;
}

/** A payment by rules 3.2 to 3.6 and 4.6 in its own words: who holds what, with arithmetic of its own. */
class Model {
  readonly ops = new Map<string, Op>();

  ask(id: string, role: Role, parts: Parts, of: Op | null = null, held = 0): void {
    const flags = { posted: false, kept: false, suspended: false, lateYes: false, unknownThere: false };
    this.ops.set(id, { id, role, parts, of, standing: 'asked', held, ...flags });
  }

  paying = (): Op | undefined => [...this.ops.values()].findLast((op) => op.role === 'pays' && op.posted);

  private stands = (op: Op): boolean =>
    op.posted && ![...this.ops.values()].some((other) => other.role === 'cancels' && other.of === op && other.posted);

  net(): number {
    let net = 0;
    for (const op of this.ops.values()) {
      const own = op.parts.amount - op.parts.fee;
      if (op.role === 'pays' && this.stands(op)) net += own;
      if (op.role === 'refund' && op.posted) net -= own;
    }
    return net;
  }

  heldNow = (): number => [...this.ops.values()].reduce((sum, op) => sum + op.held, 0);

  /** Cumulative over all refunds that count (domain 4.4). */
  refundParts(amount: number): Parts {
    const paying = this.paying()?.parts ?? priceOf(0);
    const live = [...this.ops.values()].filter(
      ({ role, standing }) => role === 'refund' && (standing === 'asked' || standing === 'approved'),
    );
    const before = (part: keyof Parts): number => live.reduce((sum, op) => sum + op.parts[part], 0);
    const share = (part: keyof Parts): number =>
      Math.max(0, halfUp(paying[part], before('amount') + amount, paying.amount) - before(part));
    return { amount, fee: share('fee'), issuer: share('issuer'), network: share('network') };
  }

  private doubt(op: Op): void {
    op.standing = 'reversing';
    if (op.role === 'cancels' && op.held === 0) op.held = this.net();
  }

  yes(op: Op, late: boolean): void {
    if (op.role === 'refund' || op.role === 'return') {
      if (op.standing !== 'asked') return;
      Object.assign(op, { standing: 'approved', posted: op.role === 'refund', held: 0 });
      if (op.role === 'return' && op.of) Object.assign(op.of, { posted: false, kept: false, held: 0 });
    } else if (op.standing === 'asked' && !late) Object.assign(op, { standing: 'approved', posted: true });
    else this.lateYes(op);
  }

  lateYes(op: Op): void {
    if (op.standing === 'approved' || op.lateYes) return;
    op.lateYes = true;
    if (op.standing === 'asked') this.doubt(op);
    else if (op.standing === 'declined' || (op.standing === 'undone' && op.unknownThere)) op.standing = 'reversing';
  }

  no(op: Op, late: boolean): void {
    if (op.standing !== 'asked') return;
    if (op.role === 'refund') Object.assign(op, { standing: 'declined', held: 0 });
    else if (op.role === 'return' || !late) op.standing = 'declined';
    else this.doubt(op);
  }

  none(op: Op): void {
    if (op.standing === 'asked') this.doubt(op);
  }

  undo(op: Op): void {
    if (op.standing !== 'asked' && op.standing !== 'approved') return;
    if (op.held === 0) op.held = this.net();
    op.standing = 'reversing';
  }

  reversalAnswered(op: Op, code: string): void {
    if (op.standing !== 'reversing' || code === '96') return;
    const never = !op.posted && !op.lateYes;
    if (code === '00' || (code === '25' && never)) this.end(op, code === '25');
    else op.standing = 'stuck';
  }

  private end(op: Op, unknownThere: boolean): void {
    Object.assign(op, { standing: 'undone', posted: false, held: 0, unknownThere });
  }

  isOpen = ({ standing }: Op): boolean => standing === 'asked' || standing === 'reversing' || standing === 'stuck';

  file(op: Op, found: 'present' | 'absent'): void {
    if (!this.isOpen(op)) return;
    if (op.role === 'refund' || op.role === 'return') {
      if (found === 'present') this.yes(op, false);
    } else if (found === 'absent') this.end(op, false);
    else if (op.role === 'pays') {
      Object.assign(op, { standing: 'present', kept: !op.posted });
      this.ask(`${op.id}/return`, 'return', op.parts, op);
    } else {
      // A second void that the channel holds for done has nothing left to take: its case stays, for a person.
      const takes = op.posted || (op.of !== null && this.stands(op.of));
      Object.assign(op, { standing: 'present', posted: takes, suspended: !takes, held: 0 });
    }
  }

  fails(op: Op): void {
    if (op.standing === 'asked') Object.assign(op, { standing: 'declined', held: 0 });
    else if (op.standing === 'approved') Object.assign(op, { standing: 'failed', posted: false });
  }

  hostOnly(op: Op, isCurrent: boolean): void {
    if (op.standing !== 'approved') return;
    const held = op.role === 'pays' ? this.net() : 0;
    if (isCurrent) Object.assign(op, { standing: 'reversing', held });
    else {
      op.standing = 'present';
      this.ask(`${op.id}/return`, 'return', op.parts, op, held);
    }
  }

  /** What all of it must make of the accounts, fen, debit positive; 2001 together with the debt that a close makes of it. */
  post(sums: Record<string, number>): void {
    const add = (account: string, amount: number): void => void (sums[account] = (sums[account] ?? 0) + amount);
    const money = (parts: Parts, sign: number, credited: string): void => {
      const isSuspense = credited === '2191' || credited === '1191';
      add('1101', sign * (parts.amount - parts.issuer - parts.network));
      add('5001', sign * parts.issuer);
      add('5002', sign * parts.network);
      add(credited, -sign * (isSuspense ? parts.amount : parts.amount - parts.fee));
      if (!isSuspense) add('4001', -sign * parts.fee);
    };
    for (const op of this.ops.values()) {
      if (op.role === 'pays' && this.stands(op)) money(op.parts, 1, '2001');
      if (op.role === 'refund' && op.posted) money(op.parts, -1, '2001');
      if (op.kept) money(op.parts, 1, '2191');
      if (op.suspended) money(op.parts, -1, '1191');
      add('2001', op.held);
      add('2003', -op.held);
    }
  }
}

const step = fc.record({
  payment: fc.nat(3),
  act: fc.constantFrom(
    ...(['pay', 'pay', 'void', 'refund', 'refund', 'yes', 'yes', 'yes', 'yes', 'no', 'none', 'undo', 'undo'] as const),
    ...(['answer', 'answer', 'late', 'file', 'file', 'fail', 'fail', 'host-only', 'close'] as const),
  ),
  pick: fc.nat(1_000),
  amount: fc.integer({ min: 1, max: 120_000 }),
  code: fc.constantFrom('00', '25', '12', '96'),
  isLate: fc.constantFrom(false, false, false, true),
});
type Step = typeof step extends fc.Arbitrary<infer S> ? S : never;

/** One payment: what the deciders make of it, and what the model does. Even ones are sales, odd ones begin with a hold. */
class Trial {
  state: PaymentState = newPayment;
  readonly model = new Model();
  private n = 0;

  constructor(
    readonly name: string,
    private readonly isHold: boolean,
  ) {}

  private id = (word: string): string => `${this.name}-${word}${(this.n += 1)}`;

  begin(say: (fact: PaymentFact) => void): void {
    if (!this.isHold) return;
    const id = `${this.name}-hold`;
    const intent = preAuthIntent({ operation: operation(id, 'pre-auth') });
    this.take(decide.requestSale(this.state, intent, 0), say);
    this.take(decide.recordPreAuthApproved(this.state, preAuthApproval({ operationId: id })), say);
  }

  /** Whether the decision was accepted. */
  take(decision: ReturnType<typeof decide.requestVoid>, say: (fact: PaymentFact) => void): boolean {
    if (isRefused(decision)) return false;
    for (const fact of decision.facts) {
      this.state = evolvePayment(this.state, fact);
      say(fact);
    }
    return true;
  }

  step(one: Step, say: (fact: PaymentFact) => void, find: (op: Op, found: 'present' | 'absent') => void): void {
    if (one.act === 'pay' || one.act === 'void' || one.act === 'refund') {
      this.ask(one, say);
      return;
    }
    const ops = [...this.model.ops.values()];
    const op = ops[one.pick % Math.max(1, ops.length)];
    if (op !== undefined) this.happen(op, one, say, find);
  }

  private ask(one: Step, say: (fact: PaymentFact) => void): void {
    const { state, model } = this;
    const ref = (id: string, kind: OperationKind, n: number) =>
      operation(id, kind, { stan: String(n).padStart(6, '0'), batch: '9' });
    const original = { rrn: null, authCode: null };
    if (one.act === 'pay') {
      const id = this.id('pay');
      const parts = priceOf(one.amount);
      const amount = fen(one.amount);
      const done = this.isHold
        ? this.take(
            decide.requestCompletion(
              state,
              { ...completionRequest(id), operation: ref(id, 'completion', this.n), amount, original },
              heldContext(),
            ),
            say,
          )
        : this.take(decide.requestSale(state, saleIntent({ operation: ref(id, 'sale', this.n), amount }), 0), say);
      if (done) model.ask(id, 'pays', parts);
      return;
    }
    const paying = model.paying();
    if (paying === undefined) return;
    const id = this.id(one.act);
    if (one.act === 'void') {
      const kind = this.isHold ? 'completion-void' : 'void';
      const request = voidRequest(id, { operation: ref(id, kind, this.n), amount: fen(paying.parts.amount), original });
      if (this.take(decide.requestVoid(state, request, voidContext()), say)) {
        model.ask(id, 'cancels', paying.parts, paying);
      }
      return;
    }
    const parts = model.refundParts(one.amount);
    const held = Math.min(parts.amount - parts.fee, Math.max(0, model.net() - model.heldNow()));
    const other = { operation: ref(id, 'refund', this.n), original };
    const context = refundContext({ sameDayRefund: 'always' });
    if (this.take(decide.requestRefund(state, refundRequest(id, one.amount, other), context), say)) {
      model.ask(id, 'refund', parts, paying, held);
    }
  }

  private happen(op: Op, one: Step, say: (fact: PaymentFact) => void, find: (op: Op, f: 'present' | 'absent') => void) {
    const { state, model } = this;
    const now = one.isLate ? 2_000 : 0;
    const answer = {
      ...{ operationId: op.id, responseCode: '00', authCode: '1', clearingDate: DAY, now },
      reversalTrace: trace(`r${one.pick}`),
    };
    const isAdvice = op.role === 'refund' || op.role === 'return';
    const returning = { operationId: `${op.id}/return`, rrn: 'rrn', trace: trace('000900'), tradeDate: NEXT_DAY };
    switch (one.act) {
      case 'yes':
        if (this.take(this.accepted(op, answer), say)) model.yes(op, one.isLate);
        break;
      case 'no': {
        const declined = { ...answer, responseCode: '51' };
        const decision =
          op.role === 'refund'
            ? decide.recordRefundDeclined(state, declined)
            : op.role === 'return'
              ? decide.recordReturnDeclined(state, declined)
              : decide.recordDecline(state, declined);
        if (this.take(decision, say)) model.no(op, one.isLate);
        break;
      }
      case 'none':
        if (!isAdvice && this.take(decide.recordNoAnswer(state, { ...answer, cause: 'no-answer' }), say))
          model.none(op);
        break;
      case 'late':
        if (!isAdvice && this.take(decide.recordLateAnswer(state, answer), say)) model.lateYes(op);
        break;
      case 'undo': {
        const key = { operationId: op.id, merchantId: 'm', terminalId: 't', batch: 'b', stan: 's' };
        const reversal = { key, reason: '98', trace: trace(`t${one.pick}`), batchSettled: false };
        if (this.take(decide.reverseByTerminal(state, reversal), say)) model.undo(op);
        break;
      }
      case 'answer': {
        if (isAdvice) break;
        const said = { operationId: op.id, responseCode: one.code, clearingDate: DAY };
        if (this.take(decide.recordReversalAnswer(state, said), say)) model.reversalAnswered(op, one.code);
        break;
      }
      case 'file': {
        const found = one.isLate || one.pick % 2 === 0 ? 'present' : 'absent';
        const inSuspense = found === 'present' && !isAdvice && !op.posted && model.isOpen(op);
        if (inSuspense) find(op, found);
        const { issuer: issuerCost, network: networkCost, amount } = op.parts;
        const theirs = { amount: fen(amount), issuerCost: fen(issuerCost), networkCost: fen(networkCost) };
        const said = { operationId: op.id, found, clearingDate: DAY, returning } as const;
        const more = { theirs: found === 'present' ? theirs : null, caseId: inSuspense ? 'case' : null };
        if (this.take(decide.decideByFile(state, { ...said, ...more }), say)) model.file(op, found);
        break;
      }
      case 'fail':
        if (op.role === 'refund') {
          this.take(decide.recordRefundFailed(state, { operationId: op.id, clearingDate: DAY }), say);
          model.fails(op);
        }
        break;
      case 'host-only': {
        const currentClearingDate = one.isLate ? NEXT_DAY : DAY;
        const host = { operationId: op.id, currentClearingDate, returning };
        if (!isAdvice && this.take(decide.answerHostOnly(state, host), say)) model.hostOnly(op, !one.isLate);
        break;
      }
      default:
        break;
    }
  }

  private accepted(op: Op, answer: Parameters<typeof decide.recordVoidAccepted>[1]) {
    switch (op.role) {
      case 'pays':
        return decide.recordApproval(
          this.state,
          saleApproval({ operationId: op.id, now: answer.now, amounts: amountsOf(op.parts) }),
        );
      case 'cancels':
        return decide.recordVoidAccepted(this.state, answer);
      case 'refund':
        return decide.recordRefundAccepted(this.state, answer);
      case 'return':
        return decide.recordReturnAccepted(this.state, answer);
    }
  }
}

/** What clearing says of an item of the file that we have not posted: all of it goes into suspense (J10, J11). */
function caseOf(op: Op): ClearingDifferenceFound {
  const sign = op.role === 'pays' ? 1 : -1;
  const { amount, issuer, network } = op.parts;
  return {
    type: 'ClearingDifferenceFound',
    version: 1,
    data: {
      ...{ caseId: 'case', channel: 'unionpay', clearingDate: DAY, merchantId: MERCHANT, outcome: 'STATUS_DIFF' },
      ...{ version: 1, kind: op.role === 'pays' ? 'sale' : 'void', trace: trace('1'), rrn: '', terminalId: '' },
      ...{ maskedCard: '', operationId: op.id, paymentId: 'p', ours: null, theirs: null, dates: null },
      move: {
        receivable: fen(sign * (amount - issuer - network)),
        issuerCost: fen(sign * issuer),
        networkCost: fen(sign * network),
        hold: fen(0),
      },
    },
  };
}

const ACCOUNTS = ['1101', '5001', '5002', '4001', '2003', '2191', '1191'];

/** Runs a history through deciders, facts and books beside the model, and compares after every step. */
function run(steps: readonly Step[]): ReadonlySet<string> {
  const books = new Books(DAY);
  const audit: Audit = newAudit();
  const said = new Set<string>();
  const trials = [0, 1, 2, 3].map((n) => new Trial(`p${n}`, n % 2 === 1));
  let looked = 0;
  let date = DAY;
  const say =
    (name: string) =>
    (fact: PaymentFact): void => {
      said.add(fact.type);
      books.take(MERCHANT, fact, `payment-${name}`);
    };
  for (const trial of trials) trial.begin(say(trial.name));
  for (const [at, one] of steps.entries()) {
    const trial = trials[one.payment] as Trial;
    if (one.act === 'close') {
      books.endDay(date, [MERCHANT]);
      date = new Date(Date.parse(date) + 86_400_000).toISOString().slice(0, 10);
      books.on(date);
    } else trial.step(one, say(trial.name), (op) => void books.take(MERCHANT, caseOf(op)));
    for (; looked < books.facts.length; looked += 1) auditFact(audit, books.facts[looked] as never);
    must(at, one, audit.breaches.length === 0, JSON.stringify(audit.breaches));
    const expected: Record<string, number> = {};
    for (const { model } of trials) model.post(expected);
    for (const account of ACCOUNTS) {
      const stands: number = audit.control[account as '1101'] ?? 0;
      must(at, one, stands === (expected[account] ?? 0), `${account} ${stands}, model ${expected[account] ?? 0}`);
    }
    const owed = (audit.control['2001'] ?? 0) + (audit.control['1131'] ?? 0);
    must(at, one, owed === (expected['2001'] ?? 0), `2001 with 1131 ${owed}, model ${expected['2001'] ?? 0}`);
  }
  return said;
}

function must(at: number, { act }: Step, holds: boolean, what: string): void {
  if (!holds) throw new Error(`after step ${at} (${act}): ${what}`);
}

describe('any interleaving of sale, completion, void, refund, reversal, late answers, closes and clearing files', () => {
  it('keeps the ledger equal to a model with arithmetic of its own, after every step', () => {
    fc.assert(
      fc.property(fc.array(step, { maxLength: 80, size: 'max' }), (steps) => void run(steps)),
      { numRuns: runs, seed },
    );
  }, 600_000);

  it('reaches every end that an operation can have (the generator is no idler)', () => {
    const seen = new Set<string>();
    for (const steps of fc.sample(fc.array(step, { minLength: 60, maxLength: 80 }), { numRuns: 400, seed })) {
      for (const type of run(steps)) seen.add(type);
    }
    for (const type of [
      ...['PaymentApproved', 'PaymentVoided', 'RefundAccepted', 'RefundDeclined', 'RefundFailed', 'OperationDeclined'],
      ...['OperationInDoubt', 'ReversalRequested', 'PaymentReversed', 'VoidReversed', 'ReversalStuck', 'VoidConfirmed'],
      ...['ReturnRequested', 'ReturnAccepted', 'ReturnDeclined', 'LateResponseReceived'],
    ]) {
      expect(seen).toContain(type);
    }
  });
});
