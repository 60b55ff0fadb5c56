import fc from 'fast-check';
import { fen, minus, negate, plus, ZERO, type Fen } from '@tillstream/money';
import { dayAfter } from '../book/dates.ts';
import { newAudit, auditFact, totalsBreached, type Audit } from '../book/invariants.ts';
import { leavingWith } from '../book/payouts.ts';
import { recoveredOf } from '../book/state.ts';
import { approved, Books, operation, priced, refundAccepted } from '../book/testing/day.ts';
import { isRefused, type Amounts, type BusinessDate } from '../fact.ts';
import { HOUSE } from '../stream.ts';
import { approve, casesOf, changesOf, isOver, propose } from './cases.ts';
import { resolutionsOf } from './resolutions.ts';
import { reserveCovers } from './decide.ts';
import type { ClearingFact } from './events.ts';
import type { ClearingFile, ClearingItem } from './file.ts';
import { itemNet } from './items.ts';
import { compare, type OpenCase } from './match.ts';
import type { OurOperation } from './operations.ts';

/** As the fault runner asks for it (`npm run faults`); the domain imports no other project. */
const runs = process.env['TILLSTREAM_FAULTS'] === 'full' ? 20_000 : 150;
const seed = Number(process.env['TILLSTREAM_SEED'] ?? 20_261_124);
const DAYS = ['2026-11-23', '2026-11-24', '2026-11-25'] as const;
const MERCHANTS = ['M1', 'M2'] as const;

/** How a line of a file is spoilt. */
type Spoil = 'right' | 'drop' | 'double' | 'amount' | 'fee' | 'next-day';

interface Day {
  /** Per sale: merchant, amount, and whether part of it is refunded the same day. */
  readonly sales: readonly { readonly merchant: number; readonly amount: number; readonly refunded: boolean }[];
  /** Spoils per version; the last version is the one that the bank pays by. */
  readonly versions: readonly (readonly Spoil[])[];
  readonly invented: number;
  /** After how many streams the import dies, per version; it is done again from the start. */
  readonly diesAfter: number;
  readonly resolve: readonly number[];
}

const price = (amount: number): Amounts =>
  priced(amount, Math.round(amount * 0.006), Math.round(amount * 0.0045), Math.round(amount * 0.000325));

/** Clearing as the service carries it out, on books alone. */
class World {
  readonly books = new Books(DAYS[0]);
  readonly audit: Audit = newAudit();
  readonly streams = new Map<string, { readonly key: string; readonly date: string; readonly facts: ClearingFact[] }>();
  readonly operations: OurOperation[] = [];
  readonly late = new Map<string, ClearingItem[]>();
  #seen = 0;
  #trace = 0;

  take(key: string, fact: Parameters<Books['take']>[1]): void {
    this.books.take(key, fact);
    this.look();
  }

