import type { PoolClient } from 'pg';
import { nounOf } from '@tillstream/domain/stream';
import { isUuid } from '../ids.ts';
import { DamagedRecord, decodeRecord, ID_OFFSET, leafHash } from '../record.ts';
import type { PlacedRecord } from './export-records.ts';

/**
 * Puts exported records back where they stood, in a store that holds none, in the caller's transaction: all of it becomes visible
 * with the head, or nothing. Every leaf is hashed again and every position must follow on the last.
 */
export class RecordImport {
  readonly #client: PoolClient;
  #last = 0n;

  private constructor(client: PoolClient) {
    this.#client = client;
  }

  /** Takes the store for the caller's transaction. @throws Error when it holds a fact */
  static async begin(client: PoolClient): Promise<RecordImport> {
    const head = await client.query<{ position: string }>('select position::text from store.head for update');
    if (head.rows[0]?.position !== '0')
      throw new Error('the store holds facts already; records go into an empty one only');
    await client.query(`set local store.appending = 'on'`);
    return new RecordImport(client);
  }

  /** Position of the last record taken in. */
  get last(): bigint {
    return this.#last;
  }

  /** @throws DamagedRecord when a record does not follow, is none, or is not the one of its leaf */
  async add(records: readonly PlacedRecord[]): Promise<void> {
    const streams: string[] = [];
    const revisions: number[] = [];
    const keys: string[] = [];
    const nouns: string[] = [];
    for (const { position, record, leaf } of records) {
      if (position !== this.#last + 1n) throw new DamagedRecord(`position ${this.#last + 1n} is missing`);
      if (!leafHash(record).equals(leaf))
        throw new DamagedRecord(`position ${position}: the leaf hash is not that of the record`);
      const { stream, revision, key } = decodeRecord(record);
      const noun = nounOf(stream);
      if (noun === undefined) throw new DamagedRecord(`position ${position}: ${stream} is no stream`);
      this.#last = position;
      streams.push(stream);
      revisions.push(revision);
      keys.push(key);
      nouns.push(noun);
    }
    await this.#client.query({
      name: 'import-records',
      text: `insert into store.fact (position, stream, revision, key, noun, record, leaf)
        select * from unnest($1::bigint[], $2::text[], $3::integer[], $4::text[], $5::text[], $6::bytea[], $7::bytea[])`,
      values: [
        records.map(({ position }) => String(position)),
        streams,
        revisions,
        keys,
        nouns,
        records.map(({ record }) => record),
        records.map(({ leaf }) => leaf),
      ],
    });
  }

  /**
   * Position of the earliest record whose id is among `ids`, a table of the caller's transaction with one text column `id`;
   * undefined when none is. One look through the records.
   */
  async earliestOf(ids: string): Promise<bigint | undefined> {
    const found = await this.#client.query<{ first: string | null }>(
      `select min(f.position)::text as first from store.fact f
         join ${ids} named on named.id = convert_from(substring(f.record from ${ID_OFFSET + 1} for 36), 'UTF8')`,
    );
    const first = found.rows[0]?.first ?? null;
    return first === null ? undefined : BigInt(first);
  }

  /** The store is the one of this uuid again, and its head is the last record. */
  async finish(storeId: string): Promise<void> {
    if (!isUuid(storeId)) throw new Error(`the store's id ${JSON.stringify(storeId)} is no UUID`);
    await this.#client.query('update store.identity set store_id = $1', [storeId]);
    if (this.#last > 0n) await this.#client.query('update store.head set position = $1', [String(this.#last)]);
    await this.#client.query(`set local store.appending = ''`);
  }
}
