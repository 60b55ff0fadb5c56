import type { Pool } from 'pg';
import { nounOf } from '@tillstream/domain/stream';
import { decodeRecord, leafHash } from './record.ts';

/** The first place where the store is not what was appended. */
export interface BadPosition {
  readonly position: bigint;
  readonly why: string;
}

/** What a verification found. */
export interface Verification {
  /** Facts found good. */
  readonly facts: bigint;
  readonly head: bigint;
  readonly firstBad?: BadPosition;
}

interface Row {
  readonly position: string;
  readonly stream: string;
  readonly revision: number;
  readonly key: string;
  readonly noun: string;
  readonly record: Buffer;
  readonly leaf: Buffer;
  readonly before_position: string | null;
  readonly before_key: string | null;
}

const BATCH = 2_000;

// The predecessor of each fact is looked up by index; that each has one, by induction, makes every stream contiguous.
const BATCH_SQL = `
select f.position::text as position, f.stream, f.revision, f.key, f.noun, f.record, f.leaf,
       before.position::text as before_position, before.key as before_key
  from store.fact f
  left join store.fact before on before.stream = f.stream and before.revision = f.revision - 1
 where f.position > $1 and f.position <= $2 order by f.position limit ${BATCH}`;

/**
 * Reads the whole store again in batches, up to the head at the start: positions without gaps, revisions without gaps and in order,
 * one key per stream, the envelope equal to the columns, every leaf hash recomputed. Stops at the first bad position. What a
 * rewrite of the whole table, hashes and all, would hide is left to the signed checkpoints (design 11).
 */
export async function verifyStore(
  pool: Pool,
  onProgress: (done: bigint, head: bigint) => void = () => undefined,
): Promise<Verification> {
  const start = await pool.query<{ head: string }>('select position::text as head from store.head');
  const head = BigInt(start.rows[0]?.head ?? 0);
  let done = 0n;
  while (done < head) {
    const rows = await readable(pool, done, head);
    if (rows === undefined) return bad(done, head, done + 1n, 'cannot be read: its page on disk is damaged');
    if (rows.length === 0) return bad(done, head, done + 1n, 'is missing; the facts end before the head');
    for (const row of rows) {
      const why = row.position === String(done + 1n) ? faultOf(row) : 'is missing';
      if (why !== undefined) return bad(done, head, done + 1n, why);
      done += 1n;
    }
    onProgress(done, head);
  }
  // In one statement, so that facts appended meanwhile do not look as if they stood beyond the head.
  const beyond = await pool.query<{ first: string | null }>(
    'select min(position)::text as first from store.fact where position > (select position from store.head)',
  );
  const first = beyond.rows[0]?.first ?? null;
  if (first !== null) return bad(done, head, BigInt(first), 'stands beyond the head: it was not appended by the store');
  return { facts: done, head };
}

/** The next rows; when a page among them is damaged, the rows before it, and undefined when it is the next one's. */
async function readable(pool: Pool, done: bigint, head: bigint): Promise<readonly Row[] | undefined> {
  for (let upTo = head; upTo > done; upTo = done + (upTo - done) / 2n) {
    if (upTo - done > BATCH) upTo = done + BigInt(BATCH);
    try {
      return (await pool.query<Row>({ name: 'verify', text: BATCH_SQL, values: [String(done), String(upTo)] })).rows;
    } catch (error) {
      if (!DAMAGED_PAGE.has((error as { code?: string }).code ?? '')) throw error;
    }
  }
  return undefined;
}

/** data_corrupted and index_corrupted: the server's own checksums found it. */
const DAMAGED_PAGE = new Set(['XX001', 'XX002']);

const bad = (facts: bigint, head: bigint, position: bigint, why: string): Verification => ({
  facts,
  head,
  firstBad: { position, why },
});

function faultOf(row: Row): string | undefined {
  if (!leafHash(row.record).equals(row.leaf)) return 'the leaf hash is not that of the record';
  let content;
  try {
    content = decodeRecord(row.record);
  } catch (error) {
    return (error as Error).message;
  }
  for (const field of ['stream', 'revision', 'key'] as const)
    if (content[field] !== row[field]) return `${field}: the column differs from the record`;
  if (nounOf(row.stream) !== row.noun) return 'noun: the column differs from the stream';
  if (row.revision === 0) return undefined;
  if (row.before_position === null) return `revision ${row.revision - 1} of ${row.stream} is missing`;
  if (BigInt(row.before_position) >= BigInt(row.position))
    return `revision ${row.revision - 1} of ${row.stream} stands behind it`;
  if (row.before_key !== row.key) return `key: differs from that of the stream's earlier facts`;
  return undefined;
}