  look(): void {
    const { facts } = this.books;
    for (; this.#seen < facts.length; this.#seen += 1) {
      const fact = facts[this.#seen];
      if (fact) auditFact(this.audit, fact);
    }
  }

  trade(date: BusinessDate, { sales }: Day): void {
    const dates = { tradeDate: date, clearingDate: date };
    for (const { merchant, amount, refunded } of sales) {
      const merchantId = MERCHANTS[merchant] ?? 'M1';
      const paid = this.#operation('sale', merchantId, price(amount), dates.clearingDate, null);
      this.take(merchantId, approved(price(amount), dates, operation(paid.operationId, 'sale', { merchantId })));
      if (!refunded) continue;
      const part = price(Math.floor(amount / 2));
      const refund = this.#operation('refund', merchantId, part, date, paid.paymentId);
      const op = operation(refund.operationId, 'refund', { merchantId });
      this.take(merchantId, refundAccepted(part, dates, date, op, ZERO));
    }
  }

  #operation(
    kind: 'sale' | 'refund',
    merchantId: string,
    amounts: Amounts,
    clearingDate: string,
    paymentId: string | null,
  ): OurOperation {
    const n = String((this.#trace += 1)).padStart(6, '0');
    const trace = { transmittedAt: '1123100000', stan: n, acquirer: '48021000' };
    const one: OurOperation = {
      ...{ operationId: `op-${n}`, paymentId: paymentId ?? `op-${n}`, merchantId, terminalId: '10000001', kind },
      ...{
        advice: kind === 'refund',
        channel: 'unionpay',
        amount: amounts.amount,
        trace,
        rrn: n.padStart(12, '0'),
        maskedCard: '6',
      },
      ...{ askedAt: `${clearingDate}T02:00:00.000Z`, standing: 'approved', posted: { clearingDate, amounts } },
      ...{ failed: null, dates: { tradeDate: clearingDate, clearingDate }, answered: null },
    };
    this.operations.push(one);
    return one;
  }

  /** The lines of a date's file; what is put off stands in the next day's. */
  file(date: BusinessDate, version: number, spoils: readonly Spoil[], invented: number): ClearingFile {
    const own = this.operations.filter(({ posted }) => posted?.clearingDate === date);
    const later: ClearingItem[] = [];
    const items = own.flatMap((one, n): ClearingItem[] => {
      const item = itemOf(one);
      switch (spoils[n] ?? 'right') {
        case 'right':
          return [item];
        case 'drop':
          return [];
        case 'double':
          return [item, item];
        case 'amount':
          return [{ ...item, amounts: { ...item.amounts, amount: plus(item.amounts.amount, fen(100)) } }];
        case 'fee':
          return [{ ...item, amounts: { ...item.amounts, issuerCost: plus(item.amounts.issuerCost, fen(3)) } }];
        case 'next-day':
          later.push(item);
          return [];
      }
    });
    this.late.set(dayAfter(date), later);
    const all = [...items, ...(this.late.get(date) ?? []), ...inventedItems(date, invented)];
    const net = all.reduce<Fen>((sum, { kind, amounts }) => plus(sum, itemNet(kind, amounts)), ZERO);
    return { channel: 'unionpay', clearingDate: date, version, items: all, net };
  }

  /** Takes a file in; false when the import died after so many streams. */
  import(file: ClearingFile, diesAfter: number): boolean {
    const comparison = compare(file, {
      ...{ operations: this.operations, openCases: this.#openCases(file.clearingDate), merchants: new Set(MERCHANTS) },
      compared: new Set<string>(),
      decidedBefore: Date.parse(`${file.clearingDate}T14:55:00.000Z`),
      caseIdOf: (merchantId, item) => `${file.clearingDate}.${merchantId}/${item}`,
    });
    let lives = diesAfter;
    for (const data of comparison.cleared) {
      const stream = this.#stream(data.clearingDate, data.merchantId);
      const known = casesOf(stream.facts).cases.get(data.caseId);
      if (known && !isOver(known)) this.#say(stream, { type: 'ClearingDifferenceCleared', version: 1, data });
      if ((lives -= 1) === 0) return false;
    }
    for (const merchantId of [...MERCHANTS, HOUSE]) {
      const stream = this.#stream(file.clearingDate, merchantId);
      const found = comparison.found.filter((one) => one.merchantId === merchantId);
      const { facts } = changesOf(casesOf(stream.facts), { found, doubts: [], failures: [] }, file);
      for (const fact of facts) this.#say(stream, fact);
      if ((lives -= 1) === 0) return false;
    }
    return true;
  }

  #openCases(otherThan: string): OpenCase[] {
    return [...this.streams.values()].flatMap(({ date, facts }) =>
      date === otherThan
        ? []
        : [...casesOf(facts).cases.values()].flatMap((one) => {
            const { operationId } = one.found;
            const endedHere = one.endedOn === otherThan;
            if (operationId === null || (isOver(one) && !endedHere)) return [];
            return [{ ...one.found, operationId, endedHere }];
          }),
    );
  }

  #stream(date: string, key: string) {
    const name = `${date}.${key}`;
    const stream = this.streams.get(name) ?? { key, date, facts: [] };
    this.streams.set(name, stream);
    return stream;
  }

  #say(stream: { readonly key: string; readonly facts: ClearingFact[] }, fact: ClearingFact): void {
    stream.facts.push(fact);
    this.take(stream.key, fact);
  }

  /** Two people end an open case in one of the ways that fit. */
  resolve(choice: number): void {
    const open = [...this.streams.values()].flatMap((stream) =>
      [...casesOf(stream.facts).cases.values()].filter((one) => !isOver(one)).map((one) => ({ stream, one })),
    );
    const picked = open[choice % Math.max(1, open.length)];
    if (!picked) return;
    const fitting = resolutionsOf(picked.one.found).filter((way) => way !== 'return-to-payer');
    const resolution = fitting[choice % Math.max(1, fitting.length)];
    if (resolution === undefined) return;
    const proposed = propose(picked.one, { resolution, fee: ZERO, by: 'wang', note: 'x' });
    if (isRefused(proposed)) throw new Error(proposed.refusal);
    for (const fact of proposed.facts) picked.stream.facts.push(fact);
    const state = casesOf(picked.stream.facts).cases.get(picked.one.found.caseId);
    const ended = state && approve(state, { by: 'li' });
    if (!ended || isRefused(ended)) throw new Error('it could not be approved');
    for (const fact of ended.facts) this.#say(picked.stream, fact);
  }

