import type { MigrationInterface, QueryRunner } from 'typeorm';

/**
 * The tables of all reports, in the schema of the search path. Rows that facts keep changing leave room on their page, so that a
 * change touches no index; dates of rows that come in order need only a range per block. An entry keeps its lines in one value,
 * because a row for each would be most of the rows of all reports.
 */
const STATEMENTS: readonly string[] = [
  `create table payment (
    payment_id text primary key, position bigint not null, first_position bigint not null,
    kind text not null, status text not null, standing text not null, voided boolean not null,
    acquirer text not null, merchant_id text not null, terminal_id text not null, batch text not null,
    stan text not null, rrn text not null,
    amount bigint not null, fee bigint not null, issuer_cost bigint not null, network_cost bigint not null,
    refunded bigint not null, refunded_fee bigint not null,
    trade_date date not null, clearing_date date, channel text, scheme text, card_class text,
    first6 text, last4 text, issuer text, entry_mode text, auth_code text, response_code text,
    requested_at timestamptz not null, decided_at timestamptz
  ) with (fillfactor = 50)`,
  'create unique index payment_in_order on payment (first_position)',
  'create index payment_of_merchant on payment (merchant_id, first_position)',
  'create index payment_by_rrn on payment (rrn)',
  'create index payment_by_date on payment using brin (trade_date) with (autosummarize = on, pages_per_range = 32)',
  `create table operation (
    operation_id text primary key, position bigint not null, first_position bigint not null, payment_id text not null,
    kind text not null, status text not null,
    acquirer text not null, merchant_id text not null, terminal_id text not null, batch text not null,
    stan text not null, rrn text not null,
    amount bigint not null, fee bigint not null, issuer_cost bigint not null, network_cost bigint not null,
    trade_date date, clearing_date date, response_code text, auth_code text, reason text,
    requested_at timestamptz not null, decided_at timestamptz, decided_by text, undone_by text
  ) with (fillfactor = 50)`,
  'create index operation_of_payment on operation (payment_id)',
  'create index operation_of_batch on operation (acquirer, terminal_id, batch)',
  `create table terminal_day (
    trade_date date, acquirer text, terminal_id text, batch text, merchant_id text,
    sales_count bigint not null, sales_sum bigint not null, voids_count bigint not null, voids_sum bigint not null,
    refunds_count bigint not null, refunds_sum bigint not null, reversed_count bigint not null, reversed_sum bigint not null,
    declined_count bigint not null, undecided_count bigint not null, inquiries_count bigint not null,
    primary key (trade_date, acquirer, terminal_id, batch, merchant_id)
  ) with (fillfactor = 50)`,
  'create index terminal_day_of_batch on terminal_day (acquirer, terminal_id, batch)',
  `create table decline_day (
    trade_date date, merchant_id text, response_code text, count bigint not null,
    primary key (trade_date, merchant_id, response_code)
  ) with (fillfactor = 50)`,
  `create table book (
    merchant_id text, book_date date, position bigint not null, opened_position bigint not null,
    opened_at timestamptz not null, carried_in jsonb not null, closed_position bigint, closed_at timestamptz,
    carried_out jsonb, flows jsonb, entries bigint, margin bigint, undecided jsonb,
    primary key (merchant_id, book_date)
  )`,
  `create table entry (
    position bigint primary key, entry_id text not null, at timestamptz not null, merchant_id text not null,
    book_date date not null, journal text not null, cause text not null, payment_id text, trade_date date,
    due_date date, activity text, lines jsonb not null
  )`,
  'create index entry_of_book on entry (merchant_id, book_date, position)',
  'create index entry_of_payment on entry (payment_id) where payment_id is not null',
  `create view entry_line as
    select e.merchant_id, e.book_date, e.position, n.line::integer as line, e.at, e.journal, e.payment_id,
      n.value ->> 'account' as account, (n.value ->> 'amount')::bigint as amount, n.value ->> 'channel' as channel,
      (n.value ->> 'clearingDate')::date as clearing_date
    from entry e cross join lateral jsonb_array_elements(e.lines) with ordinality n (value, line)`,
  `create table book_flow (
    merchant_id text, book_date date, account text, channel text, clearing_date date, amount bigint not null,
    primary key (merchant_id, book_date, account, channel, clearing_date)
  ) with (fillfactor = 50)`,
  `create table book_activity (
    merchant_id text, book_date date, activity text, count bigint not null, gross bigint not null, fee bigint not null,
    issuer_cost bigint not null, network_cost bigint not null,
    primary key (merchant_id, book_date, activity)
  ) with (fillfactor = 50)`,
  `create table batch (
    acquirer text, terminal_id text, batch text, position bigint not null, merchant_id text not null, status text not null,
    opened_at timestamptz not null, decided_at timestamptz, presentations bigint not null, uploads bigint not null,
    overdue boolean not null, terminal_totals jsonb, host_totals jsonb, differences jsonb,
    primary key (acquirer, terminal_id, batch)
  )`,
  `create table payout (
    merchant_id text, due_date date, position bigint not null, status text not null, through date not null,
    amount bigint not null, attempt bigint not null, file text, bank_reference text, reason text,
    due_at timestamptz not null, changed_at timestamptz not null,
    primary key (merchant_id, due_date)
  )`,
  `create table payout_file (
    due_date date, n integer, position bigint not null, payouts bigint not null, total bigint not null, hash text not null,
    cut_at timestamptz not null, charge bigint not null,
    primary key (due_date, n)
  )`,
  `create table statement (
    merchant_id text, book_date date, position bigint not null, prepared_at timestamptz not null, figures jsonb not null,
    primary key (merchant_id, book_date)
  )`,
  `create table clearing_day (
    channel text, clearing_date date, position bigint not null, credited bigint, bank_reference text,
    credited_at timestamptz, margin_withdrawn bigint not null,
    primary key (channel, clearing_date)
  )`,
  `create table merchant (
    merchant_id text primary key, position bigint not null, name text not null, merchant_type text not null,
    mcc text not null, fee_class text not null, blocked boolean not null, fee_plan text not null
  )`,
  `create table terminal (
    acquirer text, terminal_id text, position bigint not null, merchant_id text not null, serial_number text not null,
    model text not null, status text not null,
    primary key (acquirer, terminal_id)
  )`,
  `create table channel (
    channel text primary key, position bigint not null, name text not null, kind text not null
  )`,
  `create table moment (
    span integer, past bigint, last_position bigint not null,
    primary key (span, past)
  ) with (fillfactor = 70)`,
];

/** Creates every table of reporting. */
export class CreateReporting1795392000000 implements MigrationInterface {
  readonly name = 'CreateReporting1795392000000';

  async up(runner: QueryRunner): Promise<void> {
    for (const statement of STATEMENTS) await runner.query(statement);
  }

  /** Rows of reporting are derived: they are dropped and filled again, never migrated back. */
  async down(): Promise<void> {
    throw new Error('drop the schema and rebuild instead');
  }
}
