import { join } from 'node:path';
import type { BookFact, EntryPosted } from '@tillstream/domain/book/events';
import { checkBooks } from '@tillstream/domain/book/invariants';
import type { PaymentFact } from '@tillstream/domain/payment/events';
import { verifyEventStore, type StoredRecord } from '@tillstream/event-store';
import { rebuildReadModels, type ReadModel } from '@tillstream/service-kit';
import { demoLinkKeys, demoMerchants } from '../demo/roster.ts';
import { readModels } from '../host/read-models.ts';
import { usedCards } from './cards.ts';
import { interleaved } from './interleave.ts';
import type { JourneyNode } from './journey-node.ts';
import { clearKeys, leaksInFacts, leaksInFiles, leaksInTables, leaksInTopics, type Secrets } from './secrets-scan.ts';

type Stored<F> = F & Pick<StoredRecord, 'id' | 'position' | 'stream'>;

/**
 * Every invariant of the journeys (i1 to i6, reserve and client money) that does not hold, in words; none when all do.
 * Waits first until nothing is left to follow.
 */
export async function breaches(journey: JourneyNode): Promise<string[]> {
  const broken = await moneyBreaches(journey);
  return [
    ...broken,
    ...(await replayBroken(journey)),
    ...(await storeBroken(journey)),
    ...(await leaks(journey, await journey.facts())),
  ];
}

/** Of {@link breaches} those about money, without the costly ones: replay, every leaf of the store, the search for secrets. */
export async function moneyBreaches(journey: JourneyNode): Promise<string[]> {
  await journey.settled();
  const facts = await journey.facts();
  const payments = facts.filter(({ stream }) => stream.startsWith('payment-')) as unknown as Stored<PaymentFact>[];
  const books = facts.filter(({ stream }) => stream.startsWith('book-')) as unknown as Stored<BookFact>[];
  const entries = books.filter((fact) => fact.type === 'EntryPosted') as Stored<EntryPosted>[];
  return [
    ...checkBooks(books).map(({ rule, detail }) => `books: ${rule}: ${detail}`),
    ...approvalsBroken(journey, payments, entries),
    ...refusalsBroken(journey, payments),
    ...causesMissing(facts, entries),
  ];
}

/** i2: what a terminal was told stands once in the store, and what moves money stands once in the books. */
function approvalsBroken(
  journey: JourneyNode,
  payments: readonly Stored<PaymentFact>[],
  entries: readonly Stored<EntryPosted>[],
): string[] {
  const problems: string[] = [];
  for (const { key, kind } of toldApprovals(journey)) {
    const approvals = payments.filter((fact) => isApproval(fact, kind) && keyOf(fact) === key);
    if (approvals.length !== 1) problems.push(`i2: ${kind} ${key} was approved, with ${approvals.length} facts`);
  }
  for (const fact of payments) {
    const journal = journalOf(fact);
    if (journal === undefined) continue;
    const posted = entries.filter(({ data }) => data.cause === fact.id && data.journal === journal);
    if (posted.length !== 1) problems.push(`i2: ${fact.type} at ${fact.position} has ${posted.length} ${journal}`);
  }
  return problems;
}

/** What a terminal was told 91 or 96 was not approved, neither before nor after it (design 6). */
function refusalsBroken(journey: JourneyNode, payments: readonly Stored<PaymentFact>[]): string[] {
  const approvals: ReadonlySet<string> = new Set(Object.values(approvalOf));
  const approved = new Set(payments.filter(({ type }) => approvals.has(type)).map(keyOf));
  return [...journey.terminals.values()].flatMap(({ terminalId, state }) =>
    [...state.items.values()]
      .filter(({ status, code }) => status === 'declined' && (code === '91' || code === '96'))
      .map(({ batch, stan }) => `${terminalId}.${batch}.${stan}`)
      .filter((key) => approved.has(key))
      .map((key) => `i2: ${key} was told 91 or 96 and was approved`),
  );
}

interface Told {
  readonly key: string;
  readonly kind: string;
}

function toldApprovals(journey: JourneyNode): Told[] {
  const told: Told[] = [];
  for (const terminal of journey.terminals.values()) {
    for (const item of terminal.state.items.values()) {
      const advised = item.kind === 'offline-sale' && item.rrn !== '';
      if (advised) told.push({ key: `${terminal.terminalId}.${item.batch}.${item.stan}`, kind: item.kind });
      const isYes = item.code === '00' || item.code === '10';
      if (!isYes || !Object.hasOwn(approvalOf, item.kind) || item.status === 'reversed') continue;
      told.push({ key: `${terminal.terminalId}.${item.batch}.${item.stan}`, kind: item.kind });
    }
  }
  for (const client of journey.clients.values()) {
    for (const { request, reply } of client.told) {
      const f60 = String(request.fields[60] ?? '');
      const kind = paying.has(request.mti) ? kindOfType[f60.slice(0, 2)] : undefined;
      if (kind === undefined || reply.fields[39] !== '00') continue;
      told.push({ key: `${client.terminalId}.${f60.slice(2, 8)}.${String(request.fields[11])}`, kind });
    }
  }
  return [...new Map(told.map((one) => [one.key, one])).values()];
}

