import { testPin } from '../cards/test-cards.ts';
import { settlementMessage, transactionMessage } from './messages.ts';
import { pendingAdvices, pendingReversals, type SentTransaction } from './record.ts';
import type { Reply, TerminalCore } from './terminal-core.ts';
import { totalsOf } from './totals.ts';

/*
 * Messages that a proper terminal does not send. What is answered to them changes nothing in the record: the terminal believes
 * what it believed.
 */

/**
 * Sends a transaction of the record once more under its own key, as it was or with another amount (fen); no answer when the terminal
 * has no keys or does not hold the transaction.
 */
export function sendAgain(core: TerminalCore, key: string, amount?: number): Promise<Reply> {
  return resend(core, key, (item) => ({ ...item, amount: amount ?? item.amount }));
}

/** Sends a refund of the record under the open batch's number, with its own STAN. */
export function sendUnderOpenBatch(core: TerminalCore, key: string): Promise<Reply> {
  return resend(core, key, (item) => ({ ...item, batch: core.state.batch }));
}

async function resend(
  core: TerminalCore,
  key: string,
  change: (item: SentTransaction) => SentTransaction,
): Promise<Reply> {
  const item = core.state.items.get(key);
  if (item === undefined || core.mustSignIn || !(await core.reachable())) return { is: 'none', because: 'no-answer' };
  const card = core.box.open(item.card);
  const pin = item.entry.endsWith('1') ? core.pinBlock(testPin, card.pan) : null;
  return core.ask(transactionMessage(core.terminal, change(item), card, pin), { mac: true });
}

/** Presents the open batch's totals and never sees the answer; false when something is pending, so that nothing was sent. */
export async function presentAndLoseAnswer(core: TerminalCore): Promise<boolean> {
  const { state, operator } = core;
  if (pendingReversals(state).length > 0 || pendingAdvices(state).length > 0) return false;
  if (core.mustSignIn || !(await core.reachable())) return false;
  const { batch } = state;
  const request = settlementMessage(core.terminal, {
    stan: core.takeStan(),
    batch,
    operator,
    totals: totalsOf(state, batch),
  });
  await core.ask(request, { mac: false });
  return true;
}
