import { accept, refuse, type BusinessDate, type Decision } from '../fact.ts';
import type {
  ClearingCaseAssigned,
  ClearingCaseFact,
  ClearingCaseProposed,
  ClearingCaseReopened,
  ClearingCaseResolved,
  ClearingDifferenceCleared,
  ClearingDifferenceFound,
  ClearingFact,
  DoubtAnsweredByFile,
  RefundFailureReported,
} from './events.ts';
import type { Comparison } from './match.ts';
import { isOfHeldPayment } from './moves.ts';
import { itemToReturn, mostFee, paymentToUphold, resolutionsOf, resolvedAmounts } from './resolutions.ts';

/** How far people are with a case; CLEARED: it ended by itself. */
export type CaseStatus = 'OPEN' | 'ASSIGNED' | 'PROPOSED' | 'RESOLVED' | 'CLEARED';

/** A case as its stream tells. */
export interface ClearingCase {
  readonly found: ClearingDifferenceFound['data'];
  readonly status: CaseStatus;
  readonly owner: string | null;
  readonly proposal: ClearingCaseProposed['data'] | null;
  /** An earlier version of the file found it and a later one did not: a still later one may find it again. */
  readonly corrected: boolean;
  /** Clearing date of the file that ended it, null when none did. */
  readonly endedOn: BusinessDate | null;
  /** The file's answer went to the payment, which brings the case to its end. */
  readonly withPayment: boolean;
}

/** What a merchant's part of a clearing day says so far. */
export interface DayCases {
  readonly cases: ReadonlyMap<string, ClearingCase>;
  /** Operation id → what a file has said of it. */
  readonly answered: ReadonlyMap<string, DoubtAnsweredByFile['data']['found']>;
  readonly failures: ReadonlySet<string>;
}

/** Whether nothing more happens to a case. */
export const isOver = ({ status }: ClearingCase): boolean => status === 'RESOLVED' || status === 'CLEARED';

/** Reads a stream; facts of the day itself, which stand between those of the house, say nothing of cases. */
export function casesOf(facts: Iterable<ClearingFact>): DayCases {
  const cases = new Map<string, ClearingCase>();
  const answered = new Map<string, DoubtAnsweredByFile['data']['found']>();
  const failures = new Set<string>();
  for (const fact of facts) {
    switch (fact.type) {
      case 'DoubtAnsweredByFile':
        answered.set(fact.data.operationId, fact.data.found);
        toPayment(cases, fact);
        break;
      case 'RefundFailureReported':
        failures.add(fact.data.operationId);
        break;
      case 'ChannelCredited':
      case 'MarginWithdrawn':
      case 'ClearingFileReceived':
      case 'ClearingFileReconciled':
        break;
      default:
        cases.set(fact.data.caseId, caseAfter(cases.get(fact.data.caseId), fact));
    }
  }
  return { cases, answered, failures };
}

function toPayment(cases: Map<string, ClearingCase>, { data: { caseId } }: DoubtAnsweredByFile): void {
  const one = caseId === null ? undefined : cases.get(caseId);
  if (one) cases.set(one.found.caseId, { ...one, withPayment: true });
}

/** A case after one more fact. @throws Error when the fact is about a case that was never found: a defect. */
export function caseAfter(
  before: ClearingCase | undefined,
  fact: Exclude<ClearingCaseFact, DoubtAnsweredByFile | RefundFailureReported>,
): ClearingCase {
  if (fact.type === 'ClearingDifferenceFound') {
    if (before !== undefined && !before.corrected) return before;
    const none = { owner: null, proposal: null, withPayment: false, corrected: false, endedOn: null };
    return { found: fact.data, status: 'OPEN', ...none };
  }
  if (before === undefined) throw new Error(`${fact.type} of a case that was never found`);
  switch (fact.type) {
    case 'ClearingDifferenceCleared':
      return {
        ...before,
        status: 'CLEARED',
        corrected: fact.data.because === 'corrected',
        endedOn: fact.data.foundIn.clearingDate,
      };
    case 'ClearingCaseAssigned':
      return { ...before, status: before.status === 'OPEN' ? 'ASSIGNED' : before.status, owner: fact.data.owner };
    case 'ClearingCaseProposed':
      return { ...before, status: 'PROPOSED', owner: before.owner ?? fact.data.by, proposal: fact.data };
    case 'ClearingCaseResolved':
      return { ...before, status: 'RESOLVED' };
    case 'ClearingCaseReopened':
      return { ...before, status: before.owner === null ? 'OPEN' : 'ASSIGNED', proposal: null, withPayment: false };
  }
}

/** What is still to be said in a merchant's part of a day so that it says what the file does. */
export interface CaseChanges {
  readonly facts: readonly (
    ClearingDifferenceFound | ClearingDifferenceCleared | DoubtAnsweredByFile | RefundFailureReported
  )[];
  /** A corrected file takes back what people or payments have acted upon already: for a person. */
  readonly contradicted: readonly string[];
}

/** A file's day and version, as far as a correction names it. */
type FileRef = Pick<ClearingDifferenceFound['data'], 'channel' | 'clearingDate' | 'version'>;

/**
 * The facts that bring a stream to what a comparison found: said twice, the second time nothing is left. What an earlier version
 * found and this one does not is taken back.
 */
