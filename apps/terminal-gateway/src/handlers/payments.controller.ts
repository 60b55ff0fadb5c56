import { Controller, Inject } from '@nestjs/common';
import type { PaymentAnswer, PaymentMessage, SealedCard } from '@tillstream/domain/payment/commands';
import { crashPoint } from '@tillstream/event-store';
import { IsoError, IsoMessagePattern, parseF60, SILENCE } from '@tillstream/iso8583';
import { type GatewayParts, GATEWAY_PARTS } from '../gateway-parts.ts';
import type { TerminalRequest, TerminalSession } from '../guard/terminal-session.ts';
import { notServed } from '../translate/not-served.ts';
import { isServedPayment, paymentMessage, servedPayments, type ServedPayment } from '../translate/payments.ts';
import { paymentReply } from '../translate/replies.ts';
import { sealCard } from '../translate/sealed-card.ts';
import { isNewPayment, type Asked, type Reply } from './exchanges.ts';

type PaymentCommand = PaymentMessage & { readonly card?: SealedCard };

/** Payment messages of terminals become commands to authorization (domain 2.3). */
@Controller()
export class PaymentsController {
  constructor(@Inject(GATEWAY_PARTS) private readonly parts: GatewayParts) {}

  @IsoMessagePattern({ mti: '0200', processing: '000000', type: '22', network: '000' })
  sale(request: TerminalRequest): Promise<Reply> {
    return this.pay(request);
  }

  @IsoMessagePattern({ mti: '0200', processing: '310000', type: '01', network: '000' })
  inquiry(request: TerminalRequest): Promise<Reply> {
    return this.pay(request);
  }

  @IsoMessagePattern({ mti: '0200', processing: '200000', type: '23', network: '000' })
  voidSale(request: TerminalRequest): Promise<Reply> {
    return this.pay(request);
  }

  @IsoMessagePattern({ mti: '0100', processing: '030000', type: '10', network: '000' })
  preAuth(request: TerminalRequest): Promise<Reply> {
    return this.pay(request);
  }

  @IsoMessagePattern({ mti: '0100', processing: '200000', type: '11', network: '000' })
  voidPreAuth(request: TerminalRequest): Promise<Reply> {
    return this.pay(request);
  }

  @IsoMessagePattern({ mti: '0200', processing: '000000', type: '20', network: '000' })
  completion(request: TerminalRequest): Promise<Reply> {
    return this.pay(request);
  }

  @IsoMessagePattern({ mti: '0200', processing: '200000', type: '21', network: '000' })
  voidCompletion(request: TerminalRequest): Promise<Reply> {
    return this.pay(request);
  }

  @IsoMessagePattern({ mti: '0220', processing: '000000', type: '24', network: '000' })
  completionAdvice(request: TerminalRequest): Promise<Reply> {
    return this.pay(request);
  }

  @IsoMessagePattern({ mti: '0220', processing: '200000', type: '25', network: '000' })
  refund(request: TerminalRequest): Promise<Reply> {
    return this.pay(request);
  }

  /** Adjustments and tips (32, 34) change the amount of a sale that was told to the channel: they are answered 40. */
  @IsoMessagePattern({ mti: '0220', processing: '000000', type: '30', network: '000' })
  offlineSale(request: TerminalRequest): Promise<Reply> {
    return this.pay(request);
  }

  @IsoMessagePattern({ mti: '0400' })
  reversal(request: TerminalRequest): Promise<Reply> {
    return this.pay(request);
  }

  private pay(request: TerminalRequest): Promise<Reply> {
    const { exchanges, intake } = this.parts;
    return exchanges.serve(request, async (session) => {
      const { id } = request.spec;
      const refused = notServed[id];
      if (refused !== undefined) return exchanges.plain(request, refused);
      if (!isServedPayment(id)) throw new IsoError('MTI', 'no payment of this host', 'a payment message');
      // What undoes or reports is never held up by load or a rate (design 6).
      if (!isNewPayment(request)) return this.serve(id, request, session, () => undefined);
      const place = intake.take(session.terminal);
      if (typeof place === 'string') {
        const turned = await this.turnAway(request, session, place);
        return turned === 'known' ? this.serve(id, request, session, () => undefined) : turned;
      }
      let channelMs = 0;
      try {
        return await this.serve(id, request, session, (ms) => (channelMs = ms));
      } finally {
        place.leave(channelMs);
      }
    });
  }

