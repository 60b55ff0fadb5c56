import type { Belief, Told } from '../witness.ts';
import { byPayment, isPosted, named, standingVoids, type Broken, type Evidence } from './evidence.ts';
import type { NetworkOperation } from './foreign-view.ts';
import type { Operation } from './store-view.ts';

const approving = new Set(['00', '10', '11']);
/** What the network approves, and how the store may say so. */
const heldBy: Readonly<Record<string, readonly string[]>> = {
  sale: ['approved', 'stuck'],
  void: ['approved', 'stuck'],
  refund: ['accepted'],
  'pre-auth': ['approved', 'stuck'],
  'pre-auth-void': ['approved', 'stuck'],
  completion: ['approved', 'stuck'],
  'completion-void': ['approved', 'stuck'],
};
/** Kinds that an 0400 may undo. */
const undoable: ReadonlySet<string> = new Set([
  'sale',
  'void',
  'pre-auth',
  'pre-auth-void',
  'completion',
  'completion-void',
]);
const advices: ReadonlySet<string> = new Set(['offline-sale', 'completion-advice']);

/** Rules about payments: who owns them, what was told, what is believed. */
export function brokenPayments(evidence: Evidence): Broken[] {
  return [
    ...[...evidence.store.unknownTypes].map((type) => ({ rule: 'the model knows every fact', detail: type })),
    ...undecided(evidence),
    ...channelDiffers(evidence),
    ...toldWithoutFact(evidence),
    ...toldAfterUndone(evidence),
    ...beliefsWithoutLedger(evidence),
    ...refundedTwice(evidence),
  ];
}

/** No payment without an owner: what the resolver does not know may not be undecided. Judged when it has nothing left to do. */
function undecided({ store }: Evidence): Broken[] {
  return [...store.operations.values()]
    .filter(({ standing }) => standing === 'asked' || standing === 'in doubt')
    .map((operation) => ({ rule: 'no payment without an owner', detail: named(operation) }));
}

/** What the network took is known to the store, as the same thing, and both say the same of its end. */
function channelDiffers({ store, network, files }: Evidence): Broken[] {
  const broken: Broken[] = [];
  const rule = 'store and channel agree';
  for (const taken of network.operations.values()) {
    if (!(taken.is in heldBy)) continue;
    const operation = store.byTrace.get(taken.key);
    const what = `the channel's ${taken.is} ${taken.key} of terminal ${taken.terminalId}`;
    if (operation === undefined) broken.push({ rule: 'no payment without an owner', detail: `${what} is in no fact` });
    else if (!isSame(operation, taken)) broken.push({ rule, detail: `${what} is another than ${named(operation)}` });
    else if (operation.standing === 'undone' && files.get(taken.clearing)?.missed.has(taken.key)) continue;
    else if (network.stands(taken) !== heldBy[taken.is]?.includes(operation.standing)) {
      const end = network.stands(taken) ? 'stands' : taken.reversed ? 'is undone' : `was declined ${taken.code}`;
      broken.push({ rule, detail: `${what} ${end} there; ${named(operation)}` });
    }
  }
  for (const operation of store.operations.values()) {
    if (operation.trace === null || !heldBy[there[operation.kind] ?? operation.kind]?.includes(operation.standing))
      continue;
    if (!network.operations.has(operation.trace) && operation.standing !== 'stuck')
      broken.push({ rule, detail: `the channel has never seen ${named(operation)}` });
  }
  return broken;
}

/** The network's word for what we ask of it. */
const there: Readonly<Record<string, string>> = {
  'offline-sale': 'sale',
  'completion-advice': 'completion',
  return: 'refund',
};

const isSame = (operation: Operation, taken: NetworkOperation): boolean =>
  (there[operation.kind] ?? operation.kind) === taken.is &&
  operation.amount === taken.amount &&
  operation.merchantId === taken.merchantId &&
  operation.terminalId === taken.terminalId &&
  operation.rrn === taken.rrn;

/** Exactly one approval fact, of the same amount and reference, per approval told. */
function toldWithoutFact({ witness, store }: Evidence): Broken[] {
  const broken: Broken[] = [];
  for (const told of witness.told) {
    if (told.code === null || !approving.has(told.code)) continue;
    if (!undoable.has(told.kind) && !advices.has(told.kind) && told.kind !== 'refund') continue;
    const found = approvalsOf(store.byKey, told).filter((operation) => approves(operation, told));
    if (found.length === 1) continue;
    const detail = `${told.kind} ${told.terminalId}.${told.key} was told ${told.code} (exchange ${told.n}); facts: ${found.map(named).join('; ') || 'none'}`;
    broken.push({ rule: 'one approval fact per approval told', detail });
  }
  return broken;
}

/** A refund that comes again under another batch's number is the one of before, found by terminal, STAN and amount (domain 2.7). */
function approvalsOf(byKey: ReadonlyMap<string, readonly Operation[]>, told: Told): readonly Operation[] {
  const own = (byKey.get(`${told.terminalId}.${told.key}`) ?? []).filter(({ kind }) => kind === told.kind);
  if (told.kind !== 'refund' || own.some(({ approvals }) => approvals > 0)) return own;
  const stan = told.key.split('.')[1] ?? '';
  return [...byKey]
    .filter(([key]) => key.startsWith(`${told.terminalId}.`) && key.endsWith(`.${stan}`))
    .flatMap(([, operations]) => operations.filter(({ kind }) => kind === 'refund'));
}