/** The fact that makes an approval true which a terminal was told, by the kind of its transaction. */
const approvalOf: Readonly<Record<string, PaymentFact['type']>> = {
  sale: 'PaymentApproved',
  'offline-sale': 'AdviceRequested',
  completion: 'PaymentApproved',
  'completion-advice': 'AdviceRequested',
  'pre-auth': 'PreAuthApproved',
  'pre-auth-void': 'PreAuthVoided',
  'completion-void': 'PaymentVoided',
  void: 'PaymentVoided',
  refund: 'RefundRequested',
};
const paying: ReadonlySet<string> = new Set(['0100', '0200', '0220']);
/** Kinds by 60.1 (domain 2.3). */
const kindOfType: Readonly<Record<string, string>> = {
  10: 'pre-auth',
  11: 'pre-auth-void',
  20: 'completion',
  21: 'completion-void',
  22: 'sale',
  23: 'void',
  24: 'completion-advice',
  25: 'refund',
};

const isApproval = (fact: PaymentFact, kind: string): boolean => fact.type === approvalOf[kind];

function keyOf(fact: PaymentFact): string | undefined {
  if (!('operation' in fact.data)) return undefined;
  const { terminalId, batch, stan } = fact.data.operation;
  return `${terminalId}.${batch}.${stan}`;
}

function journalOf(fact: PaymentFact): EntryPosted['data']['journal'] | undefined {
  switch (fact.type) {
    case 'PaymentApproved':
      return 'J1';
    case 'PaymentVoided':
      return 'J2';
    case 'RefundAccepted':
      return 'J3';
    case 'PaymentReversed':
      return fact.data.undone === null ? undefined : 'J2';
    case 'VoidReversed':
      return fact.data.restored === null ? undefined : 'J1';
    default:
      return undefined;
  }
}

/** i3: no entry without the fact that it follows from. */
function causesMissing(facts: readonly StoredRecord[], entries: readonly Stored<EntryPosted>[]): string[] {
  const ids = new Set(facts.map(({ id }) => id));
  return entries
    .filter(({ data }) => !ids.has(data.cause))
    .map(({ data, position }) => `i3: ${data.journal} at ${position} follows from ${data.cause}, which is no fact`);
}

const INTERLEAVINGS = [1, 20_261_124];

/** i4: the history from position 0 gives the live rows, in its own order and in others that keep each key's order. */
async function replayBroken({ node }: JourneyNode): Promise<string[]> {
  const { store } = node.platform;
  const brokenBy = async (how: string, models: readonly ReadModel[]): Promise<string[]> => {
    const replay = await rebuildReadModels({ store, pool: node.pool, models, swap: false });
    return replay.tables.filter(({ equal }) => !equal).map(({ table }) => `i4: ${how} gives other rows in ${table}`);
  };
  const problems = await brokenBy('replay', readModels);
  for (const seed of INTERLEAVINGS) {
    const models = readModels.map((model) => interleaved(model, seed));
    problems.push(...(await brokenBy(`replay with the keys interleaved, seed ${seed},`, models)));
  }
  return problems;
}

/** i5: every record's leaf hash verifies. */
async function storeBroken({ node }: JourneyNode): Promise<string[]> {
  const { firstBad } = await verifyEventStore(node.platform.store, node.pool);
  return firstBad === undefined ? [] : [`i5: position ${firstBad.position}: ${firstBad.why}`];
}

/** i6: no card number, PIN block or key in the store, a table, a log, a topic, or the foreign parties' records. */
async function leaks(journey: JourneyNode, facts: readonly StoredRecord[]): Promise<string[]> {
  const secrets = secretsOf(journey);
  return [
    ...leaksInFacts(facts, secrets),
    ...(await leaksInTables(journey.node.pool, secrets)),
    ...leaksInFiles(join(journey.folder.path, 'log'), secrets),
    ...leaksInFiles(journey.folder.simulatorFolder, secrets),
    ...(journey.topics === undefined ? [] : leaksInTopics(journey.topics, secrets)),
  ].map((leak) => `i6: ${leak}`);
}

function secretsOf(journey: JourneyNode): Secrets {
  const bytes: Buffer[] = [demoLinkKeys.zonePinKeyHex, demoLinkKeys.linkMacKeyHex].map((hex) =>
    Buffer.from(hex, 'hex'),
  );
  for (const [n, { state }] of journey.terminals) {
    const { tmkHex } = journey.place(n);
    bytes.push(Buffer.from(tmkHex, 'hex'));
    if (state.keyBlob !== null) bytes.push(...clearKeys(tmkHex, state.keyBlob));
  }
  for (const [n, { keys, told }] of journey.clients) {
    bytes.push(Buffer.from(journey.place(n).tmkHex, 'hex'), ...(keys === undefined ? [] : [keys.pik, keys.mak]));
    for (const { request } of told) if (request.fields[52] instanceof Buffer) bytes.push(request.fields[52]);
  }
  return { pans: usedCards(), bytes, harmless: new Set(demoMerchants.map(({ merchantId }) => merchantId)) };
}
