import { shanghaiTime } from '@tillstream/domain/calendar/business-date';
import type { PaymentFact } from '@tillstream/domain/payment/events';
import type { Desk } from '../desk.ts';
import type { OnStored } from '../payments/payment-streams.ts';
import { isPayingKind } from './operation-rows.ts';

/** What the one writer remembers of an append of its own: limits, indexes and the newest clearing date (design 6). */
export function remember(desk: Desk, ...[paymentId, before, after, facts, positions]: Parameters<OnStored>): void {
  desk.limits.changed(before, after);
  desk.funding.stored(facts, positions);
  const position = positions.at(-1) ?? 0n;
  for (const { fact, at } of facts) {
    const { type, data } = fact as PaymentFact;
    const localDate = (): string => shanghaiTime(Date.parse(at)).date;
    if ((type === 'ChannelRequested' || type === 'AdviceRequested') && isPayingKind(data.operation.kind)) {
      const { merchantId, rrn } = data.operation;
      desk.index.add({ paymentId, merchantId, rrn, tradeDate: data.tradeDate, localDate: localDate() }, position);
    }
    const fingerprint = after.is === 'payment' ? after.first.request?.card.fingerprint : undefined;
    if (type === 'PreAuthApproved' && fingerprint !== undefined) {
      const { authCode, tradeDate, operation } = data;
      const { merchantId } = operation;
      const hold = { paymentId, merchantId, authCode, fingerprint, tradeDate, localDate: localDate() };
      desk.index.addHold(hold, position);
    }
    if ('clearingDate' in data) desk.clearingDay.seen(data.clearingDate);
  }
}
