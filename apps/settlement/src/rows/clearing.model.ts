import { plus, type Fen } from '@tillstream/money';
import type { ClearingDayFact, ClearingFact } from '@tillstream/domain/clearing/events';
import { clearingMovementOf } from '@tillstream/domain/clearing/nets';
import { unreachable } from '@tillstream/domain/fact';
import type { PaymentFact } from '@tillstream/domain/payment/events';
import type { StoredRecord } from '@tillstream/event-store';
import { LIVE_SCHEMA, type ReadModel } from '@tillstream/service-kit';
import type { Pool, PoolClient } from 'pg';
import { applyCases, cases } from './case-rows.ts';
import { applyOperations, operations, rowsOfIntents } from './operation-rows.ts';
import { createTables, FoldedRows, RowTable } from './row-table.ts';

/** A merchant's part of what a channel owes us for a clearing date, fen; per merchant, because that is how facts are ordered. */
interface NetRow {
  readonly channel: string;
  readonly clearingDate: string;
  readonly merchantId: string;
  readonly amount: Fen;
  readonly position: bigint;
}
/** What was said about a channel's clearing day; fen. */
export interface ClearingRow {
  readonly channel: string;
  readonly clearingDate: string;
  readonly creditedAmount: Fen | null;
  readonly creditedId: string | null;
  readonly bankReference: string | null;
  readonly withdrawnAmount: Fen | null;
  readonly withdrawnId: string | null;
  /** Newest file that was taken in, and the newest one from which everything is said. */
  readonly fileVersion: number | null;
  readonly fileHash: string | null;
  readonly reconciledVersion: number | null;
  /** Net of the reconciled file, fen. */
  readonly fileNet: Fen | null;
  readonly position: bigint;
}

const nets = new RowTable<NetRow>('settlement_channel_net', ['channel', 'clearingDate', 'merchantId'], {
  channel: 'text',
  clearingDate: 'date',
  merchantId: 'text',
  amount: 'fen',
  position: 'position',
});
const days = new RowTable<ClearingRow>('settlement_clearing', ['channel', 'clearingDate'], {
  channel: 'text',
  clearingDate: 'date',
  creditedAmount: 'fen?',
  creditedId: 'uuid?',
  bankReference: 'text?',
  withdrawnAmount: 'fen?',
  withdrawnId: 'uuid?',
  fileVersion: 'integer?',
  fileHash: 'text?',
  reconciledVersion: 'integer?',
  fileNet: 'fen?',
  position: 'position',
});

/** A channel that payments went through, with its first clearing date. */
interface ChannelRow {
  readonly channel: string;
  readonly firstDate: string;
}
const channels = new RowTable<ChannelRow>('settlement_channel', ['channel'], { channel: 'text', firstDate: 'date' });

/** What each channel owes per clearing date, and what the bank has credited. */
export const clearingModel: ReadModel = {
  name: 'settlement-clearing',
  nouns: ['payment', 'clearing'],
  tables: [nets.name, days.name, channels.name, operations.name, cases.name],
  migrate: (pool, schema) => createTables(pool, schema, [nets, days, channels, operations, cases]),
  apply: async (facts, client) => {
    await applyNets(facts, client);
    await applyDays(facts, client);
    await applyOperations(facts, client);
    await applyCases(facts, client);
  },
};

const netKey = (row: Pick<NetRow, 'channel' | 'clearingDate' | 'merchantId'>): string =>
  `${row.channel} ${row.clearingDate} ${row.merchantId}`;

async function applyNets(facts: readonly StoredRecord[], client: PoolClient): Promise<void> {
  const moved = facts.flatMap((stored) => {
    if (!stored.stream.startsWith('payment-')) return [];
    const movement = clearingMovementOf(stored as unknown as PaymentFact);
    return movement ? [{ ...movement, merchantId: stored.key, position: stored.position }] : [];
  });
  const keys = [...new Map(moved.map((row) => [netKey(row), row])).values()];
  const rows = new FoldedRows(await nets.load(client, keys), netKey);
  for (const movement of moved) {
    const before = rows.get(netKey(movement));
    if (before && movement.position <= before.position) continue;
    rows.set(before ? { ...movement, amount: plus(before.amount, movement.amount) } : movement);
  }
  await nets.write(client, rows.changed());
  const begun = rowsOfIntents(facts).map(({ channel, tradeDate }) => ({ channel, clearingDate: tradeDate }));
  await applyChannels([...moved, ...begun], client);
}

/** A channel counts from its first question on: a sale in doubt moves nothing, and its file has to decide. */
async function applyChannels(
  moved: readonly Pick<NetRow, 'channel' | 'clearingDate'>[],
  client: PoolClient,
): Promise<void> {
  const rows = new FoldedRows(await channels.load(client, uniqueChannels(moved)), ({ channel }: ChannelRow) => channel);
  for (const { channel, clearingDate } of moved) {
    const before = rows.get(channel);
    if (!before || clearingDate < before.firstDate) rows.set({ channel, firstDate: clearingDate });
  }
  const changed = rows.changed();
  if (changed.length === 0) return;
  // Every merchant's facts touch these rows, so another process may have written an earlier date since we looked.
  await client.query(
    `insert into ${channels.name} as t (channel, first_date) select * from unnest($1::text[], $2::date[])
     on conflict (channel) do update set first_date = least(t.first_date, excluded.first_date)`,
    [changed.map(({ channel }) => channel), changed.map(({ firstDate }) => firstDate)],
  );
}

