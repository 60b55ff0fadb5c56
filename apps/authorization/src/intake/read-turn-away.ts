import { MOST_TURNED_AWAY_AT_ONCE, type TurnAwayPayments } from '@tillstream/domain/payment/turn-away';

const most = 64 * 1_024;
const text = (value: unknown, pattern: RegExp): boolean => typeof value === 'string' && pattern.test(value);

/** Reads the command from its bytes. @throws Error with the field that is wrong, never with its value. */
export function readTurnAway(bytes: Buffer): TurnAwayPayments {
  if (bytes.length > most) throw new Error(`turn-away: more than ${most} bytes`);
  const command = JSON.parse(bytes.toString('utf8')) as TurnAwayPayments;
  const { acquirer, merchantId, keys, answerBy } = command;
  if (!text(acquirer, /^\d{1,11}$/)) throw new Error('turn-away.acquirer: is not well formed');
  if (!text(merchantId, /^[\x20-\x7b\x7d\x7e]{1,15}$/)) throw new Error('turn-away.merchantId: is not well formed');
  if (!Number.isFinite(answerBy)) throw new Error('turn-away.answerBy: is not well formed');
  if (!Array.isArray(keys) || keys.length > MOST_TURNED_AWAY_AT_ONCE)
    throw new Error('turn-away.keys: is not well formed');
  for (const { terminalId, batch, stan } of keys) {
    const wellFormed =
      text(terminalId, /^[\x20-\x7b\x7d\x7e]{1,8}$/) && text(batch, /^\d{6}$/) && text(stan, /^\d{6}$/);
    if (!wellFormed) throw new Error('turn-away.keys: one is not well formed');
  }
  return command;
}
