import { greater, minus, plus, ZERO, type Fen } from '@tillstream/money';
import { netOf } from '../book/journals.ts';
import type { Amounts, BusinessDate } from '../fact.ts';
import { HOUSE } from '../stream.ts';
import type {
  CaseMove,
  ClearingDifferenceCleared,
  ClearingDifferenceFound,
  ClearingFileReconciled,
  DoubtAnsweredByFile,
  FileDifference,
  RefundFailureReported,
} from './events.ts';
import type { ClearingFile, ClearingItem } from './file.ts';
import { comparedAs, itemAmountsOf, itemNet, referenceOf, signOf, type ItemAmounts } from './items.ts';
import { moveOfDifference, moveOfItem, nothingMoved } from './moves.ts';
import { isUndecided, traceKeyOf, type OurOperation, type Posted } from './operations.ts';

/** A case of another date that is not over, or that this date's file has ended already, in an earlier version or before a kill. */
export type OpenCase = Pick<
  ClearingDifferenceFound['data'],
  'caseId' | 'channel' | 'clearingDate' | 'merchantId' | 'outcome' | 'move' | 'dates'
> & { readonly operationId: string; readonly endedHere?: boolean };

/** Our side of a clearing date. */
export interface OurSide {
  /** Everything posted on the date, everything that the file names by its trace, everything undecided. */
  readonly operations: readonly OurOperation[];
  /** Of other dates of the channel. */
  readonly openCases: readonly OpenCase[];
  /** Earlier dates of the channel whose files were compared. */
  readonly compared: ReadonlySet<BusinessDate>;
  /** Merchants of ours that the file names for items which we do not know. */
  readonly merchants: ReadonlySet<string>;
  /** The instant, ms since 1970, before which an intent must lie so that this file decides what became of it. */
  readonly decidedBefore: number;
  /** A name for a case of this merchant and item; the same item gives the same. */
  caseIdOf(merchantId: string, item: string): string;
}

/** What a file says beside what we have. */
export interface Comparison {
  readonly counts: ClearingFileReconciled['data']['counts'];
  /** What payments have in 1101 of the date, fen. */
  readonly netOfBooks: Fen;
  readonly found: readonly ClearingDifferenceFound['data'][];
  /** Cases of other dates that this file ends. */
  readonly cleared: readonly ClearingDifferenceCleared['data'][];
  readonly doubts: readonly DoubtAnsweredByFile['data'][];
  readonly failures: readonly RefundFailureReported['data'][];
}

/** Compares a file with our side, item by item and operation by operation (domain 4.5). */
export const compare = (file: ClearingFile, ours: OurSide): Comparison => new Comparing(file, ours).result();

/** What stands in doubt at the channel, whether a file has answered it or not. */
const isDoubtful = ({ standing }: OurOperation): boolean =>
  standing === 'in-doubt' || standing === 'reversing' || standing === 'stuck';

class Comparing {
  readonly #file: ClearingFile;
  readonly #ours: OurSide;
  readonly #byTrace: ReadonlyMap<string, OurOperation>;
  readonly #byReference: ReadonlyMap<string, OurOperation>;
  readonly #openCases: ReadonlyMap<string, OpenCase>;
  /** payment → what its voids and refunds have taken from the merchant, fen. */
  readonly #taken = new Map<string, Fen>();
  readonly #claimed = new Map<string, number>();
  readonly #counts = { MATCHED: 0, LONG: 0, SHORT: 0, AMOUNT_DIFF: 0, STATUS_DIFF: 0, FEE_DIFF: 0, DUPLICATE: 0 };
  readonly #found: ClearingDifferenceFound['data'][] = [];
  readonly #cleared: ClearingDifferenceCleared['data'][] = [];
  readonly #doubts: DoubtAnsweredByFile['data'][] = [];
  readonly #failures: RefundFailureReported['data'][] = [];

