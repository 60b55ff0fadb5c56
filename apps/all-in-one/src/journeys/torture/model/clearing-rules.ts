import type { FileLine, SpoiltFile } from '../spoilt-files.ts';
import type { Case } from './clearing-view.ts';
import { pays, type Broken, type Evidence } from './evidence.ts';

/** Rules about clearing files: what differs is a case, held and topped up, and nothing else is (domain 4.5, 4.6). */
export function brokenClearing(evidence: Evidence): Broken[] {
  return [...differences(evidence), ...suspenseDiffers(evidence), ...holdsDiffer(evidence), ...notReconciled(evidence)];
}

interface Difference {
  readonly outcome: string;
  readonly key: string;
  /** Fen that the file has more than the truth. */
  readonly receivable: number;
}

/** Issuer's and network's cost may each be split a fen otherwise. */
const SPLIT_FEN = 2;

const wordOf = ({ outcome, key, receivable }: Difference): string => `${outcome} ${key} ${receivable}`;

/** Each difference between a file and what the network did is one open case of that amount; each case is such a difference. */
function differences(evidence: Evidence): Broken[] {
  const { store, files } = evidence;
  const rule = 'a difference of a clearing file is a case, and nothing else is';
  const broken: Broken[] = [];
  for (const file of files.values()) {
    if (store.clearing.reconciled.get(file.date) !== file.version) continue;
    const expected = differencesOf(file).filter(({ key }) => !isDoubtful(evidence, key));
    const cases = [...store.clearing.cases.values()].filter((one) => one.date === file.date && isOfFile(one));
    const left = [...cases];
    for (const difference of expected) {
      const at = left.findIndex((one) => isSame(evidence, one, difference));
      if (at >= 0) left.splice(at, 1);
      else if (!isSplitOtherwise(evidence, difference))
        broken.push({ rule, detail: `${file.date}: no case of ${wordOf(difference)} fen` });
    }
    const known = new Set(file.truth.map(({ key }) => key));
    const named = new Set(file.lines.map(({ key }) => key));
    for (const one of cases) {
      // An item of another day's file, or of a doubt, is judged by what became of it.
      const isOwn = (known.has(one.key) || !named.has(one.key)) && !isDoubtful(evidence, one.key);
      if (isOwn && left.includes(one) && !isSplitOtherwise(evidence, one))
        broken.push({ rule, detail: `${file.date}: case ${wordOf(one)} fen is no difference of the file` });
    }
  }
  return broken;
}

/**
 * Whether it is one of several refunds of a payment. The parts of a cost that they give back are cumulative (domain 4.4), so a channel that took
 * them in another order than we did gives one of them a fen more and another one less: both are right, and the difference is a case.
 */
function isOneOfSeveral({ store }: Evidence, key: string): boolean {
  const operation = store.byTrace.get(key);
  if (operation?.kind !== 'refund') return false;
  const { paymentId } = operation;
  return (
    [...store.operations.values()].filter((one) => one.kind === 'refund' && one.paymentId === paymentId).length > 1
  );
}

const isSame = (evidence: Evidence, one: Difference, other: Difference): boolean =>
  wordOf(one) === wordOf(other) ||
  (one.outcome === other.outcome &&
    one.key === other.key &&
    Math.abs(one.receivable - other.receivable) <= SPLIT_FEN &&
    isOneOfSeveral(evidence, one.key));

const isSplitOtherwise = (evidence: Evidence, { outcome, key, receivable }: Difference): boolean =>
  outcome === 'FEE_DIFF' && Math.abs(receivable) <= SPLIT_FEN && isOneOfSeveral(evidence, key);

const decided: ReadonlySet<string> = new Set(['approved', 'accepted']);

/** Doubts are decided by what the file says, whatever that is. */
const isOfFile = ({ outcome, cleared }: Case): boolean => outcome !== 'STATUS_DIFF' && cleared !== 'corrected';

