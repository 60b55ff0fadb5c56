import { recordLateAnswer } from '@tillstream/domain/payment/decide';
import type { ChannelTrace } from '@tillstream/domain/payment/parts';
import type { NetworkMessage } from '@tillstream/iso8583';
import { byChannel, channelOf, tradeDateNow, type Desk, type Unanswered } from '../desk.ts';
import { clearingDateOf } from '../channel/clearing-date.ts';
import { BoundedMap } from '../payments/bounded-map.ts';
import type { Resolver } from './resolver.ts';

interface Operation {
  readonly paymentId: string;
  readonly operationId: string;
  readonly merchantId: string;
}

const mostRemembered = 20_000;

/** Finds the operation of an answer that nobody waits for any more (domain 3.3). */
export class LateAnswers implements Unanswered {
  readonly #desk: () => Desk;
  readonly #resolver: Resolver;
  readonly #traces = new BoundedMap<string, Operation>(mostRemembered);

  constructor(desk: () => Desk, resolver: Resolver) {
    this.#desk = desk;
    this.#resolver = resolver;
  }

  remember(trace: ChannelTrace, { paymentId, operationId, merchantId }: Operation): void {
    this.#traces.set(keyOf(trace), { paymentId, operationId, merchantId });
  }

  /** Takes an unmatched reply in: evidence for a 0210, the answer itself for a 0230 or 0430. */
  async take(reply: NetworkMessage): Promise<void> {
    const desk = this.#desk();
    const {
      7: transmittedAt = '',
      11: stan = '',
      32: acquirer = '',
      39: responseCode,
      38: authCode,
      15: f15,
    } = reply.fields;
    const key = keyOf({ transmittedAt, stan, acquirer });
    const operation = this.#traces.get(key);
    if (operation === undefined || responseCode === undefined) {
      desk.platform.log.warn('an answer of the card network belongs to nothing known', { mti: reply.mti });
      return;
    }
    desk.figures.late();
    try {
      const clearingDate = clearingDateOf(f15, tradeDateNow(desk.platform));
      const trace = { transmittedAt, stan, acquirer };
      if (reply.mti === '0430')
        await this.#resolver.outcomes.recordReversal(operation, { responseCode, clearingDate, trace });
      else if (reply.mti === '0230')
        await this.#resolver.outcomes.recordAdvice(operation, {
          responseCode,
          authCode: authCode ?? null,
          clearingDate,
        });
      else await this.#evidence(desk, operation, responseCode, authCode ?? null);
      this.#traces.delete(key);
    } catch (error) {
      desk.platform.log.error('a late answer could not be stored', { why: (error as Error).message });
      // What follows from it may be stored all the same, and then somebody has to do it.
      const delayMs = desk.settings.retryMs[0] ?? 1_000;
      if (!this.#resolver.owns(operation.operationId)) this.#resolver.own({ ...operation, delayMs });
    }
  }

  async #evidence(desk: Desk, operation: Operation, responseCode: string, authCode: string | null): Promise<void> {
    const { paymentId, operationId, merchantId } = operation;
    const channel = channelOf(desk);
    if (channel === undefined) return;
    const reversalTrace = await desk.references.trace(channel.acquirer);
    const author = { by: byChannel(desk), key: merchantId };
    const decided = await desk.streams.decide(paymentId, author, (state) =>
      recordLateAnswer(state, { operationId, responseCode, authCode, reversalTrace }),
    );
    if ('facts' in decided && decided.facts.length > 0) this.#resolver.own(operation);
  }
}

const keyOf = ({ transmittedAt, stan, acquirer }: ChannelTrace): string => `${transmittedAt}.${stan}.${acquirer}`;
