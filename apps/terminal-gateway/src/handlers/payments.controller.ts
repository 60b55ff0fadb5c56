import { Controller, Inject } from '@nestjs/common';
import type { PaymentAnswer, PaymentMessage, SealedCard } from '@tillstream/domain/payment/commands';
import { crashPoint } from '@tillstream/event-store';
import { IsoError, IsoMessagePattern, SILENCE } from '@tillstream/iso8583';
import { type GatewayParts, GATEWAY_PARTS } from '../gateway-parts.ts';
import type { TerminalRequest, TerminalSession } from '../guard/terminal-session.ts';
import { notServed } from '../translate/not-served.ts';
import { isServedPayment, paymentMessage, servedPayments, type ServedPayment } from '../translate/payments.ts';
import { paymentReply } from '../translate/replies.ts';
import { sealCard } from '../translate/sealed-card.ts';
import { isNewPayment, type Reply } from './exchanges.ts';

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

  @IsoMessagePattern({ mti: '0220', processing: '200000', type: '25', network: '000' })
  refund(request: TerminalRequest): Promise<Reply> {
    return this.pay(request);
  }

  @IsoMessagePattern({ mti: '0400' })
  reversal(request: TerminalRequest): Promise<Reply> {
    return this.pay(request);
  }

  private pay(request: TerminalRequest): Promise<Reply> {
    const { exchanges } = this.parts;
    return exchanges.serve(request, async (session) => {
      const { id } = request.spec;
      const refused = notServed[id];
      if (refused !== undefined) return exchanges.plain(request, refused);
      if (!isServedPayment(id)) throw new IsoError('MTI', 'no payment of this host', 'a payment message');
      const command = await this.translate(id, request, session);
      if (command === undefined) return isNewPayment(request) ? exchanges.plain(request, '96') : SILENCE;
      return this.outcome(id, request, session, command);
    });
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

  private async outcome(
    id: ServedPayment,
    request: TerminalRequest,
    { terminal }: TerminalSession,
    command: PaymentCommand,
  ): Promise<Reply> {
    const { exchanges } = this.parts;
    const asked = await exchanges.ask<PaymentAnswer>(servedPayments[id].pattern, command);
    // 91 is said only because nobody took the command up, so nothing was stored (design 6).
    if (asked.is === 'not-taken') return isNewPayment(request) ? exchanges.plain(request, '91') : SILENCE;
    if (asked.is === 'unknown' || asked.answer.kind === 'silence') return SILENCE;
    crashPoint('gateway-before-reply');
    try {
      return { fields: paymentReply(request.message, asked.answer, exchanges.now(), terminal.acquirer) };
    } catch (error) {
      // The payment is decided: an answer that cannot be written is no format fault of the terminal.
      exchanges.complain(request, 'the answer of authorization does not fit into a reply', error);
      return SILENCE;
    }
  }
}
