import type { BatchReport } from '../protocol.ts';
import {
  evolve,
  keyOf,
  newTerminalState,
  nextBatch,
  nextStan,
  pendingReversals,
  type SentTransaction,
} from './record.ts';
import { totalsOf } from './totals.ts';

const sent = (stan: string, over: Partial<SentTransaction> = {}): SentTransaction => ({
  batch: '000001',
  stan,
  kind: 'sale',
  amount: 100,
  card: '',
  maskedPan: '620000******0000',
  entry: '051',
  date: '2026-11-23',
  time: '120000',
  operator: '001',
  original: null,
  ...over,
});
const answered = (key: string, code = '00') =>
  ({ t: 'answered', key, code, rrn: 'r', authCode: 'a', scheme: 'CUP', clearing: '1123' }) as const;

describe("a terminal's record", () => {
  it('wraps the STAN from 999999 to 000001 and the batch from 999998 to 000001', () => {
    expect([nextStan('000001'), nextStan('999999')]).toEqual(['000002', '000001']);
    expect([nextBatch('000001'), nextBatch('999997'), nextBatch('999998')]).toEqual(['000002', '999998', '000001']);
  });

  it('counts a batch whose STANs wrap like any other', () => {
    const state = newTerminalState();
    for (const stan of ['999999', '000001']) {
      evolve(state, { t: 'sent', sent: sent(stan) });
      evolve(state, answered(`000001.${stan}`));
    }
    expect(totalsOf(state, '000001').domestic).toMatchObject({ debitSum: 200, debitCount: 2 });
    expect(nextStan(state.stan)).toBe('000002');
  });

  it('leaves declined, reversed and forgotten transactions out of the totals', () => {
    const state = newTerminalState();
    for (const stan of ['000001', '000002', '000003', '000004']) evolve(state, { t: 'sent', sent: sent(stan) });
    evolve(state, answered('000001.000001', '51'));
    evolve(state, { t: 'reversed', key: '000001.000002', code: '00' });
    for (const stan of ['000003', '000004']) evolve(state, answered(`000001.${stan}`));
    evolve(state, { t: 'forgot', key: '000001.000003' });
    expect(totalsOf(state, '000001').domestic).toMatchObject({ debitSum: 100, debitCount: 1 });
    expect(state.counted).toBe(1);
  });

  it('owes a reversal for an unanswered sale, void, hold and completion, never for an inquiry or an advice', () => {
    const state = newTerminalState();
    const undoable = ['sale', 'void', 'pre-auth', 'pre-auth-void', 'completion', 'completion-void'] as const;
    ([...undoable, 'refund', 'completion-advice', 'inquiry'] as const).forEach((kind, index) => {
      evolve(state, { t: 'sent', sent: sent(`00000${index}`, { kind }) });
    });
    expect(pendingReversals(state).map(({ kind }) => kind)).toEqual(undoable);
  });

  it('counts completions as debits and their voids as credits, and holds not at all; an approval over a part by its part', () => {
    const state = newTerminalState();
    (['pre-auth', 'completion', 'completion-advice', 'completion-void', 'pre-auth-void'] as const).forEach(
      (kind, index) => {
        const one = sent(`00000${index}`, { kind });
        evolve(state, { t: 'sent', sent: one });
        evolve(state, answered(keyOf(one)));
      },
    );
    const half = sent('000009');
    evolve(state, { t: 'sent', sent: half });
    evolve(state, { ...answered(keyOf(half), '10'), part: 40 });
    expect(totalsOf(state, '000001').domestic).toEqual({
      debitSum: 240,
      debitCount: 3,
      creditSum: 100,
      creditCount: 1,
    });
    expect(state.counted).toBe(4);
  });

  it('forgets batches that are too old to be refunded', () => {
    const state = newTerminalState();
    for (let batch = 1; batch <= 12; batch += 1) {
      const number = String(batch).padStart(6, '0');
      const item = sent('000001', { batch: number });
      evolve(state, { t: 'sent', sent: item });
      evolve(state, answered(keyOf(item)));
      evolve(state, { t: 'settled', report: { batch: number } as BatchReport, next: nextBatch(number) });
    }
    expect(state.items.size).toBe(8);
  });
});
