import { cutOffInstant } from '@tillstream/domain/calendar/business-date';
import { casesOf, changesOf, isOver } from '@tillstream/domain/clearing/cases';
import type { ClearingFact, ClearingFileReconciled } from '@tillstream/domain/clearing/events';
import type { ClearingFile } from '@tillstream/domain/clearing/file';
import { compare, type Comparison } from '@tillstream/domain/clearing/match';
import { traceKeyOf, type OurOperation } from '@tillstream/domain/clearing/operations';
import { HOUSE, streamOf } from '@tillstream/domain/stream';
import { crashPoint, NO_STREAM, uuidv5, type StoredRecord } from '@tillstream/event-store';
import type { Pool } from 'pg';
import { idOf, say, type Ground } from '../ground.ts';
import { merchantsWithCases, openCases } from '../rows/case-rows.ts';
import { clearingDays } from '../rows/clearing.model.ts';
import { ourOperations } from '../rows/operation-rows.ts';
import { loadClearing, sayClearing } from './clearing-streams.ts';

/** Namespace of the ids of clearing cases. */
export const CASES = '2b0d7d58-0f0c-5c1e-8a37-6c4b7f6f9a11';
const mostFactsPerAppend = 500;

/** The stream of a merchant's part of a clearing day; what belongs to no merchant stands in the day's own. */
export const casesStream = (channel: string, date: string, merchantId: string): string =>
  merchantId === HOUSE ? streamOf.clearing(channel, date) : streamOf.clearingOf(channel, date, merchantId);

/**
 * Says everything that follows from a received file: differences, answers to doubts, failed refunds, what is over of earlier
 * dates; then that the file is reconciled. `known` when somebody else was first somewhere: the next look says the rest. What the
 * file holds and the channel may still answer us is waited for, so that nothing is booked twice.
 */
export async function reconcile(
  ground: Ground,
  file: ClearingFile,
  hash: string,
): Promise<'said' | 'known' | 'answers-to-come'> {
  const comparison = await compared(ground, file);
  if (comparison === undefined) return 'answers-to-come';
  for (const [key, part] of await partsOf(ground, file, comparison)) {
    if (!(await sayPart(ground, file, key, part))) return 'known';
  }
  const { channel, clearingDate, version, net } = file;
  const day = await loadClearing(ground, channel, clearingDate);
  if (day.state.file?.reconciled === true && day.state.file.hash === hash) return 'known';
  const { counts, netOfBooks } = comparison;
  const fact: ClearingFileReconciled = {
    type: 'ClearingFileReconciled',
    version: 1,
    data: { channel, clearingDate, version, hash, counts, netOfFile: net, netOfBooks },
  };
  if (!(await sayClearing(ground, day, fact, 'service:settlement'))) return 'known';
  crashPoint('clearing-file-reconciled');
  return 'said';
}

async function compared({ platform, settings }: Ground, file: ClearingFile): Promise<Comparison | undefined> {
  const { pool, store, cutOffMinutes } = platform;
  const { channel, clearingDate, items } = file;
  const traces = new Set(items.map(({ trace }) => traceKeyOf(trace)));
  const open = await openCases(pool, channel, clearingDate);
  const ofCases = open.map(({ operationId }) => operationId);
  const operations = await ourOperations(pool, channel, clearingDate, [...traces], ofCases);
  if (operations.some((one) => mayStillAnswer(one) && traces.has(traceKeyOf(one.trace)))) return undefined;
  const merchants = new Set(operations.map(({ merchantId }) => merchantId));
  for (const { merchantId } of items) {
    if (merchants.has(merchantId)) continue;
    if ((await store.readStream(streamOf.merchant(merchantId))).length > 0) merchants.add(merchantId);
  }
  const earlier = await comparedBefore(pool, file, operations);
  return compare(file, {
    ...{ operations, openCases: open, merchants, compared: earlier },
    decidedBefore: cutOffInstant(clearingDate, cutOffMinutes) - settings.doubtSafetyMs,
    caseIdOf: (merchantId, item) => uuidv5(`${casesStream(channel, clearingDate, merchantId)}/${item}`, CASES),
  });
}