  payout(dueDate: BusinessDate, through: BusinessDate): void {
    for (const merchantId of MERCHANTS) {
      const due = { merchantId, dueDate, through, minimum: fen(100) };
      const inTransit = [...MERCHANTS, HOUSE].reduce<Fen>(
        (sum, key) => plus(sum, recoveredOf(this.books.stateOf(key))),
        negate(this.audit.control['2002'] ?? ZERO),
      );
      const control = { reserve: this.audit.control['1002'] ?? ZERO, inTransit };
      if (!reserveCovers(control, leavingWith(this.books.stateOf(merchantId), due))) continue;
      const facts = this.books.due(merchantId, dueDate, through);
      this.look();
      const order = facts.find((one) => one.type === 'EntryPosted' && one.data.journal === 'J6');
      if (order?.type !== 'EntryPosted') continue;
      const ordered = order.data.lines.reduce(
        (sum, { account, amount }) => (account === '2002' ? sum - amount : sum),
        0,
      );
      this.books.confirm(merchantId, dueDate, fen(ordered));
      this.look();
    }
  }
}

function itemOf({ kind, trace, rrn, terminalId, merchantId, maskedCard, posted }: OurOperation): ClearingItem {
  const { amount, issuerCost, networkCost } = posted?.amounts ?? price(1);
  return { kind, trace, rrn, terminalId, merchantId, maskedCard, amounts: { amount, issuerCost, networkCost } };
}

const inventedItems = (date: string, count: number): ClearingItem[] =>
  Array.from({ length: count }, (_, n) => ({
    kind: 'sale' as const,
    trace: {
      transmittedAt: `9${date.slice(5, 7)}${date.slice(8)}00000`,
      stan: String(n).padStart(6, '0'),
      acquirer: '1',
    },
    ...{ rrn: `9${date.slice(8)}${n}`, terminalId: '99999999', maskedCard: '6' },
    merchantId: n % 2 === 0 ? 'M1' : 'nobody',
    amounts: { amount: fen(5_000), issuerCost: fen(23), networkCost: fen(2) },
  }));

const spoil = fc.constantFrom<Spoil[]>('right', 'right', 'drop', 'double', 'amount', 'fee', 'next-day');
const day: fc.Arbitrary<Day> = fc.record({
  sales: fc.array(
    fc.record({ merchant: fc.nat(1), amount: fc.integer({ min: 100, max: 500_000 }), refunded: fc.boolean() }),
    { maxLength: 4 },
  ),
  versions: fc.array(fc.array(spoil, { maxLength: 8 }), { minLength: 1, maxLength: 3 }),
  invented: fc.nat(2),
  diesAfter: fc.integer({ min: 1, max: 5 }),
  resolve: fc.array(fc.nat(50), { maxLength: 3 }),
});

describe('any interleaving of clearing files, late, doubled, corrected and spoilt', () => {
  it('keeps 1101 of each credited day at zero, and every invariant of the books', () => {
    fc.assert(
      fc.property(fc.array(day, { minLength: 3, maxLength: 3 }), (days) => {
        const world = new World();
        days.forEach((one, n) => {
          const date = DAYS[n] ?? DAYS[0];
          world.books.on(date);
          world.trade(date, one);
          world.books.endDay(date);
          world.look();
          world.books.on(dayAfter(date));
          let net = ZERO;
          one.versions.forEach((spoils, version) => {
            const file = world.file(date, version + 1, spoils, one.invented);
            // It dies, is done again, and comes once more.
            world.import(file, one.diesAfter);
            expect(world.import(file, Infinity)).toBe(true);
            const before = world.books.facts.length;
            expect(world.import(file, Infinity)).toBe(true);
            expect(world.books.facts.length).toBe(before);
            net = file.net;
          });
          // A net-negative day waits for the reserve, as the service does.
          const reserve = world.audit.control['1002'] ?? ZERO;
          if (minus(reserve, negate(net)) >= 0) world.books.credit(date, net);
          world.look();
          for (const choice of one.resolve) world.resolve(choice);
          world.payout(dayAfter(date), date);
        });
        world.books.endDay(dayAfter(DAYS[2]));
        world.look();
        expect([...world.audit.breaches, ...totalsBreached(world.audit)]).toEqual([]);
      }),
      { numRuns: runs, seed },
    );
  });
});