  constructor(file: ClearingFile, ours: OurSide) {
    this.#file = file;
    this.#ours = ours;
    this.#byTrace = new Map(ours.operations.map((one) => [traceKeyOf(one.trace), one]));
    this.#byReference = new Map(ours.operations.map((one) => [referenceOf(one), one]));
    this.#openCases = new Map(ours.openCases.map((one) => [`${one.outcome} ${one.operationId}`, one]));
    for (const { paymentId, kind, posted } of ours.operations) {
      if (posted === null || signOf(kind) === 1) continue;
      this.#taken.set(paymentId, plus(this.#taken.get(paymentId) ?? ZERO, netOf(posted.amounts)));
    }
  }

  result(): Comparison {
    for (const item of this.#file.items) this.#takeItem(item);
    for (const operation of this.#ours.operations) this.#takeUnclaimed(operation);
    const netOfBooks = this.#ours.operations.reduce((net, one) => plus(net, this.#bookedNet(one)), ZERO);
    return {
      counts: this.#counts,
      netOfBooks,
      ...{ found: this.#found, cleared: this.#cleared, doubts: this.#doubts, failures: this.#failures },
    };
  }

  #bookedNet({ kind, posted, failed }: OurOperation): Fen {
    return plus(
      itemNet(kind, this.#on(posted)?.amounts ?? null),
      itemNet('refund-failure', this.#on(failed)?.amounts ?? null),
    );
  }

  /** What is posted on this date. */
  #on(posted: Posted | null): Posted | null {
    return posted?.clearingDate === this.#file.clearingDate ? posted : null;
  }

  #takeItem(item: ClearingItem): void {
    const operation = this.#byTrace.get(traceKeyOf(item.trace)) ?? this.#byReference.get(referenceOf(item));
    const occurrence = this.#claim(item, operation);
    const isSame = operation !== undefined && comparedAs(operation.kind) === comparedAs(item.kind);
    if (!isSame || operation.channel !== this.#file.channel) {
      this.#extra(occurrence === 0 ? 'LONG' : 'DUPLICATE', item, null, occurrence);
    } else if (occurrence > 0) this.#extra('DUPLICATE', item, operation, occurrence);
    else if (item.kind === 'refund-failure') this.#takeFailure(item, operation);
    else this.#judge(item, operation);
  }

  /** How often the file named this transaction before. */
  #claim(item: ClearingItem, operation: OurOperation | undefined): number {
    const key = `${item.kind === 'refund-failure' ? 'failure' : 'item'} ${operation?.operationId ?? traceKeyOf(item.trace)}`;
    const before = this.#claimed.get(key) ?? 0;
    this.#claimed.set(key, before + 1);
    return before;
  }

  #judge(item: ClearingItem, operation: OurOperation): void {
    const { posted } = operation;
    if (posted === null) return this.#judgeUnposted(item, operation);
    if (this.#on(posted)) return this.#weigh(item, operation, posted.amounts);
    const short = this.#openCase(operation, 'SHORT');
    if (short !== undefined) {
      this.#clear(short, 'appeared-later', this.#file.clearingDate);
      this.#weigh(item, operation, posted.amounts);
    } else this.#extra(posted.clearingDate < this.#file.clearingDate ? 'DUPLICATE' : 'LONG', item, operation, 0);
  }

  /** The item stands on both sides: what is left is the difference of the amounts, or that nobody could tell how it stands. */
  #weigh(item: ClearingItem, operation: OurOperation, ours: Amounts): void {
    const theirs = item.amounts;
    const move = moveOfDifference(item.kind, theirs, ours);
    if (isDoubtful(operation)) {
      // It moves nothing: the payment ends it, and would leave in suspense what the amounts differ by.
      const { caseId } = this.#find('STATUS_DIFF', item, operation, 0, ours, nothingMoved);
      this.#answer(operation, 'present', theirs, caseId);
      if (move.receivable === 0) return;
    }
    if (theirs.amount !== ours.amount) this.#find('AMOUNT_DIFF', item, operation, 0, ours, move);
    else if (theirs.issuerCost !== ours.issuerCost || theirs.networkCost !== ours.networkCost) {
      this.#find('FEE_DIFF', item, operation, 0, ours, move);
    } else this.#counts.MATCHED += 1;
  }