const uniqueChannels = (moved: readonly { readonly channel: string }[]): { readonly channel: string }[] =>
  [...new Set(moved.map(({ channel }) => channel))].map((channel) => ({ channel }));

const dayKey = (row: Pick<ClearingRow, 'channel' | 'clearingDate'>): string => `${row.channel} ${row.clearingDate}`;

/** The facts of a channel's day itself, whatever the cases of its items are. */
const isOfDay = (fact: ClearingFact): fact is ClearingDayFact =>
  fact.type === 'ChannelCredited' ||
  fact.type === 'MarginWithdrawn' ||
  fact.type === 'ClearingFileReceived' ||
  fact.type === 'ClearingFileReconciled';

async function applyDays(facts: readonly StoredRecord[], client: PoolClient): Promise<void> {
  const own = facts.flatMap((stored) => {
    if (!stored.stream.startsWith('clearing-')) return [];
    const fact = stored as unknown as ClearingFact;
    return isOfDay(fact) ? [{ fact, id: stored.id, position: stored.position }] : [];
  });
  const keys = own.map(({ fact }) => fact.data);
  const rows = new FoldedRows(await days.load(client, keys), dayKey);
  for (const { fact, id, position } of own) {
    const before = rows.get(dayKey(fact.data));
    if (before && position <= before.position) continue;
    const { channel, clearingDate } = fact.data;
    rows.set(dayAfterFact({ ...(before ?? untouched), channel, clearingDate, position }, fact, id));
  }
  await days.write(client, rows.changed());
}

function dayAfterFact(row: ClearingRow, fact: ClearingDayFact, id: string): ClearingRow {
  switch (fact.type) {
    case 'ChannelCredited': {
      const { amount, bankReference } = fact.data;
      return { ...row, creditedAmount: amount, creditedId: id, bankReference };
    }
    case 'MarginWithdrawn':
      return { ...row, withdrawnAmount: fact.data.amount, withdrawnId: id };
    case 'ClearingFileReceived':
      return { ...row, fileVersion: fact.data.version, fileHash: fact.data.hash };
    case 'ClearingFileReconciled':
      return { ...row, reconciledVersion: fact.data.version, fileNet: fact.data.netOfFile };
    default:
      return unreachable(fact);
  }
}

const untouched = {
  creditedAmount: null,
  creditedId: null,
  bankReference: null,
  withdrawnAmount: null,
  withdrawnId: null,
  fileVersion: null,
  fileHash: null,
  reconciledVersion: null,
  fileNet: null,
} as const;

/** Expected nets, fen: channel → clearing date → sum over all merchants. */
export async function expectedNets(pool: Pool, from: string): Promise<Map<string, Map<string, Fen>>> {
  const found = await pool.query<{ channel: string; date: string; amount: string }>(
    `select channel, clearing_date::text as date, sum(amount)::text as amount
     from ${LIVE_SCHEMA}.${nets.name} where clearing_date >= $1 group by channel, clearing_date`,
    [from],
  );
  const byChannel = new Map<string, Map<string, Fen>>();
  for (const { channel, date, amount } of found.rows) {
    const dates = byChannel.get(channel) ?? new Map<string, Fen>();
    byChannel.set(channel, dates.set(date, Number(amount) as Fen));
  }
  return byChannel;
}

/** Each channel that payments went through with its first clearing date, earliest channel first. */
export const channelsSince = (pool: Pool): Promise<ChannelRow[]> =>
  channels.select(pool, `${LIVE_SCHEMA}.${channels.name}`, 'order by first_date, channel');

/** What was said about clearing days from a date on. */
export const clearingDays = (pool: Pool, from: string): Promise<ClearingRow[]> =>
  days.select(pool, `${LIVE_SCHEMA}.${days.name}`, 'where clearing_date >= $1 order by clearing_date, channel', [from]);

/** What was said to take from the reserve and is not booked yet, fen: margins, debits, payouts found to be paid. */
export async function unbookedOutflow(client: PoolClient): Promise<Fen> {
  const found = await client.query<{ sum: string }>(
    `select coalesce(sum(amount), 0)::text as sum from (
       select withdrawn_amount as amount, withdrawn_id as id from ${LIVE_SCHEMA}.${days.name} where withdrawn_id is not null
       union all
       select -credited_amount, credited_id from ${LIVE_SCHEMA}.${days.name} where credited_amount < 0
       union all
       select hold, resolved_id from ${LIVE_SCHEMA}.settlement_contradiction where outcome = 'paid'
     ) o where not exists (select 1 from ${LIVE_SCHEMA}.settlement_booked_clearing b where b.cause = o.id)`,
  );
  return Number(found.rows[0]?.sum ?? 0) as Fen;
}
