import type { KeyedRecord, RecordPage } from '../port.ts';
import { DamagedRecord } from '../record.ts';

/** Bytes of records after which a page ends. */
const PAGE_BYTES = 8 * 1024 * 1024;

/** Positions, keys and lengths as JSON, the records' text end to end, and the first place where bytes and leaf differ; null where there is nothing. */
export type PageRow = [
  positions: string | null,
  keys: string | null,
  lengths: string | null,
  records: string | null,
  damaged: string | null,
];

/** The leaves are made again in the database (SHA-256 of 0x00 and the record, RFC 6962 section 2.1), beside the process that waits for the page. */
export const PAGE_SQL = `
  select json_agg(f.position::text order by f.position)::text, json_agg(f.key order by f.position)::text,
         json_agg(f.length order by f.position)::text, string_agg(convert_from(f.record, 'UTF8'), '' order by f.position),
         (min(f.position) filter (where sha256('\\x00'::bytea || f.record) <> f.leaf))::text
    from (select p.*, octet_length(p.record) as length, sum(octet_length(p.record)) over (order by p.position) as total
            from (select position, key, record, leaf from store.fact where position > $1 order by position limit $2) p) f
   where f.total - f.length < ${PAGE_BYTES}`;

/** The page that a row says. @throws DamagedRecord */
export function pageOf(row: PageRow | undefined, limit: number): RecordPage {
  const [positions, keys, lengths, text, damaged] = row ?? [];
  if (damaged != null)
    throw new DamagedRecord(`position ${damaged}: the record is not the one that was appended (its leaf hash differs)`);
  if (positions == null) return { records: [], isFull: false };
  const [at, of, long] = [JSON.parse(positions), JSON.parse(keys ?? ''), JSON.parse(lengths ?? '')] as [
    string[],
    string[],
    number[],
  ];
  const bytes = Buffer.from(text ?? '', 'utf8');
  const records: KeyedRecord[] = [];
  let from = 0;
  for (const [n, position] of at.entries()) {
    const to = from + (long[n] ?? 0);
    records.push({ position: BigInt(position), key: of[n] ?? '', record: bytes.subarray(from, to) });
    from = to;
  }
  if (from !== bytes.length) throw new DamagedRecord('a page of records is not as long as its records');
  return { records, isFull: records.length >= limit || bytes.length >= PAGE_BYTES };
}
