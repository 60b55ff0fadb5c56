import type { Pool } from 'pg';
import { DamagedRecord, leafHash } from '../record.ts';

/** A fact as it is stored: its place and its very bytes. */
export interface PlacedRecord {
  readonly position: bigint;
  readonly record: Buffer;
  /** SHA-256(0x00 ‖ record). */
  readonly leaf: Buffer;
}

interface Row {
  readonly position: string;
  readonly record: Buffer;
  readonly leaf: Buffer;
}

const BATCH = 2_000;

/**
 * Gives every record after a position and up to another, in order, a batch at a time, as bytes that nothing has parsed. Facts up to a head are all there
 * once the head says so, so what is appended meanwhile changes nothing. @throws DamagedRecord at the first position that is missing
 * or is not what was appended
 */
export async function* exportRecords(pool: Pool, upTo: bigint, after = 0n): AsyncGenerator<readonly PlacedRecord[]> {
  let last = after;
  while (last < upTo) {
    const { rows } = await pool.query<Row>({
      name: 'export-records',
      text: `select f.position::text, f.record, f.leaf from store.fact f where f.position > $1 and f.position <= $2 order by f.position limit ${BATCH}`,
      values: [String(last), String(upTo)],
    });
    if (rows.length === 0) throw new DamagedRecord(`position ${last + 1n} is missing`);
    const records: PlacedRecord[] = [];
    for (const { position, record, leaf } of rows) {
      if (position !== String(last + 1n)) throw new DamagedRecord(`position ${last + 1n} is missing`);
      if (!leafHash(record).equals(leaf))
        throw new DamagedRecord(`position ${position}: the leaf hash is not that of the record`);
      last += 1n;
      records.push({ position: last, record, leaf });
    }
    yield records;
  }
}
