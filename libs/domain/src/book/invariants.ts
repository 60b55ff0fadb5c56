import { minus, negate, plus, ZERO, type Fen } from '@tillstream/money';
import type { BusinessDate } from '../fact.ts';
import type { Account, BookFact, EntryPosted } from './events.ts';
import { onAccount, sumOf } from './journals.ts';
import {
  balanceOf,
  carriedOf,
  evolve,
  marginOf,
  noBook,
  payableOf,
  summed,
  type Balances,
  type BookState,
} from './state.ts';

/** A rule of domain 4.6 that the books break, and where. */
export interface Breach {
  readonly rule:
    | 'entry-sums-to-zero'
    | 'trial-balance-is-zero'
    | 'receivable-cleared'
    | 'sub-ledger-is-control'
    | 'close-follows-from-entries'
    | 'opening-is-last-close'
    | 'reserve-not-negative'
    | 'reserve-covers-transit'
    | 'client-money'
    | 'suspense-not-overdrawn';
  readonly detail: string;
}

/** What was seen of all books so far: one state per merchant, and the control accounts over merchants and house together. */
export interface Audit {
  readonly books: Map<string, BookState>;
  /** Sum per account over every entry ever posted; fen, debit positive. 1001 may be negative: it is funded outside. */
  control: Balances;
  /** `<channel> <clearing date>` → 1101, fen. */
  readonly receivables: Map<string, Fen>;
  /** Channel days that have their J5: their 1101 is zero and stays zero (what comes late is for reconciliation). */
  readonly credited: Set<string>;
  /** Clearing case → what its entries left in 1191 and 2191; fen, debit positive. */
  readonly cases: Map<string, { readonly short: Fen; readonly long: Fen }>;
  readonly breaches: Breach[];
}

/** Nothing seen. The audit is a running sum over what may be millions of entries, so it is filled in place. */
export const newAudit = (): Audit => ({
  books: new Map(),
  control: {},
  receivables: new Map(),
  credited: new Set(),
  cases: new Map(),
  breaches: [],
});

/** Key of {@link Audit.receivables}. */
export const receivableKey = (channel: string, clearingDate: BusinessDate): string => `${channel} ${clearingDate}`;

/**
 * Checks all books, facts in position order: each entry, each close, and at the end the sums over everything. An empty answer
 * means that every rule holds. 1002 has legs in merchants' books and in the house's, so it is tested over both together.
 */
export function checkBooks(facts: Iterable<BookFact>): readonly Breach[] {
  const audit = newAudit();
  for (const fact of facts) auditFact(audit, fact);
  return [...audit.breaches, ...totalsBreached(audit)];
}

/** Looks at one more fact and notes what it breaks. */
export function auditFact(audit: Audit, fact: BookFact): void {
  const { merchantId } = fact.data;
  const before = audit.books.get(merchantId) ?? noBook(merchantId);
  if (fact.type === 'EntryPosted') auditEntry(audit, fact.data);
  if (fact.type === 'BookOpened') auditOpening(audit, before, fact.data.carried.balances);
  if (fact.type === 'BookClosed' && before.is === 'open') {
    const expected = JSON.stringify([sorted(carriedOf(before).balances), sorted(before.flows), before.entries]);
    const said = JSON.stringify([sorted(fact.data.carried.balances), sorted(fact.data.flows), fact.data.entries]);
    if (expected !== said) {
      note(
        audit,
        'close-follows-from-entries',
        `${merchantId} ${fact.data.date}: entries give ${expected}, close says ${said}`,
      );
    }
  }
  audit.books.set(merchantId, evolve(before, fact));
  if (fact.type === 'BookClosed') auditClientMoney(audit, `at the close of ${merchantId} ${fact.data.date}`);
}

const note = (audit: Audit, rule: Breach['rule'], detail: string): void => void audit.breaches.push({ rule, detail });

function auditEntry(audit: Audit, entry: EntryPosted['data']): void {
  const where = `${entry.journal} of ${entry.cause} in ${entry.merchantId} ${entry.date}`;
  const difference = sumOf(entry.lines);
  if (difference !== 0) note(audit, 'entry-sums-to-zero', `${where}: ${difference} fen`);
  audit.control = summed(audit.control, entry.lines);
  for (const { account, amount, channel, clearingDate } of entry.lines) {
    if (account !== '1101') continue;
    const key = receivableKey(channel ?? '', clearingDate ?? '');
    audit.receivables.set(key, plus(audit.receivables.get(key) ?? ZERO, amount));
    if (entry.journal === 'J5') audit.credited.add(key);
  }
  auditCase(audit, entry, where);
  const reserve = audit.control['1002'] ?? ZERO;
  const inTransit = negate(audit.control['2002'] ?? ZERO);
  if (reserve < 0) note(audit, 'reserve-not-negative', `${where}: 1002 stands at ${reserve}`);
  if (reserve < inTransit) note(audit, 'reserve-covers-transit', `${where}: 1002 ${reserve} below 2002 ${inTransit}`);
}

