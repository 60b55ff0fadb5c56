import { shanghaiTime } from '@tillstream/domain/calendar/business-date';
import { addDays } from '@tillstream/domain/calendar/date';
import { fen, formatYuanGrouped } from '@tillstream/money';
import type { BatchSums } from '../read/day-batches.ts';
import type { DayFigures, DayPayout, DayReport } from '../read/day-report.ts';
import { html, type Markup } from './html.ts';
import { STYLE } from './style.ts';
import { accountName, caseName, type Language, payoutName, type Words, wordsOf } from './words.ts';

/** How far a group of consumers has come. */
export interface GroupProgress {
  readonly group: string;
  readonly position: string;
  readonly lag: number;
  readonly parkedKeys: number;
}
/** What the page shows. */
export interface PageContent {
  readonly language: Language;
  readonly report: DayReport;
  readonly groups: readonly GroupProgress[];
  /** Business clock, ms since the epoch: cases have an age. */
  readonly now: number;
}

const yuan = (amount: number): string => formatYuanGrouped(fen(amount));
const number = (count: number): string => count.toLocaleString('en-US');

/** A business day at a glance: one page, no script, nothing from elsewhere. */
export function dayPage({ language, report, groups, now }: PageContent): string {
  const words = wordsOf(language);
  const to = (date: string, inLanguage: Language): string => `/?date=${date}&lang=${inLanguage}`;
  const { date } = report;
  return html`<!doctype html>
    <html lang="${language === 'zh' ? 'zh-CN' : 'en'}">
      <head>
        <meta charset="utf-8" />
        <meta name="viewport" content="width=device-width, initial-scale=1" />
        <title>Tillstream · ${words.title} · ${date}</title>
        <style>
          ${STYLE}
        </style>
      </head>
      <body>
        <header>
          <h1>${words.title}</h1>
          <p>${words.day} <strong>${date}</strong></p>
          <nav>
            <a href="${to(addDays(date, -1), language)}">‹ ${words.before}</a>
            <a href="${to(addDays(date, 1), language)}">${words.after} ›</a>
            <a href="${to(date, language === 'zh' ? 'en' : 'zh')}" lang="${language === 'zh' ? 'en' : 'zh-CN'}"
              >${words.other}</a
            >
          </nav>
        </header>
        <main>
          ${[outcomes(report, words), merchants(report, words, language), batches(report, words), cases(report, now, words, language), books(report, words, language), progress(report, groups, words)]}
        </main>
      </body>
    </html>`.text;
}

const section = (id: string, title: string, content: Markup): Markup =>
  html`<section aria-labelledby="${id}">
    <h2 id="${id}">${title}</h2>
    ${content}
  </section>`;

const heads = (first: string, rest: readonly string[]): Markup =>
  html`<thead>
    <tr>
      <th scope="col">${first}</th>
      ${rest.map((title) => html`<th scope="col" class="n">${title}</th>`)}
    </tr>
  </thead>`;

const row = (first: string, cells: readonly (string | Markup)[]): Markup =>
  html`<tr>
    <th scope="row">${first}</th>
    ${cells.map((cell) => html`<td class="n">${cell}</td>`)}
  </tr>`;

/** Wide tables scroll by themselves, also by keyboard. */
const table = (label: string, head: Markup, rows: readonly Markup[], foot: readonly Markup[] = []): Markup =>
  html`<div class="wide" role="region" aria-label="${label}" tabindex="0">
    <table>
      ${head}
      <tbody>
        ${rows}
      </tbody>
      ${
        foot.length > 0
          ? html`<tfoot>
              ${foot}
            </tfoot>`
          : ''
      }
    </table>
  </div>`;

function outcomes({ totals, declinesByCode }: DayReport, words: Words): Markup {
  const codes = Object.entries(declinesByCode)
    .sort(([, a], [, b]) => b - a)
    .map(([code, count]) => `${code} × ${number(count)}`)
    .join(', ');
  const rows = [
    ...(['sales', 'voids', 'refunds', 'reversed'] as const).map((one) =>
      row(words[one], [number(totals[one].count), yuan(totals[one].sum)]),
    ),
    row(words.declined, [number(totals.declined.count), codes]),
    row(words.inDoubt, [number(totals.inDoubt.count), '']),
  ];
  return section(
    'outcomes',
    words.outcomes,
    table(words.outcomes, heads(words.outcome, [words.count, words.sum]), rows),
  );
}

