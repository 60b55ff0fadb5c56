import { Controller, Inject } from '@nestjs/common';
import type { PaymentAnswer, PaymentMessage } from '@tillstream/domain/payment/commands';
import { paymentPattern } from '@tillstream/domain/payment/commands';
import { IsoMessagePattern, parseF60, SILENCE } from '@tillstream/iso8583';
import { type GatewayParts, GATEWAY_PARTS } from '../gateway-parts.ts';
import type { TerminalRequest, TerminalSession } from '../guard/terminal-session.ts';
import { keepSignature, reportScriptResult } from '../translate/evidence.ts';
import { paymentReply } from '../translate/replies.ts';
import type { Reply } from './exchanges.ts';

/** 60.3 of a signature in one message; 801 and 802 cut it into several, whose order nothing in them tells. */
const WHOLE = '800';

/** What terminals report about transactions: script results of chips, signatures (domain 2.3, S16). */
@Controller()
export class EvidenceController {
  constructor(@Inject(GATEWAY_PARTS) private readonly parts: GatewayParts) {}

  @IsoMessagePattern({ mti: '0620' })
  scriptResult(request: TerminalRequest): Promise<Reply> {
    const { exchanges } = this.parts;
    return exchanges.serve(request, (session) =>
      this.outcome(request, session, {
        pattern: paymentPattern.scriptResult,
        command: reportScriptResult(request.message, exchanges.frame(session)),
      }),
    );
  }

  @IsoMessagePattern({ mti: '0820', type: '07' })
  signature(request: TerminalRequest): Promise<Reply> {
    const { exchanges, epochKeys, machineClock } = this.parts;
    return exchanges.serve(request, async (session) => {
      if (parseF60(String(request.message.fields[60])).network !== WHOLE) return exchanges.plain(request, '40');
      const frame = exchanges.frame(session);
      const command = await keepSignature(request.message, frame, epochKeys, machineClock.now());
      return this.outcome(request, session, { pattern: paymentPattern.signature, command });
    });
  }

  /** What reports is answered when it is stored, or not at all: the terminal then sends it again (design 6). */
  private async outcome(
    request: TerminalRequest,
    { terminal }: TerminalSession,
    { pattern, command }: { readonly pattern: string; readonly command: PaymentMessage },
  ): Promise<Reply> {
    const { exchanges } = this.parts;
    const asked = await exchanges.ask<PaymentAnswer>(pattern, command);
    if (asked.is !== 'answer' || asked.answer.kind === 'silence') return SILENCE;
    return { fields: paymentReply(request.message, asked.answer, exchanges.now(), terminal.acquirer) };
  }
}