/** A case takes no more out of suspense than it put in: 1191 is never a credit by it, 2191 never a debit (domain 4.6). */
function auditCase(audit: Audit, { caseId, lines }: EntryPosted['data'], where: string): void {
  if (caseId === undefined) return;
  const before = audit.cases.get(caseId) ?? { short: ZERO, long: ZERO };
  const after = {
    short: plus(before.short, onAccount(lines, '1191')),
    long: plus(before.long, onAccount(lines, '2191')),
  };
  audit.cases.set(caseId, after);
  if (after.short < 0 || after.long > 0) {
    const left = `1191 ${after.short}, 2191 ${after.long}`;
    note(audit, 'suspense-not-overdrawn', `${where}: case ${caseId} stands at ${left}`);
  }
}

function auditOpening(audit: Audit, before: BookState, balances: Balances): void {
  const expected = JSON.stringify(sorted(before.is === 'closed' ? before.carried.balances : {}));
  const said = JSON.stringify(sorted(balances));
  if (expected !== said) {
    note(
      audit,
      'opening-is-last-close',
      `${before.merchantId}: the last close carries ${expected}, the opening ${said}`,
    );
  }
}

const sorted = (balances: Balances): readonly (readonly [string, Fen])[] =>
  Object.entries(balances)
    .filter(([, amount]) => amount !== 0)
    .sort(([a], [b]) => (a < b ? -1 : 1));

const standing = (state: BookState): Balances =>
  state.is === 'open' ? state.balances : state.is === 'closed' ? state.carried.balances : {};

/**
 * The client-money test (domain 4.6): 1002 + Σ1101 ≥ Σ credit balances of 2001, 2002, 2003 and 2191. Before a close what is
 * negative in an open book (2001 and the book's margin) is added back, because its close will cover it with own money.
 */
export function clientMoney(audit: Audit): { readonly held: Fen; readonly owed: Fen } {
  let held = plus(audit.control['1002'] ?? ZERO, audit.control['1101'] ?? ZERO);
  let owed = positive(negate(audit.control['2191'] ?? ZERO));
  for (const state of audit.books.values()) {
    const balances = standing(state);
    const owes = (account: Account): Fen => positive(negate(balances[account] ?? ZERO));
    owed = plus(owed, plus(owes('2001'), plus(owes('2002'), owes('2003'))));
    held = plus(held, uncoveredOf(state));
  }
  return { held, owed };
}

/** What the close of this book will cover with own money as it stands now: a negative 2001 and a negative margin; fen. */
export function uncoveredOf(state: BookState): Fen {
  if (state.is !== 'open') return ZERO;
  return plus(positive(negate(payableOf(state))), positive(negate(marginOf(state.flows))));
}

const positive = (amount: Fen): Fen => (amount > 0 ? amount : ZERO);

function auditClientMoney(audit: Audit, where: string): void {
  const { held, owed } = clientMoney(audit);
  if (held < owed) note(audit, 'client-money', `${where}: ${minus(owed, held)} fen are missing of ${owed}`);
}

/** The rules over everything: trial balance, receivables of credited days, sub-ledgers against the control accounts. */
export function totalsBreached(audit: Audit): readonly Breach[] {
  const breaches: Breach[] = [];
  const trial = Object.values(audit.control).reduce<Fen>((sum, amount) => plus(sum, amount), ZERO);
  if (trial !== 0) breaches.push({ rule: 'trial-balance-is-zero', detail: `${trial} fen` });
  for (const key of audit.credited) {
    const left = audit.receivables.get(key) ?? ZERO;
    if (left !== 0) breaches.push({ rule: 'receivable-cleared', detail: `1101 of ${key} is left with ${left} fen` });
  }
  for (const account of ['2001', '2002', '2003', '1131'] as const) {
    const control = audit.control[account] ?? ZERO;
    const books = [...audit.books.values()].reduce((sum, state) => plus(sum, standingOn(state, account)), ZERO);
    if (control !== books) {
      breaches.push({ rule: 'sub-ledger-is-control', detail: `${account}: books ${books}, control ${control}` });
    }
  }
  return breaches;
}

const standingOn = (state: BookState, account: Account): Fen =>
  state.is === 'open' ? balanceOf(state, account) : (standing(state)[account] ?? ZERO);
