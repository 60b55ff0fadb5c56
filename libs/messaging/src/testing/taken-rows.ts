import { randomUUID } from 'node:crypto';
import type { StoredRecord } from '@tillstream/event-store';
import { factToAppend } from '@tillstream/event-store/testing';
import type { PostgresEventStore } from '@tillstream/event-store';
import type { ClientBase, Pool } from 'pg';
import type { RowGroup } from '../port.ts';

/** A table that shows what was taken in, how often and in which order. */
export const TAKEN = 'create table taken (id bigserial primary key, position bigint not null, key text not null)';

/** Takes facts in as rows. */
export async function insertTaken(client: Pick<ClientBase, 'query'>, facts: readonly StoredRecord[]): Promise<void> {
  await client.query('insert into taken (position, key) select * from unnest($1::bigint[], $2::text[])', [
    facts.map(({ position }) => String(position)),
    facts.map(({ key }) => key),
  ]);
}

/** A group that keeps the table. */
export const takenGroup = (group = 'g'): RowGroup => ({
  kind: 'rows',
  group,
  nouns: ['payment'],
  onBatch: ({ facts, client }) => insertTaken(client, facts),
});

/** What is wrong with the table: positions that are missing or there twice, keys out of order. Empty when all is well. */
export async function wrongRows(pool: Pool): Promise<readonly string[]> {
  const { rows } = await pool.query<{ wrong: string }>(`
    select 'missing ' || f.position as wrong from store.fact f where f.noun = 'payment' and not exists (select 1 from taken t where t.position = f.position)
    union all select 'doubled ' || position from taken group by position having count(*) > 1
    union all select 'out of order ' || position from (select position, lag(position) over (partition by key order by id) before from taken) o
      where before > position
    limit 20`);
  return rows.map(({ wrong }) => wrong);
}

/** Appends facts to streams of their own, spread over keys by their number; gives the position of the last. */
export async function appendMany(store: PostgresEventStore, count: number, keys = 97): Promise<bigint> {
  const writer = store.writer('authorization');
  const appended = await Promise.all(
    Array.from({ length: count }, (_, n) =>
      writer.append(`payment-${randomUUID()}`, -1, [factToAppend({ n }, { key: `M${n % keys}` })]),
    ),
  );
  return appended.reduce((last, answer) => (answer.ok && answer.position > last ? answer.position : last), 0n);
}

/** Appends without end until it is stopped; the stop gives the position of the last. */
export function appendSteadily(store: PostgresEventStore, perRound = 40, pauseMs = 20): () => Promise<bigint> {
  let running = true;
  const work = (async (): Promise<bigint> => {
    let last = 0n;
    while (running) {
      last = await appendMany(store, perRound);
      await new Promise((resolve) => setTimeout(resolve, pauseMs));
    }
    return last;
  })();
  return () => {
    running = false;
    return work;
  };
}
