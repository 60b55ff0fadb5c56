import type { PaymentAnswer, PaymentMessage, SealedCard } from '@tillstream/domain/payment/commands';
import { parseF60, type TerminalMessage } from '@tillstream/iso8583';
import type { GatewayParts } from '../gateway-parts.ts';
import type { TerminalRequest, TerminalSession } from '../guard/terminal-session.ts';
import { isServedPayment, paymentMessage, servedPayments } from '../translate/payments.ts';
import { sealCard } from '../translate/sealed-card.ts';

/** The advices of which a batch upload may bring copies, by 60.1. */
const adviceOf: ReadonlyMap<string, string> = new Map([
  ['24', 'completion-advice'],
  ['25', 'refund'],
  ['30', 'offline-sale'],
]);

/** F22 of a copy that does not say how the card was read: 00 not specified, 2 no PIN. */
const NOT_SPECIFIED = '002';

/**
 * Gives the copy of an advice in a batch upload to authorization as the 0220 that it repeats (domain 4.1): one that the host has
 * is known by its key, one that it lacks is taken now. False when nobody can say that it is stored, so that the terminal sends it
 * again. A copy without a MAC moves no money (domain 2.6): it is an item of the upload and nothing else.
 */
export async function reportCopy(
  { exchanges, epochKeys, machineClock }: GatewayParts,
  request: TerminalRequest,
  session: TerminalSession,
): Promise<boolean> {
  const { fields } = request.message;
  const id = adviceOf.get(parseF60(String(fields[60])).type) ?? '';
  const keySet = session.set?.keys.handle;
  if (!isServedPayment(id) || keySet === undefined || fields[2] === undefined) return true;
  const message: TerminalMessage = { mti: '0220', fields: { ...fields, 22: fields[22] ?? NOT_SPECIFIED } };
  const row = servedPayments[id];
  const parts = { ...paymentMessage(message, exchanges.frame(session)), ...row.parts(message.fields) };
  const card = await sealCard(epochKeys, message, parts, { nowMs: machineClock.now(), keySet });
  const command: PaymentMessage & { readonly card: SealedCard } = { ...parts, card };
  const asked = await exchanges.ask<PaymentAnswer>(row.pattern, command);
  // Whether it was taken or refused, its answer is stored; what the host counts is compared when the upload has ended.
  return asked.is === 'answer' && asked.answer.kind === 'answer';
}
