import type { AnyFact } from '@tillstream/domain/facts';
import {
  auditFact,
  type Audit,
  type Breach as BookBreach,
  newAudit,
  totalsBreached,
} from '@tillstream/domain/book/invariants';
import type { Noun } from '@tillstream/domain/stream';
import { REACH_SQL, reachesOf, type ReachRow } from '@tillstream/messaging';
import type { EventStore, StoredRecord } from '@tillstream/event-store';
import type { Pool } from 'pg';
import { type Mark, readAt } from './read/snapshot.ts';
import type { Stored } from './model/projection.ts';
import { type Breach, JournalWatch } from './journal-watch.ts';

/** What a check looked at and found; no breach means that every rule holds. */
export interface InvariantReport {
  /** Facts were looked at up to here. */
  readonly position: Mark;
  /** Rows were compared here. */
  readonly rowsPosition: Mark;
  readonly facts: number;
  readonly breaches: readonly Breach[];
  /** Facts that will post and that the ledger has not taken in yet. */
  readonly pending: number;
}

const NOUNS: readonly Noun[] = ['payment', 'settlement', 'payout', 'payoutfile', 'clearing', 'book'];
const BATCH = 2_000;
const MOST_BREACHES = 100;

/**
 * Reads the whole history and checks it against itself and against the rows (quality 3, i1 to i4 as far as rows tell): every
 * entry and the trial balance sum to zero, each approval has exactly one journal, no entry is without its fact, 1002 is never
 * below zero or 2002, 1101 of a credited day is zero, and reports' sums are those of the facts. Memory grows with merchants
 * and with the ledger's lag, not with the history. @throws NothingReported
 */
export async function checkInvariants(pool: Pool, store: EventStore): Promise<InvariantReport> {
  const rows = await rowsNow(pool);
  // Read after the ledger's place: everything that it has taken in is booked below this head.
  const head = await store.head();
  const rowsAt = BigInt(rows.mark.position);
  const audit = newAudit();
  const journals = new JournalWatch(store.storeId);
  let atRows: Audit['control'] | undefined;
  let facts = 0;
  let after = 0n;
  for (;;) {
    const batch = await store.readAll(after, { nouns: NOUNS, limit: BATCH, upTo: head });
    const last = batch.at(-1);
    if (last === undefined) break;
    for (const stored of batch) {
      if (stored.position > rowsAt) atRows ??= { ...audit.control };
      look(stored, audit, journals);
    }
    facts += batch.length;
    after = last.position;
  }
  const breaches = [
    ...[...audit.breaches, ...totalsBreached(audit)].map(ofBooks),
    ...journals.breachesAt(rows.ledger),
    ...rowBreaches(rows, atRows ?? audit.control),
  ];
  return {
    position: { store: store.storeId, position: String(head) },
    rowsPosition: rows.mark,
    facts,
    breaches: breaches.slice(0, MOST_BREACHES),
    pending: journals.pendingAt(rows.ledger),
  };
}

function look(stored: StoredRecord, audit: Audit, journals: JournalWatch): void {
  const fact = stored as unknown as Stored<AnyFact>;
  switch (fact.type) {
    case 'BookOpened':
    case 'EntryPosted':
    case 'PayoutSkipped':
    case 'BookClosed':
      auditFact(audit, fact);
      return journals.booked(fact);
    default:
      return journals.happened(fact);
  }
}

const ofBooks = ({ rule, detail }: BookBreach): Breach => ({
  invariant: rule === 'entry-sums-to-zero' || rule === 'trial-balance-is-zero' ? 'i1' : 'books',
  rule,
  detail,
});

interface RowsNow {
  readonly mark: Mark;
  /** Up to where the ledger has booked. */
  readonly ledger: bigint;
  /** Account → fen, from lines and from the sums of books. */
  readonly lines: ReadonlyMap<string, number>;
  readonly flows: ReadonlyMap<string, number>;
  /** Payments with more than one J1 for their sale, or for each of their completions. */
  readonly doubled: readonly string[];
  /** Entries whose lines do not sum to zero. */
  readonly unbalanced: readonly string[];
}

async function rowsNow(pool: Pool): Promise<RowsNow> {
  return readAt(pool, async ({ mark, query }) => {
    const sums = async (table: string): Promise<Map<string, number>> => {
      const rows = await query<{ account: string; sum: string }>(
        `select account, sum(amount)::text as sum from ${table} group by account having sum(amount) <> 0`,
      );
      return new Map(rows.map(({ account, sum }) => [account, Number(sum)]));
    };
    const ledger = reachesOf(await query<ReachRow>(REACH_SQL, [['ledger']])).get('ledger');
    const doubled = await query<{ payment_id: string }>(
      `select payment_id from entry where activity = 'sale' group by payment_id
       having count(*) > greatest(1, (select count(*) from operation
         where operation.payment_id = entry.payment_id and kind like 'completion%' and decided_by is not null)) limit 10`,
    );
    const unbalanced = await query<{ position: string }>(
      `select position::text from entry_line group by position having sum(amount) <> 0 limit 10`,
    );
    return {
      mark,
      ledger: ledger?.lowest ?? 0n,
      lines: await sums('entry_line'),
      flows: await sums('book_flow'),
      doubled: doubled.map((row) => row.payment_id),
      unbalanced: unbalanced.map((row) => row.position),
    };
  });
}

function rowBreaches({ lines, flows, doubled, unbalanced }: RowsNow, control: Audit['control']): Breach[] {
  const accounts = new Set([...lines.keys(), ...flows.keys(), ...Object.keys(control)]);
  const differing = [...accounts].flatMap((account): Breach[] => {
    const said = control[account as keyof Audit['control']] ?? 0;
    const [ofLines, ofFlows] = [lines.get(account) ?? 0, flows.get(account) ?? 0];
    if (said === ofLines && said === ofFlows) return [];
    const detail = `${account}: facts ${said}, lines ${ofLines}, sums of books ${ofFlows}`;
    return [{ invariant: 'i4', rule: 'rows-equal-facts', detail }];
  });
  return [
    ...differing,
    ...unbalanced.map((position): Breach => ({
      ...{ invariant: 'i1', rule: 'entry-rows-sum-to-zero', detail: `entry at position ${position}` },
    })),
    ...doubled.map((paymentId): Breach => ({
      ...{
        invariant: 'i2',
        rule: 'one-journal-per-approval',
        detail: `payment ${paymentId} has more than one J1 for its sale`,
      },
    })),
  ];
}
