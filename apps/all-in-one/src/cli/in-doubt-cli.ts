import { parseArgs } from 'node:util';
import { listInDoubt, type DoubtfulOperation } from '@tillstream/authorization';
import { businessDateAt } from '@tillstream/domain/calendar/business-date';
import { fen, formatYuanGrouped } from '@tillstream/money';
import type { Pool } from 'pg';
import { readNodeSettings } from '../host/settings.ts';
import { openData, runCommand } from './open-data.ts';

const HELP = `npm run in-doubt [-- --merchant NUMBER] [--json] [--data DIR]

Lists the operations of which nobody can tell yet how they stand at the channel, oldest first: since when, how they stand, who
brings them to an end and what is tried next. Works beside a running node, whose API (GET /in-doubt) also says when the next try
is due, and on a stopped one, as far as its rows had come.`;

const PAGE = 500;

await runCommand(async () => {
  const { values } = parseArgs({
    args: process.argv.slice(2),
    options: {
      merchant: { type: 'string' },
      json: { type: 'boolean' },
      data: { type: 'string' },
      help: { type: 'boolean', short: 'h' },
    },
  });
  if (values.help === true) {
    console.log(HELP);
    return 0;
  }
  const { cutOffMinutes } = readNodeSettings(process.env);
  const data = await openData(values.data);
  try {
    if (!(await wasUsed(data.pool))) {
      console.log('nothing is in doubt: no node was ever started on this data');
      return 0;
    }
    const now = await businessNow(data.pool);
    const found = await everything(data.pool, businessDateAt(now, cutOffMinutes), values.merchant);
    if (values.json === true) console.log(JSON.stringify(found, null, 2));
    else for (const line of linesOf(found, now)) console.log(line);
    return 0;
  } finally {
    await data.close();
  }
});

async function wasUsed(pool: Pool): Promise<boolean> {
  const tables =
    "to_regclass('state.business_clock') is not null and to_regclass('read.authorization_operation') is not null";
  const found = await pool.query<{ used: boolean }>(`select ${tables} as used`);
  return found.rows[0]?.used === true;
}

/** Time in a simulated folder stands where its node left it. */
async function businessNow(pool: Pool): Promise<number> {
  const found = await pool.query<{ floor: string }>(
    'select (extract(epoch from floor_at) * 1000)::bigint::text as floor from state.business_clock where simulated',
  );
  const [row] = found.rows;
  return row === undefined ? Date.now() : Number(row.floor);
}

async function everything(pool: Pool, current: string, merchantId: string | undefined): Promise<DoubtfulOperation[]> {
  const all: DoubtfulOperation[] = [];
  for (let after: string | undefined; ;) {
    const page = await listInDoubt(pool, current, { merchantId, after, limit: PAGE });
    all.push(...page);
    const last = page.at(-1);
    if (last === undefined || page.length < PAGE) return all;
    after = `${last.since}/${last.operationId}`;
  }
}

function linesOf(found: readonly DoubtfulOperation[], now: number): string[] {
  if (found.length === 0) return ['nothing is in doubt'];
  const lines = found.map((one) =>
    [
      one.since.slice(0, 19),
      ageOf(now - Date.parse(one.since)),
      one.kind.padEnd(17),
      formatYuanGrouped(fen(one.amount)).padStart(14),
      one.merchantId,
      one.paymentId,
      one.standing.padEnd(9),
      nextOf(one),
    ].join('  '),
  );
  return [...lines, `${found.length} in doubt`];
}

/** Hours and minutes; wide enough for a month. */
function ageOf(ms: number): string {
  const minutes = Math.max(0, Math.floor(ms / 60_000));
  return `${Math.floor(minutes / 60)}h${String(minutes % 60).padStart(2, '0')}`.padStart(7);
}

/** Who ends it, and by what. */
function nextOf({ owner, standing, clearingFileOf }: DoubtfulOperation): string {
  if (owner === 'clearing-file') return `the clearing file of ${clearingFileOf ?? 'its day'} decides`;
  return standing === 'asked' ? 'the channel is told until it answers' : 'the channel is asked to undo it';
}
