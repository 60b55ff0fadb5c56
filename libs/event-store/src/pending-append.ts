import { nounOf, ownerOf, type Owner } from '@tillstream/domain/stream';
import { isUuid } from './ids.ts';
import type { AppendResult, FactToAppend } from './port.ts';
import { encodeRecord, leafHash } from './record.ts';

/** Limits of one append; beyond them it is a defect of the caller. */
export const MAX_FACTS_PER_APPEND = 500;
/** Bytes of one record. */
export const MAX_RECORD_BYTES = 64 * 1024;
const NAME = /^[\x20-\x7e]{1,200}$/;
const INSTANT = /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/;

/** One append on its way: encoded when asked for, so that what is stored is what was meant then. */
export interface PendingAppend {
  readonly stream: string;
  readonly expected: number;
  readonly key: string;
  readonly ids: readonly string[];
  readonly records: readonly Buffer[];
  readonly leaves: readonly Buffer[];
  readonly bytes: number;
  /** Machine clock, ms: after it the caller learns that the outcome is unknown. */
  readonly deadline: number;
  readonly resolve: (result: AppendResult) => void;
  readonly reject: (error: Error) => void;
}

/** The append is not one that may ever be made: wrong owner, other key, too large. A defect of the caller; nothing was stored. */
export class AppendRefused extends Error {
  override readonly name = 'AppendRefused';
}

/** Checks an append against the rules that need no database, and encodes it. Throws `AppendRefused`. */
export function encodeAppend(
  owner: Owner,
  stream: string,
  expected: number,
  facts: readonly FactToAppend[],
): Pick<PendingAppend, 'stream' | 'expected' | 'key' | 'ids' | 'records' | 'leaves' | 'bytes'> {
  checkPlace(owner, stream, expected, facts);
  const key = facts[0]?.key ?? '';
  const records = facts.map((fact, n) => {
    checkFact(stream, key, fact, n);
    const { id, at, by, causedBy, correlation } = fact;
    const { type, version, data } = fact.fact;
    const record = encodeRecord({
      id,
      stream,
      revision: expected + 1 + n,
      type,
      version,
      at,
      by,
      causedBy,
      correlation,
      key,
      data,
    });
    if (record.length > MAX_RECORD_BYTES)
      throw new AppendRefused(
        `${stream}: facts[${n}] ${type}: ${record.length} bytes; a record has at most ${MAX_RECORD_BYTES}`,
      );
    return record;
  });
  return {
    stream,
    expected,
    key,
    ids: facts.map((fact) => fact.id),
    records,
    leaves: records.map(leafHash),
    bytes: records.reduce((sum, record) => sum + record.length, 0),
  };
}

function checkPlace(owner: Owner, stream: string, expected: number, facts: readonly FactToAppend[]): void {
  const noun = nounOf(stream);
  if (noun === undefined || !NAME.test(stream))
    throw new AppendRefused(
      `stream ${JSON.stringify(stream.slice(0, 80))}: is not <noun>-<parts> in at most 200 printable ASCII characters`,
    );
  if (ownerOf[noun] !== owner)
    throw new AppendRefused(`${stream}: only ${ownerOf[noun]} appends to streams of ${noun}, not ${owner}`);
  if (!Number.isInteger(expected) || expected < -1)
    throw new AppendRefused(`${stream}: expectedRevision ${expected}: is not −1 or the revision of the last fact`);
  if (facts.length === 0 || facts.length > MAX_FACTS_PER_APPEND)
    throw new AppendRefused(`${stream}: ${facts.length} facts; an append has 1 to ${MAX_FACTS_PER_APPEND}`);
  if (new Set(facts.map((fact) => fact.id)).size !== facts.length)
    throw new AppendRefused(`${stream}: two facts have the same id`);
}

function checkFact(stream: string, key: string, fact: FactToAppend, n: number): void {
  const wrong = (why: string): AppendRefused => new AppendRefused(`${stream}: facts[${n}].${why}`);
  if (!isUuid(fact.id)) throw wrong('id: is not a lower-case UUID');
  if (fact.key !== key) throw wrong(`key: differs from that of facts[0]; a stream has one key`);
  if (!NAME.test(fact.key)) throw wrong('key: is not 1 to 200 printable ASCII characters');
  if (!INSTANT.test(fact.at)) throw wrong('at: is not an ISO 8601 instant in UTC with milliseconds');
  if (!Number.isInteger(fact.fact.version) || fact.fact.version < 1)
    throw wrong('fact.version: is not a whole number from 1');
}