  #judgeUnposted(item: ClearingItem, operation: OurOperation): void {
    if (operation.advice && operation.standing === 'asked') {
      // What was answered 00 stands: the payment itself posts it on this date.
      this.#counts.STATUS_DIFF += 1;
      this.#answer(operation, 'present', item.amounts, null);
      return;
    }
    const isVoid = operation.kind === 'void' || operation.kind === 'completion-void';
    // A void takes what it was asked for out of suspense; what the file says beyond that is a case of its own.
    const own = isVoid
      ? { ...item, amounts: { ...item.amounts, amount: operation.amount ?? item.amounts.amount } }
      : item;
    const { caseId } = this.#extra('STATUS_DIFF', own, operation, 0);
    if (isDoubtful(operation)) this.#answer(operation, 'present', own.amounts, caseId);
    if (own.amounts.amount === item.amounts.amount) return;
    const ours = { ...own.amounts, fee: ZERO };
    this.#find('AMOUNT_DIFF', item, operation, 0, ours, moveOfDifference(item.kind, item.amounts, own.amounts));
  }

  #takeFailure(item: ClearingItem, operation: OurOperation): void {
    const failed = this.#on(operation.failed);
    if (failed) return this.#weigh(item, operation, failed.amounts);
    if (operation.posted === null || operation.failed !== null) {
      this.#extra('LONG', item, operation, 0);
      return;
    }
    this.#counts.MATCHED += 1;
    const { channel, clearingDate, version } = this.#file;
    const { merchantId, paymentId, operationId } = operation;
    const said = { channel, clearingDate, version, merchantId, paymentId, operationId, theirs: item.amounts };
    this.#failures.push(said);
  }

  /** An item that we have nothing of: all of it goes into suspense, with its costs (J10). */
  #extra(outcome: FileDifference, item: ClearingItem, operation: OurOperation | null, occurrence: number) {
    return this.#find(outcome, item, operation, occurrence, null, moveOfItem(item.kind, item.amounts));
  }

  #takeUnclaimed(operation: OurOperation): void {
    if (operation.channel !== this.#file.channel) return;
    const failed = this.#on(operation.failed);
    if (failed && !this.#claimed.has(`failure ${operation.operationId}`)) {
      this.#short(operation, failed.amounts, 'refund-failure', netOf(failed.amounts));
    }
    if (this.#claimed.has(`item ${operation.operationId}`)) return;
    const short = this.#openCase(operation, 'SHORT');
    const inDoubt = !operation.advice && isUndecided(operation) && this.#isDecidedHere(operation);
    // The file of its day was compared before anybody doubted it, and nothing was short of it: the channel has it.
    const matched = short === undefined && this.#isOfEarlierDay(operation.posted) ? operation.posted : null;
    // While the file of its day is missing nobody can tell; that file will.
    const known = matched !== null && this.#ours.compared.has(matched.clearingDate);
    if (inDoubt && known) this.#answer(operation, 'present', matched.amounts, null);
    const absent = inDoubt && matched === null;
    if (absent) this.#answer(operation, 'absent', null, null);
    if (short !== undefined && (absent || operation.posted === null)) this.#clear(short, 'undone', short.clearingDate);
    if (short?.endedHere && operation.posted !== null && !absent) {
      // An earlier version of this file held it, and this one does not.
      this.#short(operation, operation.posted.amounts, operation.kind, this.#holdable(operation, operation.posted));
      return;
    }
    const posted = this.#on(operation.posted);
    if (posted === null || absent || operation.answered === 'absent') return;
    const long = this.#openCase(operation, 'LONG');
    if (long !== undefined) {
      this.#counts.MATCHED += 1;
      this.#clear(long, 'appeared-later', this.#file.clearingDate);
    } else {
      this.#short(operation, posted.amounts, operation.kind, this.#holdable(operation, posted));
    }
  }

  #isOfEarlierDay(posted: Posted | null): posted is Posted {
    return posted !== null && posted.clearingDate < this.#file.clearingDate;
  }

  #isDecidedHere({ askedAt }: OurOperation): boolean {
    return Date.parse(askedAt) < this.#ours.decidedBefore;
  }

  /** What the merchant has of a payment that is short; what is in doubt is held by the payment's own facts (J12). */
  #holdable(operation: OurOperation, posted: Posted): Fen {
    if (signOf(operation.kind) === -1 || isDoubtful(operation)) return ZERO;
    return greater(minus(netOf(posted.amounts), this.#taken.get(operation.paymentId) ?? ZERO), ZERO);
  }

  #short(operation: OurOperation, ours: Amounts, kind: ClearingItem['kind'], hold: Fen): void {
    const move = { ...nothingMoved, receivable: minus(ZERO, itemNet(kind, ours)), hold };
    const { trace, rrn, terminalId, merchantId, maskedCard } = operation;
    const item = { kind, trace, rrn, terminalId, merchantId, maskedCard };
    this.#find('SHORT', item, operation, 0, ours, move);
  }

  #find(
    outcome: FileDifference,
    item: Omit<ClearingItem, 'amounts'> & { readonly amounts?: ItemAmounts },
    operation: OurOperation | null,
    occurrence: number,
    ours: Amounts | null,
    move: CaseMove,
  ): ClearingDifferenceFound['data'] {
    this.#counts[outcome] += 1;
    const known = this.#ours.merchants.has(item.merchantId) ? item.merchantId : HOUSE;
    const merchantId = operation?.merchantId ?? known;
    const moved = [move.receivable, move.issuerCost, move.networkCost].join(',');
    const name = `${item.kind}/${traceKeyOf(item.trace)}/${occurrence}/${moved}`;
    const { channel, clearingDate, version } = this.#file;
    const { kind, trace, rrn, terminalId, maskedCard } = item;
    const data: ClearingDifferenceFound['data'] = {
      caseId: this.#ours.caseIdOf(merchantId, name),
      ...{ channel, clearingDate, merchantId, outcome, version, kind, trace, rrn, terminalId, maskedCard },
      ...{ operationId: operation?.operationId ?? null, paymentId: operation?.paymentId ?? null },
      ...{ ours, theirs: item.amounts ?? null, move, dates: operation?.dates ?? null },
    };
    this.#found.push(data);
    return data;
  }

  #openCase({ operationId }: OurOperation, outcome: 'SHORT' | 'LONG'): OpenCase | undefined {
    return this.#openCases.get(`${outcome} ${operationId}`);
  }

  #clear(open: OpenCase, because: ClearingDifferenceCleared['data']['because'], clearingDate: BusinessDate): void {
    const { caseId, channel, merchantId, move, dates } = open;
    const foundIn = { clearingDate, version: this.#file.version };
    this.#cleared.push({ caseId, channel, clearingDate: open.clearingDate, merchantId, because, foundIn, move, dates });
  }

  #answer(
    operation: OurOperation,
    found: DoubtAnsweredByFile['data']['found'],
    theirs: ItemAmounts | null,
    caseId: string | null,
  ): void {
    if (operation.answered !== null) return;
    const { channel, clearingDate, version } = this.#file;
    const { merchantId, paymentId, operationId, kind } = operation;
    const item = { channel, clearingDate, version, merchantId, paymentId, operationId, kind };
    this.#doubts.push({ ...item, found, theirs: theirs && itemAmountsOf(theirs), caseId });
  }
}
