import type { BookFact } from '@tillstream/domain/book/events';
import type { StoredRecord } from '@tillstream/event-store';
import type { ReadModel } from '@tillstream/service-kit';
import type { Pool, PoolClient } from 'pg';

/** Which book of each merchant is the last: how the ledger finds its place after a start. */
export const lastBookModel: ReadModel = {
  name: 'ledger-last-book',
  nouns: ['book'],
  tables: ['ledger_last_book'],
  migrate: async (pool, schema) => {
    await pool.query(`
      create table if not exists ${schema}.ledger_last_book (
        merchant_id text primary key,
        stream text not null,
        book_date date not null,
        closed boolean not null,
        position bigint not null
      )`);
  },
  apply,
};

async function apply(facts: readonly StoredRecord[], client: PoolClient): Promise<void> {
  const last = new Map<string, { stream: string; date: string; closed: boolean; position: string }>();
  for (const stored of facts) {
    const fact = { type: stored.type, data: stored.data } as BookFact;
    if (fact.type !== 'BookOpened' && fact.type !== 'BookClosed') continue;
    last.set(fact.data.merchantId, {
      stream: stored.stream,
      date: fact.data.date,
      closed: fact.type === 'BookClosed',
      position: String(stored.position),
    });
  }
  if (last.size === 0) return;
  const rows = [...last.values()];
  await client.query(
    `insert into ledger_last_book (merchant_id, stream, book_date, closed, position)
     select * from unnest($1::text[], $2::text[], $3::date[], $4::boolean[], $5::bigint[])
     on conflict (merchant_id) do update set stream = excluded.stream, book_date = excluded.book_date,
       closed = excluded.closed, position = excluded.position
     where ledger_last_book.position < excluded.position`,
    [
      [...last.keys()],
      rows.map((r) => r.stream),
      rows.map((r) => r.date),
      rows.map((r) => r.closed),
      rows.map((r) => r.position),
    ],
  );
}

/** Stream of the merchant's last book; undefined when it never had one. */
export async function findLastBook(pool: Pool, merchantId: string): Promise<string | undefined> {
  const found = await pool.query<{ stream: string }>(
    'select stream from read.ledger_last_book where merchant_id = $1',
    [merchantId],
  );
  return found.rows[0]?.stream;
}
