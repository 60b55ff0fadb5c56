import { MomentRow } from '../rows/master-data.row.ts';
import { arrayLiteral } from './array-literal.ts';
import type { Projection } from './projection.ts';
import { rowOf } from './row-set.ts';

/** Seconds of the coarse rows: the search for a moment reads hours first, then at most this many seconds. */
export const COARSE_SECONDS = 3_600;

/** Which position the history had reached by each second of the business clock. */
export const momentsProjection: Projection = {
  async take(facts, client) {
    const rows = new Map<string, MomentRow>();
    for (const { at, position } of facts) {
      const ms = Date.parse(at);
      for (const span of [1, COARSE_SECONDS]) {
        const past = String(Math.ceil(ms / (span * 1_000)) * span);
        const key = `${span}|${past}`;
        // Facts of several keys come in no order among each other.
        if (BigInt(rows.get(key)?.lastPosition ?? 0) >= position) continue;
        rows.set(key, rowOf(MomentRow, { span, past, lastPosition: String(position) }));
      }
    }
    // Every merchant's facts touch these rows: in one order, so that two processes that write at once never wait for each other.
    const all = [...rows.values()].sort((a, b) => a.span - b.span || Number(BigInt(a.past) - BigInt(b.past)));
    await client.query(
      `insert into moment as t (span, past, last_position) select * from unnest($1::integer[], $2::bigint[], $3::bigint[])
       on conflict (span, past) do update set last_position = excluded.last_position
       where t.last_position < excluded.last_position`,
      [all.map((row) => row.span), all.map((row) => row.past), all.map((row) => row.lastPosition)].map((list) =>
        arrayLiteral(list, 'bigint'),
      ),
    );
  },
};
