import type { Pool } from 'pg';
import type { Noun } from '@tillstream/domain/stream';
import { StoreUnavailable, type RecordPage, type StoredRecord } from '../port.ts';
import { DamagedRecord, decodeRecord, leafHash, type RecordContent } from '../record.ts';
import { LatelyDecoded } from './lately-decoded.ts';
import { PAGE_SQL, pageOf, type PageRow } from './record-page.ts';
import { StreamReads, type Found, type Wanted } from './stream-reads.ts';

/** Facts per read when the caller names no limit, and the most that one read gives. */
export const DEFAULT_LIMIT = 1_000;
const MAX_LIMIT = 5_000;
/** Facts per stream of a group; a longer stream is read on by itself. */
const GROUP_LIMIT = 100;

type Row = [position: string, record: string, leaf: string];
type Upcast = (content: RecordContent) => RecordContent;

// The driver reads columns as text only; a record is UTF-8 JSON, so its text gives back the very bytes.
const FIELDS = `f.position::text, convert_from(f.record, 'UTF8'), encode(f.leaf, 'base64')`;

/** Reads facts in index order and checks each against its leaf hash, so that a changed record is never passed on. */
export class Reading {
  private readonly pool: Pool;
  private readonly upcast: Upcast;
  private readonly lately = new LatelyDecoded();
  private readonly streams = new StreamReads(
    (wanted) => this.wholeStream(wanted),
    (wanted) => this.group(wanted),
  );

  constructor(pool: Pool, upcast: Upcast) {
    this.pool = pool;
    this.upcast = upcast;
  }

  async head(): Promise<bigint> {
    const rows = await this.ask<[string]>('store-head', 'select position::text from store.head', []);
    return BigInt(rows[0]?.[0] ?? 0);
  }

  stream(stream: string, from: number): Promise<StoredRecord[]> {
    return this.streams.read(stream, from);
  }

  private async wholeStream({ stream, from }: Wanted): Promise<StoredRecord[]> {
    const facts: StoredRecord[] = [];
    for (;;) {
      const next = from + facts.length;
      const rows = await this.ask<Row>(
        'store-stream',
        `select ${FIELDS} from store.fact f where f.stream = $1 and f.revision >= $2 order by f.revision limit $3`,
        [stream, next, DEFAULT_LIMIT],
      );
      for (const row of rows) facts.push(this.decode(row));
      if (rows.length < DEFAULT_LIMIT) return facts;
    }
  }

  private async group(wanted: readonly Wanted[]): Promise<readonly Found[]> {
    const rows = await this.ask<[n: string, ...Row]>(
      'store-streams',
      `select a.n::text, ${FIELDS} from unnest($1::text[], $2::integer[]) with ordinality as a(stream, first, n)
         cross join lateral (select * from store.fact g where g.stream = a.stream and g.revision >= a.first
                              order by g.revision limit $3) f
        order by a.n, f.revision`,
      [wanted.map(({ stream }) => stream), wanted.map(({ from }) => from), GROUP_LIMIT],
    );
    const found: Row[][] = wanted.map(() => []);
    for (const [n, ...row] of rows) found[Number(n) - 1]?.push(row);
    return Promise.all(
      wanted.map(async ({ stream, from }, n): Promise<Found> => {
        try {
          const facts = (found[n] ?? []).map((row) => this.decode(row));
          if (facts.length < GROUP_LIMIT) return facts;
          return [...facts, ...(await this.wholeStream({ stream, from: from + facts.length }))];
        } catch (error) {
          return error as Error;
        }
      }),
    );
  }

  async existing(streams: readonly string[]): Promise<ReadonlySet<string>> {
    const rows = await this.ask<[string]>(
      'store-existing',
      `select s from unnest($1::text[]) as s where exists (select 1 from store.fact f where f.stream = s and f.revision = 0)`,
      [streams],
    );
    return new Set(rows.map(([stream]) => stream));
  }

  async all(
    after: bigint,
    upTo: bigint | undefined,
    nouns: readonly Noun[] | undefined,
    limit: number,
  ): Promise<StoredRecord[]> {
    const end = String(upTo ?? 2n ** 63n - 1n);
    const wanted = nouns === undefined ? '' : 'and f.noun = any ($4)';
    const rows = await this.ask<Row>(
      nouns === undefined ? 'store-all' : 'store-nouns',
      `select ${FIELDS} from store.fact f where f.position > $1 and f.position <= $2 ${wanted} order by f.position limit $3`,
      [String(after), end, Math.min(limit, MAX_LIMIT), ...(nouns === undefined ? [] : [nouns])],
    );
    return rows.map((row) => this.decode(row));
  }

  /** One row for a whole page: each row of its own costs this process more than the record's bytes do. */
  async records(after: bigint, limit: number): Promise<RecordPage> {
    const most = Math.min(limit, MAX_LIMIT);
    const [row] = await this.ask<PageRow>('store-records', PAGE_SQL, [String(after), most]);
    return pageOf(row, most);
  }

  async key(key: string, after: bigint, upTo: bigint, nouns: readonly Noun[], limit: number): Promise<StoredRecord[]> {
    const rows = await this.ask<Row>(
      'store-key',
      `select ${FIELDS} from store.fact f
        where f.key = $1 and f.position > $2 and f.position <= $3 and f.noun = any ($4) order by f.position limit $5`,
      [key, String(after), String(upTo), nouns, Math.min(limit, MAX_LIMIT)],
    );
    return rows.map((row) => this.decode(row));
  }

  private decode([at, text, leaf]: Row): StoredRecord {
    const position = BigInt(at);
    const known = this.lately.find(position, text, leaf);
    if (known !== undefined) return known;
    const record = Buffer.from(text, 'utf8');
    if (leafHash(record).toString('base64') !== leaf)
      throw new DamagedRecord(
        `position ${position}: the record is not the one that was appended (its leaf hash differs)`,
      );
    const fact = { ...this.upcast(decodeRecord(text)), position, record };
    this.lately.keep(text, leaf, fact);
    return fact;
  }

  private async ask<R extends unknown[]>(name: string, text: string, values: unknown[]): Promise<R[]> {
    try {
      return (await this.pool.query<R>({ name, text, values, rowMode: 'array' })).rows;
    } catch (error) {
      throw translate(error);
    }
  }
}

/** An error without an SQLSTATE never came from the server, and classes 08, 53, 57 say that it cannot serve now. */
function translate(error: unknown): unknown {
  const code = (error as { code?: unknown }).code;
  const state = typeof code === 'string' && /^[0-9A-Z]{5}$/.test(code) ? code : undefined;
  if (state === '22021') return new DamagedRecord('a record is not UTF-8', { cause: error });
  if (state === undefined || /^(?:08|53|57)/.test(state))
    return new StoreUnavailable('the event store cannot be read now', { cause: error });
  return error;
}