/** Earlier dates on which these operations are posted and whose files were compared. */
async function comparedBefore(
  pool: Pool,
  { channel, clearingDate }: ClearingFile,
  operations: readonly OurOperation[],
): Promise<ReadonlySet<string>> {
  const [first] = operations.flatMap(({ posted }) => (posted === null ? [] : [posted.clearingDate])).sort();
  if (first === undefined || first >= clearingDate) return new Set();
  const days = (await clearingDays(pool, first)).filter((day) => day.channel === channel);
  return new Set(days.filter((day) => day.reconciledVersion !== null).map((day) => day.clearingDate));
}

const mayStillAnswer = ({ standing, advice }: OurOperation): boolean => standing === 'asked' && !advice;

interface Part {
  readonly merchantId: string;
  readonly clearingDate: string;
  readonly found: Comparison['found'][number][];
  readonly doubts: Comparison['doubts'][number][];
  readonly failures: Comparison['failures'][number][];
  readonly cleared: Comparison['cleared'][number][];
}

/** What each stream has to say: the date's own, also where an earlier version found something, and those of cases now over. */
async function partsOf(
  { platform }: Ground,
  { channel, clearingDate }: ClearingFile,
  comparison: Comparison,
): Promise<Map<string, Part>> {
  const parts = new Map<string, Part>();
  const of = (merchantId: string, date: string): Part => {
    const stream = casesStream(channel, date, merchantId);
    const known = parts.get(stream) ?? {
      merchantId,
      clearingDate: date,
      found: [],
      doubts: [],
      failures: [],
      cleared: [],
    };
    parts.set(stream, known);
    return known;
  };
  for (const merchantId of await merchantsWithCases(platform.pool, channel, clearingDate)) of(merchantId, clearingDate);
  // What ends a case of an earlier date goes first, so that no item is held twice.
  for (const one of comparison.cleared) of(one.merchantId, one.clearingDate).cleared.push(one);
  for (const one of comparison.found) of(one.merchantId, clearingDate).found.push(one);
  for (const one of comparison.doubts) of(one.merchantId, clearingDate).doubts.push(one);
  for (const one of comparison.failures) of(one.merchantId, clearingDate).failures.push(one);
  return parts;
}

async function sayPart(ground: Ground, file: ClearingFile, stream: string, part: Part): Promise<boolean> {
  const records = await ground.platform.store.readStream(stream);
  const state = casesOf(records as unknown as readonly ClearingFact[]);
  const own = part.clearingDate === file.clearingDate;
  const changes = own ? changesOf(state, part, file) : { facts: [], contradicted: [] };
  for (const what of changes.contradicted) ground.alarms.raise('clearing-correction-contradicts', what);
  const cleared = part.cleared.flatMap((data) => {
    const known = state.cases.get(data.caseId);
    return known && !isOver(known) ? [{ type: 'ClearingDifferenceCleared', version: 1, data } as const] : [];
  });
  const facts = [...cleared, ...changes.facts];
  let revision = records.at(-1)?.revision ?? NO_STREAM;
  for (let n = 0; n < facts.length; n += mostFactsPerAppend) {
    const chunk = facts.slice(n, n + mostFactsPerAppend);
    const appended = await sayAll(ground, stream, part.merchantId, revision, chunk, records[0]);
    if (!appended) return false;
    crashPoint('clearing-case-said');
    revision += chunk.length;
  }
  return true;
}

async function sayAll(
  ground: Ground,
  stream: string,
  key: string,
  expected: number,
  facts: readonly ClearingFact[],
  first: StoredRecord | undefined,
): Promise<boolean> {
  const appended = await say(ground, {
    ...{ stream, key, expected },
    facts: facts.map((fact, n) => ({ id: idOf(stream, expected + 1 + n, fact.type), fact })),
    ...(first ? { correlation: first.correlation } : {}),
  });
  return appended.ok;
}
