import type { PoolClient } from 'pg';
import type { OperationRow } from '../rows/operation.row.ts';
import { DeclineDayRow, TerminalDayRow } from '../rows/trade.row.ts';
import { rowOf } from './row-set.ts';
import { addTo, tableOf } from './tables.ts';

const terminalDays = tableOf(TerminalDayRow);
const declineDays = tableOf(DeclineDayRow);

/** What an operation counts as where it stands; sales, voids and refunds as the terminal's own totals count them (domain 2.4). */
type Counted = 'sales' | 'voids' | 'refunds' | 'reversed' | 'declined' | 'undecided' | 'inquiries';

const BY_KIND: Readonly<Record<string, Counted>> = {
  sale: 'sales',
  'offline-sale': 'sales',
  completion: 'sales',
  'completion-advice': 'sales',
  'completion-void': 'voids',
  void: 'voids',
  refund: 'refunds',
  inquiry: 'inquiries',
};

/** Standings that no figure of the day counts. */
const endedBeside: ReadonlySet<string> = new Set(['tombstoned', 'failed', 'expired']);

/** Holds move no money, so they are in no sum of money; a terminal's totals leave them out too. */
const HOLDING: ReadonlySet<string> = new Set(['pre-auth', 'pre-auth-void']);

function countedAs({ status, kind }: OperationRow): Counted | undefined {
  if (HOLDING.has(kind) && (status === 'reversed' || status === 'present')) return undefined;
  if (status === 'approved') return BY_KIND[kind];
  if (status === 'declined' || status === 'refused') return 'declined';
  if (status === 'reversed' || status === 'returned') return 'reversed';
  // A void that the clearing file showed done was told to its terminal as failed, like one that was undone.
  if (status === 'present') return 'reversed';
  return endedBeside.has(status) ? undefined : 'undecided';
}

/** Sums of what operations changed from and to; every row that was touched is written, so batches leave no trace. */
export class StandingCounts {
  readonly #days = new Map<string, TerminalDayRow>();
  readonly #declines = new Map<string, DeclineDayRow>();

  /** Adds the operation where it stands now (`sign` 1), or takes it away from where it stood (−1). */
  count(row: OperationRow, sign: 1 | -1): void {
    const counted = countedAs(row);
    const { tradeDate } = row;
    if (counted === undefined || tradeDate === null) return;
    const day = this.#dayOf(row, tradeDate);
    switch (counted) {
      case 'declined':
        day.declinedCount += sign;
        this.#declineOf(row, tradeDate).count += sign;
        return;
      case 'undecided':
        day.undecidedCount += sign;
        return;
      case 'inquiries':
        day.inquiriesCount += sign;
        return;
      default:
        day[`${counted}Count`] += sign;
        day[`${counted}Sum`] += sign * row.amount;
    }
  }

  async write(client: PoolClient): Promise<void> {
    await addTo(client, terminalDays, [...this.#days.values()]);
    await addTo(client, declineDays, [...this.#declines.values()]);
  }

  #dayOf({ acquirer, terminalId, batch, merchantId }: OperationRow, tradeDate: string): TerminalDayRow {
    const key = `${tradeDate}|${acquirer}|${terminalId}|${batch}|${merchantId}`;
    let day = this.#days.get(key);
    if (day === undefined) {
      day = rowOf(TerminalDayRow, {
        ...{
          tradeDate,
          acquirer,
          terminalId,
          batch,
          merchantId,
          salesCount: 0,
          salesSum: 0,
          voidsCount: 0,
          voidsSum: 0,
        },
        ...{ refundsCount: 0, refundsSum: 0, reversedCount: 0, reversedSum: 0 },
        ...{ declinedCount: 0, undecidedCount: 0, inquiriesCount: 0 },
      });
      this.#days.set(key, day);
    }
    return day;
  }

  #declineOf({ merchantId, responseCode }: OperationRow, tradeDate: string): DeclineDayRow {
    const code = responseCode ?? '';
    const key = `${tradeDate}|${merchantId}|${code}`;
    let row = this.#declines.get(key);
    if (row === undefined) {
      row = rowOf(DeclineDayRow, { tradeDate, merchantId, responseCode: code, count: 0 });
      this.#declines.set(key, row);
    }
    return row;
  }
}
