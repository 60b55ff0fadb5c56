import type { ClientBase } from 'pg';
import type { Appended, AppendResult } from '../port.ts';
import { ID_OFFSET } from '../record.ts';
import { AppendRefused, type PendingAppend } from '../pending-append.ts';

/** What a look at the stream says about an append: its answer, a defect of the caller, or that it is not stored and may be sent. */
export type Verdict = { readonly result: AppendResult } | { readonly refused: AppendRefused } | 'not-stored';

/** Our side's patience with one question, ms, for a network that swallows the answer. */
export const ANSWER_TIMEOUT_MS = 8_000;

interface Row {
  readonly revision: number | null;
  readonly key: string | null;
  readonly ids: string[] | null;
  readonly last: string | null;
}

const READ_BACK = `
select now.revision, now.key, there.ids, there.last::text as last
  from unnest($1::text[], $2::integer[], $3::integer[]) with ordinality as a (stream, expected, count, n)
  left join lateral (
    select f.revision, f.key from store.fact f where f.stream = a.stream order by f.revision desc limit 1
  ) as now on true
  left join lateral (
    select array_agg(convert_from(substring(f.record from ${ID_OFFSET + 1} for 36), 'UTF8') order by f.revision) as ids, max(f.position) as last
      from store.fact f where f.stream = a.stream and f.revision > a.expected and f.revision <= a.expected + a.count
  ) as there on true
 order by a.n`;

/**
 * Reads the streams back and compares ids (design 8): the same ids in the same place are the append itself, so it gets the first
 * answer; anything else there is a conflict; nothing there means that it was not stored.
 */
export async function settle(client: ClientBase, appends: readonly PendingAppend[]): Promise<Verdict[]> {
  if (appends.length === 0) return [];
  const { rows } = await client.query<Row>({
    name: 'settle',
    text: READ_BACK,
    values: [appends.map((a) => a.stream), appends.map((a) => a.expected), appends.map((a) => a.records.length)],
    ...{ query_timeout: ANSWER_TIMEOUT_MS },
  });
  return appends.map((append, n) => judge(append, rows[n] as Row));
}

/** The answer of an append whose last fact stands at a position: here the others stand right before it. */
export function appended({ expected, ids }: PendingAppend, position: bigint): Appended {
  const first = position - BigInt(ids.length - 1);
  return { ok: true, revision: expected + ids.length, position, positions: ids.map((_, n) => first + BigInt(n)) };
}

function judge(append: PendingAppend, row: Row): Verdict {
  const revision = row.revision ?? -1;
  const same = row.ids?.length === append.ids.length && append.ids.every((id, n) => row.ids?.[n] === id);
  if (same && row.last !== null) return { result: appended(append, BigInt(row.last)) };
  if (revision !== append.expected) return { result: { ok: false, conflict: true, revision } };
  if (row.key !== null && row.key !== append.key)
    return { refused: new AppendRefused(`${append.stream}: its first fact has the key ${row.key}, not ${append.key}`) };
  return 'not-stored';
}
