import type { Pool } from 'pg';

/** A long history that the store takes for its own: records and leaves as appends would have made them, in one statement. */
export async function fillStore(pool: Pool, count: number, textBytes = 600): Promise<void> {
  await pool.query(`begin; set local store.appending = 'on';
    insert into store.fact (position, stream, revision, key, noun, record, leaf)
    select h.position + n, 'payment-' || id, 0, 'M' || n % 997, 'payment', record, sha256('\\x00'::bytea || record)
      from store.head h cross join generate_series(1, ${count}) n
      cross join lateral (select gen_random_uuid() as id, n as m) i
      cross join lateral (select convert_to(format(
        '{"id":"%s","stream":"payment-%s","revision":0,"type":"SpecHappened","version":1,"at":"2026-11-23T01:02:03.004Z","by":"service:spec",'
        '"causedBy":null,"correlation":"spec","key":"M%s","data":{"text":"%s"}}', id, id, i.m % 997, repeat('x', ${textBytes})), 'UTF8') as record) r;
    update store.head set position = position + ${count}; commit`);
}