function merchants({ merchants: days, totals }: DayReport, words: Words, language: Language): Markup {
  if (days.length === 0) return section('merchants', words.merchants, html`<p>${words.noTrade}</p>`);
  // Of several payouts both words may be "various", which is said once.
  const standing = ({ status, dueDate }: DayPayout): string =>
    [...new Set([payoutName(status, language), payoutName(dueDate, language)])].join(' ');
  const paid = (payout: DayPayout | null): Markup | string =>
    payout ? html`${yuan(payout.amount)} <small>${standing(payout)}</small>` : '–';
  const cells = (day: DayFigures & { readonly payout: DayPayout | null }): (string | Markup)[] => [
    ...[yuan(day.sales.sum), yuan(day.voids.sum), yuan(day.refunds.sum), yuan(day.fee), yuan(day.net)],
    ...[yuan(day.channelCost), yuan(day.margin), paid(day.payout)],
  ];
  const head = heads(words.merchant, [
    ...[words.gross, words.voids, words.refunds, words.fee, words.net, words.cost, words.margin, words.payout],
  ]);
  const rows = days.map((day) => row(day.name === '' ? day.merchantId : day.name, cells(day)));
  return section('merchants', words.merchants, table(words.merchants, head, rows, [row(words.total, cells(totals))]));
}

function batches({ batches: counts, terminalTotals, hostTotals }: DayReport, words: Words): Markup {
  const said = (sums: BatchSums): string[] => [
    ...[number(sums.debitCount), yuan(sums.debitSum), number(sums.creditCount), yuan(sums.creditSum)],
  ];
  const line = (['settled', 'settledWithDiff', 'hostClosed', 'open'] as const)
    .map((one) => `${number(counts[one])} ${words[one]}`)
    .join(' · ');
  const head = heads('', [...[words.saleCount, words.saleSum, words.undoCount, words.undoSum]]);
  const rows = [row(words.terminals, said(terminalTotals)), row(words.hosts, said(hostTotals))];
  return section(
    'batches',
    words.batches,
    html`<p>${line}</p>
      ${table(words.batches, head, rows)}`,
  );
}

const DAY_MS = 86_400_000;
/** From here on a case is escalated (domain 4.5). */
const LATE_DAYS = 7;

function cases({ openCases }: DayReport, now: number, words: Words, language: Language): Markup {
  if (openCases.length === 0) {
    return section('cases', words.cases, html`<p class="good">✓ ${words.noCases}</p>`);
  }
  const oldestFirst = [...openCases].sort((a, b) => Date.parse(a.oldest) - Date.parse(b.oldest));
  const rows = oldestFirst.map(({ kind, count, oldest }) => {
    const days = Math.max(0, Math.floor((now - Date.parse(oldest)) / DAY_MS));
    const age = html`${number(days)} <small>${words.since} ${shanghaiTime(Date.parse(oldest)).date}</small>`;
    const shown = days > LATE_DAYS ? html`<strong class="bad">${age} ${words.escalated}</strong>` : age;
    return row(caseName(kind, language), [number(count), shown]);
  });
  const total = openCases.reduce((sum, { count }) => sum + count, 0);
  const foot = [row(words.total, [number(total), ''])];
  return section('cases', words.cases, table(words.cases, heads(words.kind, [words.count, words.oldest]), rows, foot));
}

function books({ trialBalance, accounts }: DayReport, words: Words, language: Language): Markup {
  const { debit, credit, difference } = trialBalance;
  const verdict =
    difference === 0
      ? html`<p class="good">✓ ${words.balanced}</p>`
      : html`<p class="bad" role="alert">✗ ${words.unbalanced} ${yuan(difference)}</p>`;
  const rows = accounts.map(({ account, balance }) =>
    row(`${account} ${accountName(account, language)}`, [
      ...[balance > 0 ? yuan(balance) : '', balance < 0 ? yuan(-balance) : ''],
    ]),
  );
  const foot = [row(words.total, [yuan(debit), yuan(credit)])];
  return section(
    'books',
    words.books,
    html`${verdict}${table(words.books, heads(words.account, [words.debit, words.credit]), rows, foot)}`,
  );
}

function progress({ position }: DayReport, groups: readonly GroupProgress[], words: Words): Markup {
  const rows = groups.map(({ group, position: at, lag, parkedKeys }) =>
    row(group, [at, number(lag), number(parkedKeys)]),
  );
  return section(
    'progress',
    words.health,
    html`<p>${words.position} <code>${position.position}</code> · <code>${position.store}</code></p>
      ${table(words.health, heads(words.group, [words.position, words.lag, words.parked]), rows)}`,
  );
}