function isDoubtful({ store, files }: Evidence, key: string): boolean {
  const operation = store.byTrace.get(key);
  if (operation === undefined) return [...files.values()].some(({ truth }) => truth.some((line) => line.key === key));
  const isUnsure = operation.kind === 'return' || !decided.has(operation.standing);
  return isUnsure || operation.past.includes('in doubt') || store.clearing.answered.has(operation.id);
}

function differencesOf({ truth, lines, date }: SpoiltFile): Difference[] {
  const theirs = Map.groupBy(lines, ({ key }) => key);
  const ours = new Set(truth.map(({ key }) => key));
  const found = truth.flatMap((line) => ofLine(line, theirs.get(line.key) ?? []));
  const more = lines.filter(
    ({ key }) => !ours.has(key) && key.startsWith(`${date.slice(5, 7)}${date.slice(8)}030303.`),
  );
  return [...found, ...more.map(({ key, net }) => ({ outcome: 'LONG', key, receivable: net }))];
}

function ofLine({ key, amount, net }: FileLine, [first, ...others]: readonly FileLine[]): Difference[] {
  if (first === undefined) return [{ outcome: 'SHORT', key, receivable: -net }];
  const differs = first.amount !== amount ? 'AMOUNT_DIFF' : 'FEE_DIFF';
  const own = first.net === net ? [] : [{ outcome: differs, key, receivable: first.net - net }];
  return [...own, ...others.map((line) => ({ outcome: 'DUPLICATE', key, receivable: line.net }))];
}

/** What a case keeps in 1191 or 2191 is its difference as long as it is open; own money stands in for what is short. */
function suspenseDiffers({ store }: Evidence): Broken[] {
  const kept = new Map<string, number>();
  const toppedUp = new Map<string, number>();
  for (const { caseId, lines, cause } of store.entries) {
    for (const { account, amount } of lines) {
      if (caseId !== null && (account === '1191' || account === '2191'))
        kept.set(caseId, (kept.get(caseId) ?? 0) + amount);
      if (account === '1002') toppedUp.set(cause, (toppedUp.get(cause) ?? 0) + amount);
    }
  }
  return [...store.clearing.cases.values()].filter(isOfFile).flatMap((one) => {
    const name = `${one.date}: case ${wordOf(one)} fen`;
    const inBooks = kept.get(one.caseId) ?? 0;
    const right = one.cleared === null ? -one.suspense : 0;
    const up = toppedUp.get(one.cause) ?? 0;
    const lacks = Math.max(0, -one.suspense);
    return [
      ...(inBooks === right
        ? []
        : [{ rule: 'suspense is of open cases', detail: `${name} has ${inBooks} in the books` }]),
      ...(up === lacks ? [] : [{ rule: 'what is short is topped up', detail: `${name} by ${up}, not ${lacks}` }]),
    ];
  });
}

/** The merchant's net of a payment that is short is held, no more and no less. */
function holdsDiffer(evidence: Evidence): Broken[] {
  const { store } = evidence;
  return [...store.clearing.cases.values()].flatMap((one) => {
    const operation = store.byTrace.get(one.key);
    if (one.outcome !== 'SHORT' || operation === undefined || isDoubtful(evidence, one.key)) return [];
    const net = pays.has(operation.kind) ? operation.approvedAmount - operation.fee : 0;
    const others = [...store.operations.values()].some(
      ({ id, paymentId, kind }) =>
        paymentId === operation.paymentId && id !== operation.id && !kind.startsWith('pre-auth'),
    );
    if (one.hold === net || (others && one.hold >= 0 && one.hold < net)) return [];
    return [
      { rule: 'what is short is held', detail: `${one.date}: ${one.key} by ${one.hold}, of a net of ${net} fen` },
    ];
  });
}

/** At the end every file is compared in its last version. */
function notReconciled({ store, files, bank, atEnd }: Evidence): Broken[] {
  if (!atEnd) return [];
  return [...files.values()].flatMap(({ date, version }) => {
    const at = store.clearing.reconciled.get(date);
    if (at === version || !bank.credits.has(date)) return [];
    return [{ rule: 'every file is compared', detail: `${date}: version ${String(at)}, not ${version}` }];
  });
}
