import { formatYuanGrouped, fen } from '@tillstream/money';
import { responseCode } from '@tillstream/iso8583';
import type { RebuildOutcome } from '@tillstream/service-kit';
import type { DayReport } from '@tillstream/simulator';
import type { Breach, DayReport as DayFigures } from '@tillstream/reporting';

const yuan = (value: number): string => formatYuanGrouped(fen(value));
const count = (value: number): string => value.toLocaleString('en-US');

/** Everything that the summary of a day is made of. */
export interface DaySummary {
  readonly figures: DayFigures;
  /** The fleet's own records. */
  readonly fleet: DayReport;
  readonly replay: RebuildOutcome;
  /** Facts read back and found good. */
  readonly verified: number;
  /** What the invariants found over the whole history. */
  readonly breaches: readonly Breach[];
}

/** What a finance person reads after a day: payments by outcome, money per merchant, controls, and the replay. */
export function summaryText(day: DaySummary): string {
  const { figures, fleet, replay, verified, breaches } = day;
  return [
    '',
    `Business day ${figures.date}  (position ${figures.position.position} of store ${figures.position.store.slice(0, 8)})`,
    '',
    ...outcomes(figures),
    '',
    ...merchants(figures),
    '',
    ...controls(figures, fleet),
    '',
    ...replayed(replay, verified),
    ...booked(breaches),
    '',
  ].join('\n');
}

function outcomes(figures: DayFigures): string[] {
  const { totals, declinesByCode } = figures;
  const codes = Object.entries(declinesByCode)
    .sort(([, a], [, b]) => b - a)
    .map(([code, n]) => `${code} ${responseCode(code).zh} ${count(n)}`)
    .join(', ');
  const line = (label: string, tally: { count: number; sum: number }): string =>
    `  ${padded(label, 22)}${count(tally.count).padStart(9)}${yuan(tally.sum).padStart(18)}`;
  return [
    'Payments by outcome 交易结果                        yuan',
    line('sales approved 消费', totals.sales),
    line('voids 撤销', totals.voids),
    line('refunds 退货', totals.refunds),
    line('reversed 冲正', totals.reversed),
    `  ${padded('declined 拒绝', 22)}${count(totals.declined.count).padStart(9)}   ${codes}`,
    `  ${padded('in doubt 未决', 22)}${count(totals.inDoubt.count).padStart(9)}`,
  ];
}

type MerchantFigures = DayFigures['totals'];
type BatchSums = DayFigures['hostTotals'];

const columns: readonly [string, (m: MerchantFigures) => number][] = [
  ['gross 交易额', (m) => m.sales.sum],
  ['voids 撤销', (m) => m.voids.sum],
  ['refunds 退货', (m) => m.refunds.sum],
  ['fees 手续费', (m) => m.fee],
  ['net 净额', (m) => m.net],
  ['cost 成本', (m) => m.channelCost],
  ['margin 毛利', (m) => m.margin],
  ['payout 划款', (m) => m.payout?.amount ?? 0],
];

function merchants(figures: DayFigures): string[] {
  const row = (name: string, m: MerchantFigures): string =>
    `  ${padded(name, 16)}${columns.map(([, value]) => yuan(value(m)).padStart(15)).join('')}  ${m.payout?.status ?? ''}`;
  return [
    `  ${padded('merchant 商户', 16)}${columns.map(([title]) => padded(title, 15, 'start')).join('')}`,
    ...figures.merchants.map((m) => row(m.name, m)),
    row('total 合计', figures.totals),
  ];
}

function controls(figures: DayFigures, fleet: DayReport): string[] {
  const { trialBalance, terminalTotals, hostTotals, batches } = figures;
  const sums = (b: BatchSums): string =>
    `debit ${yuan(b.debitSum)} / ${count(b.debitCount)}  credit ${yuan(b.creditSum)} / ${count(b.creditCount)}`;
  const unplanned = fleet.differences.filter((difference) => !difference.planned);
  return [
    `Trial balance 试算平衡     debit ${yuan(trialBalance.debit)}  credit ${yuan(trialBalance.credit)}  difference ${yuan(trialBalance.difference)}${trialBalance.difference === 0 ? '  ✓' : '  ✗'}`,
    `Terminal totals 终端合计   ${sums(terminalTotals)}`,
    `Host totals 主机合计       ${sums(hostTotals)}`,
    `Batches 批次              ${batches.settled} balanced, ${batches.settledWithDiff} settled with a difference, ${batches.open} open`,
    `Terminals' own records    ${fleet.terminals.length} compared, ${unplanned.length} unexpected differences, ${fleet.differences.length - unplanned.length} planned`,
    ...unplanned
      .slice(0, 10)
      .map((d) => `  ${d.terminalId} step ${d.step ?? '-'}: ${d.what}: expected ${d.expected}, got ${d.got}`),
  ];
}

function replayed(replay: RebuildOutcome, verified: number): string[] {
  const broken = replay.tables.filter((table) => !table.equal).map((table) => table.table);
  const rows = replay.tables.reduce((sum, table) => sum + table.rows, 0);
  return [
    `Store 事件库              ${count(verified)} facts read back, every leaf hash verifies`,
    replay.equal
      ? `Replay 重放               ${count(replay.facts)} facts from position 0 give the same ${count(rows)} rows in ${replay.tables.length} tables  ✓`
      : `Replay 重放               DIFFERENT in ${broken.join(', ')}  ✗`,
  ];
}

function booked(breaches: readonly Breach[]): string[] {
  const rules = 'entries sum to 0, one journal per approval, 1002 ≥ 2002 at every entry, client money at every close';
  if (breaches.length === 0) return [`Books 账簿                ${rules}  ✓`];
  const shown = breaches.slice(0, 10).map((breach) => `  ${breach.invariant} ${breach.rule}: ${breach.detail}`);
  return [`Books 账簿                ${breaches.length} BREACHES  ✗`, ...shown];
}

/** Pads by the width on the screen, where a Chinese character takes two columns. */
function padded(text: string, width: number, side: 'start' | 'end' = 'end'): string {
  const space = ' '.repeat(
    Math.max(0, width - [...text].reduce((sum, c) => sum + (c.codePointAt(0)! > 0x2e7f ? 2 : 1), 0)),
  );
  return side === 'start' ? space + text : text + space;
}