function approves(operation: Operation, told: Told): boolean {
  const { kind, approvals, promises } = operation;
  const facts = advices.has(kind) ? promises : approvals;
  if (facts !== 1) return facts > 1;
  const inPart = kind === 'sale' || kind === 'pre-auth';
  const amount = inPart ? operation.approvedAmount : operation.amount;
  return amount === (told.repliedAmount ?? told.amount) && (told.rrn === null || told.rrn === operation.rrn);
}

/** No 00 for what was undone: after an 0400 that was answered 00 or 25, or after 98, the key is never approved again. */
function toldAfterUndone({ witness }: Evidence): Broken[] {
  const over = new Map<string, Told>();
  const broken: Broken[] = [];
  for (const told of witness.told) {
    const key = `${told.terminalId}.${told.key}`;
    if (told.kind === 'reversal') {
      if (told.code === '00' || told.code === '25') over.set(key, told);
    } else if (undoable.has(told.kind)) {
      const before = over.get(key);
      if (told.code === '98') over.set(key, told);
      else if (told.code !== null && approving.has(told.code) && before !== undefined) {
        const detail = `${told.kind} ${key} was told ${told.code} (exchange ${told.n}) after ${before.kind} ${String(before.code)} (exchange ${before.n})`;
        broken.push({ rule: 'no 00 for something undone', detail });
      }
    }
  }
  return broken;
}

/**
 * What a terminal believes to be approved is approved in the store; what the channel approved and the terminal does not believe in is
 * returned, held, still pending at the terminal, or waits for the terminal's batch to be compared.
 */
function beliefsWithoutLedger(evidence: Evidence): Broken[] {
  const { witness, store } = evidence;
  const voids = standingVoids(evidence);
  const payments = byPayment(evidence);
  const broken: Broken[] = [];
  for (const [key, belief] of witness.beliefs) {
    const operation = store.byKey.get(key)?.find(({ kind }) => kind === belief.kind);
    if (belief.status === 'approved') {
      if (!isBelieved(evidence, belief, operation, payments)) {
        const detail = `${belief.kind} ${key} was told ${belief.code}; ${operation === undefined ? 'no fact' : named(operation)}`;
        broken.push({ rule: 'no approval that the ledger lacks', detail });
      }
    } else if (operation !== undefined && isKept(evidence, operation, voids) && !isOwned(evidence, belief, operation)) {
      const detail = `the terminal takes it for ${belief.status} (${belief.code || 'no answer'}), the channel has approved it: ${named(operation)}`;
      broken.push({ rule: 'what the terminal does not know is returned or held', detail });
    }
  }
  return broken;
}

function isBelieved(
  { atEnd }: Evidence,
  { kind, voided }: Belief,
  operation: Operation | undefined,
  payments: ReadonlyMap<string, readonly Operation[]>,
): boolean {
  if (kind === 'inquiry') return true;
  // 94 to a refund says that it is there, under whatever number.
  if (kind === 'refund') return operation === undefined || operation.approvals <= 1;
  // Approved without the host, which hears of it before the settlement; a no of the channel is for a person.
  if (kind === 'offline-sale') return operation !== undefined || !atEnd;
  if (kind === 'completion-advice') return operation?.promises === 1;
  if (operation === undefined || operation.standing !== 'approved') return false;
  if (kind.endsWith('void')) return true;
  const isFreed = (one: Operation): boolean => one.kind === 'pre-auth-void' && isPosted(one);
  const isVoided = operation.cancelledBy !== null || (payments.get(operation.paymentId) ?? []).some(isFreed);
  // A void that the terminal does not know of is judged by its own belief.
  return isVoided || !voided;
}

/** A hold moves no money: one that its terminal does not know of lapses. */
const movesMoney: ReadonlySet<string> = new Set(['sale', 'void', 'completion', 'completion-void']);

/** The channel has taken the money, or given it back, and holds to it. */
function isKept(
  { network, files }: Evidence,
  { trace }: Operation,
  voids: ReadonlyMap<string, NetworkOperation>,
): boolean {
  const taken = trace === null ? undefined : network.operations.get(trace);
  // A file that does not name it says that it never was.
  const isMissed = taken !== undefined && files.get(taken.clearing)?.missed.has(taken.key) === true;
  return taken !== undefined && !isMissed && movesMoney.has(taken.is) && network.stands(taken) && !voids.has(taken.key);
}

function isOwned({ store, atEnd }: Evidence, { status, batch }: Belief, operation: Operation): boolean {
  if (operation.standing === 'stuck' || operation.returned !== 'no') return true;
  if (status === 'sent') return !atEnd;
  // The payer has the money back; a void whose day has passed by the comparison is a person's (domain 3.4, 4.1).
  if (operation.confirmed || (operation.kind.endsWith('void') && store.hostOnly.has(operation.key))) return true;
  return !store.batches.has(`${operation.terminalId}.${batch}`) && !atEnd;
}

/** One refund per terminal, STAN, amount and payment, whatever batch it comes under. */
function refundedTwice({ store }: Evidence): Broken[] {
  const seen = new Map<string, Operation>();
  const broken: Broken[] = [];
  for (const operation of store.operations.values()) {
    if (operation.kind !== 'refund' || operation.approvals === 0) continue;
    const { paymentId, terminalId, key, amount, approvals } = operation;
    const name = `${paymentId} ${terminalId} ${key.slice(-6)} ${amount}`;
    const before = seen.get(name);
    if (before !== undefined || approvals > 1)
      broken.push({
        rule: 'one refund per advice',
        detail: `${named(operation)}; ${before === undefined ? '' : named(before)}`,
      });
    seen.set(name, operation);
  }
  return broken;
}
