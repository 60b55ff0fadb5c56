import type { CompletePreAuth, PaymentAnswer } from '@tillstream/domain/payment/commands';
import { requestCompletionAdvice } from '@tillstream/domain/payment/decide';
import type { Desk } from '../desk.ts';
import type { Intake } from './card-command.ts';
import { takeLinkedAdvice } from './linked-advice.ts';
import { plansAt, underPlans } from './prepared-request.ts';

/** Takes a completion advice up: neither load nor a block nor a limit refuses it; the limits count it all the same (design 6). */
export function takeCompletionAdvice(desk: Desk, command: CompletePreAuth, intake: Intake): Promise<PaymentAnswer> {
  const linked = { kind: 'completion-advice', command } as const;
  return takeLinkedAdvice(desk, linked, intake, (_, request, channel) => {
    const plans = plansAt(desk, command.merchantId, channel, request.tradeDate);
    if (typeof plans === 'string') {
      const { merchantId } = command;
      desk.platform.log.error('a completion advice cannot be taken: its merchant or plans are not known', {
        merchantId,
      });
      return undefined;
    }
    const completing = underPlans(request, plans);
    return { decide: (state) => requestCompletionAdvice(state, completing, desk.platform.machineClock.now()) };
  });
}