export function changesOf(
  state: DayCases,
  wanted: Pick<Comparison, 'found' | 'doubts' | 'failures'>,
  file: FileRef,
): CaseChanges {
  const names = new Set(wanted.found.map(({ caseId }) => caseId));
  // What the channel declined stands in no file.
  const gone = [...state.cases.values()].filter(
    ({ found }) => !names.has(found.caseId) && found.outcome !== 'DECLINED',
  );
  const foundIn = { clearingDate: file.clearingDate, version: file.version };
  return {
    facts: [
      ...gone.flatMap(({ found, ...one }) =>
        isOver({ found, ...one }) || isOfHeldPayment(found) ? [] : [clearedFact(found, 'corrected', foundIn)],
      ),
      ...wanted.found
        .filter(({ caseId }) => state.cases.get(caseId)?.corrected ?? true)
        .map((data): ClearingDifferenceFound => ({ type: 'ClearingDifferenceFound', version: 1, data })),
      ...wanted.doubts
        .filter(({ operationId }) => !state.answered.has(operationId))
        .map((data): DoubtAnsweredByFile => ({ type: 'DoubtAnsweredByFile', version: 1, data })),
      ...wanted.failures
        .filter(({ operationId }) => !state.failures.has(operationId))
        .map((data): RefundFailureReported => ({ type: 'RefundFailureReported', version: 1, data })),
    ],
    contradicted: [
      ...gone.filter(({ status }) => status === 'RESOLVED').map(({ found }) => found.caseId),
      ...gone.flatMap(({ found, status }) =>
        status !== 'CLEARED' && found.operationId !== null && state.answered.get(found.operationId) === 'present'
          ? [found.operationId]
          : [],
      ),
    ],
  };
}

/** A case that a file ended, as a fact. */
export function clearedFact(
  { caseId, channel, clearingDate, merchantId, move, dates }: ClearingDifferenceFound['data'],
  because: ClearingDifferenceCleared['data']['because'],
  foundIn: ClearingDifferenceCleared['data']['foundIn'],
): ClearingDifferenceCleared {
  const data = { caseId, channel, clearingDate, merchantId, because, foundIn, move, dates };
  return { type: 'ClearingDifferenceCleared', version: 1, data };
}

/** Why a person's word about a case is not taken. */
export type CaseRefusal =
  | 'case-is-over'
  | 'resolution-does-not-fit'
  | 'fee-out-of-range'
  | 'nothing-proposed'
  | 'needs-second-person'
  | 'payment-decides';

const refOf = ({ channel, clearingDate, merchantId, caseId }: ClearingDifferenceFound['data']) => ({
  ...{ caseId, channel, clearingDate, merchantId },
});

/** Somebody takes a case on, or gives it to somebody; the same owner again stores nothing. */
export function assign(
  state: ClearingCase,
  command: { readonly owner: string; readonly by: string },
): Decision<ClearingCaseAssigned, CaseRefusal> {
  if (isOver(state)) return refuse('case-is-over');
  if (state.owner === command.owner) return accept();
  return accept({ type: 'ClearingCaseAssigned', version: 1, data: { ...refOf(state.found), ...command } });
}

/** Says how a case should end; a later proposal takes the place of an earlier one. */
export function propose(
  state: ClearingCase,
  command: Pick<ClearingCaseProposed['data'], 'resolution' | 'fee' | 'by' | 'note'>,
): Decision<ClearingCaseProposed, CaseRefusal> {
  if (isOver(state)) return refuse('case-is-over');
  if (!resolutionsOf(state.found).includes(command.resolution)) return refuse('resolution-does-not-fit');
  if (command.fee < 0 || command.fee > mostFee(state.found, command.resolution)) return refuse('fee-out-of-range');
  return accept({ type: 'ClearingCaseProposed', version: 1, data: { ...refOf(state.found), ...command } });
}

/** Ends a case as it was proposed; the one who proposed may not be the one who approves (domain 4.5). */
export function approve(
  state: ClearingCase,
  command: { readonly by: string },
): Decision<ClearingCaseResolved, CaseRefusal> {
  if (isOver(state)) return refuse('case-is-over');
  const { proposal, found } = state;
  if (proposal === null) return refuse('nothing-proposed');
  if (proposal.by === command.by) return refuse('needs-second-person');
  const { resolution, by: proposedBy, fee } = proposal;
  const amounts = resolvedAmounts(found, resolution, fee);
  const returns = resolution === 'return-to-payer' ? itemToReturn(found) : undefined;
  const upholds = paymentToUphold(found, resolution);
  const data = {
    ...{ ...refOf(found), resolution, proposedBy, approvedBy: command.by, amounts, dates: found.dates },
    ...(returns && { returns }),
    ...(upholds && { upholds }),
  };
  return accept({ type: 'ClearingCaseResolved', version: 1, data });
}

/**
 * The channel declined the return that ended this case: it is open again, because its money has not moved. A case that is not over,
 * and one that ended otherwise, stays as it is.
 */
export function reopen(
  state: ClearingCase,
  answer: Pick<ClearingCaseReopened['data'], 'responseCode'>,
): Decision<ClearingCaseReopened, never> {
  if (state.status !== 'RESOLVED' || state.proposal?.resolution !== 'return-to-payer') return accept();
  return accept({ type: 'ClearingCaseReopened', version: 1, data: { ...refOf(state.found), ...answer } });
}