  private async serve(
    id: ServedPayment,
    request: TerminalRequest,
    session: TerminalSession,
    onChannel: (ms: number) => void,
  ): Promise<Reply> {
    const command = await this.translate(id, request, session);
    if (command === undefined) return this.notTaken(request, session, '96');
    return this.outcome(id, request, session, { command, onChannel });
  }

  /** 91 or 96 when it is certain that nothing is stored under the key; silence when nobody can say; `known` for a repeat. */
  private async turnAway(
    request: TerminalRequest,
    { terminal }: TerminalSession,
    code: string,
  ): Promise<Reply | 'known'> {
    const { exchanges, turnAways } = this.parts;
    const { fields } = request.message;
    const verdict = await turnAways.ask(terminal, parseF60(String(fields[60])).batch, String(fields[11]));
    if (verdict === 'known') return 'known';
    if (verdict === 'unclear') return SILENCE;
    exchanges.turnedAway();
    return exchanges.plain(request, code);
  }

  /** Of a message that was not passed on: a new payment is told so, unless it repeats what is stored; the rest is sent again. */
  private async notTaken(request: TerminalRequest, session: TerminalSession, code: '91' | '96'): Promise<Reply> {
    if (!isNewPayment(request)) return SILENCE;
    const turned = await this.turnAway(request, session, code);
    return turned === 'known' ? SILENCE : turned;
  }

  /** Undefined when the card could not be sealed: nothing was sent then, and only the host is to blame. */
  private async translate(
    id: ServedPayment,
    request: TerminalRequest,
    session: TerminalSession,
  ): Promise<PaymentCommand | undefined> {
    const { exchanges, epochKeys, machineClock } = this.parts;
    const { message } = request;
    const row = servedPayments[id];
    const command = { ...paymentMessage(message, exchanges.frame(session)), ...row.parts(message.fields) };
    if (!row.card) return command;
    try {
      const keySet = session.set?.keys.handle;
      if (keySet === undefined) throw new Error('a payment was admitted without a MAC');
      const card = await sealCard(epochKeys, message, command, { nowMs: machineClock.now(), keySet });
      return { ...command, card };
    } catch (error) {
      if (error instanceof IsoError) throw error;
      exchanges.complain(request, 'card fields could not be sealed', error);
      return undefined;
    }
  }

  /**
   * 91 or 96 of which nothing is stored, from a transport that may hand the command over again: the next writer might approve it, so the key is turned
   * away first, by a word that lies behind the command and is met by whoever reads it (design 6).
   */
  private unconfirmed(asked: Asked<PaymentAnswer>): '91' | '96' | undefined {
    if (!this.parts.commandsMayRepeat || asked.is !== 'answer' || asked.answer.kind !== 'answer') return undefined;
    const { nothingStored, responseCode } = asked.answer;
    if (nothingStored !== true) return undefined;
    return responseCode === '96' ? '96' : '91';
  }

  /** Whether the command may be begun yet, by whoever is handed it again. */
  private mayBegin(asked: Asked<PaymentAnswer>): boolean {
    if (asked.is === 'not-taken') return asked.isSent && this.parts.commandsMayRepeat;
    return this.unconfirmed(asked) !== undefined || (asked.is === 'answer' && asked.answer.kind === 'silence');
  }

  private async outcome(
    id: ServedPayment,
    request: TerminalRequest,
    session: TerminalSession,
    { command, onChannel }: { readonly command: PaymentCommand; readonly onChannel: (ms: number) => void },
  ): Promise<Reply> {
    const { exchanges, turnAways } = this.parts;
    const ended = isNewPayment(request) ? turnAways.sending(command, command.answerBy) : undefined;
    const asked = await exchanges.ask<PaymentAnswer>(servedPayments[id].pattern, command);
    const refusal = this.unconfirmed(asked);
    ended?.(this.mayBegin(asked) ? 'unknown' : asked.is);
    if (refusal !== undefined) return this.notTaken(request, session, refusal);
    if (asked.is === 'not-taken') return this.notTaken(request, session, '91');
    if (asked.is === 'answer') onChannel(asked.answer.channelMs ?? 0);
    if (asked.is === 'unknown' || asked.answer.kind === 'silence') return SILENCE;
    crashPoint('gateway-before-reply');
    try {
      return { fields: paymentReply(request.message, asked.answer, exchanges.now(), session.terminal.acquirer) };
    } catch (error) {
      // The payment is decided: an answer that cannot be written is no format fault of the terminal.
      exchanges.complain(request, 'the answer of authorization does not fit into a reply', error);
      return SILENCE;
    }
  }
}
