import { Controller, Inject } from '@nestjs/common';
import { batchPattern, type BatchAnswer, type BatchMessage } from '@tillstream/domain/batch/commands';
import { IsoMessagePattern, SILENCE } from '@tillstream/iso8583';
import { type GatewayParts, GATEWAY_PARTS } from '../gateway-parts.ts';
import type { TerminalRequest, TerminalSession } from '../guard/terminal-session.ts';
import { endUpload, isUpload, presentTotals, uploadItems } from '../translate/batches.ts';
import { totalsReply } from '../translate/replies.ts';
import { reportCopy } from './advice-copy.ts';
import type { Reply } from './exchanges.ts';

/** Settlement and batch upload become commands to settlement (domain 2.4). */
@Controller()
export class BatchesController {
  constructor(@Inject(GATEWAY_PARTS) private readonly parts: GatewayParts) {}

  @IsoMessagePattern({ mti: '0500' })
  settlement(request: TerminalRequest): Promise<Reply> {
    const { exchanges } = this.parts;
    return exchanges.serve(request, (session) =>
      this.outcome(request, batchPattern.presentTotals, presentTotals(request.message, exchanges.frame(session))),
    );
  }

  @IsoMessagePattern({ mti: '0320' })
  upload(request: TerminalRequest): Promise<Reply> {
    const { exchanges } = this.parts;
    return exchanges.serve(request, (session) => {
      if (isUpload(request.spec.id)) return this.items(request, session);
      return this.outcome(request, batchPattern.endUpload, endUpload(request.message, exchanges.frame(session)));
    });
  }

  /** Vault rows are durable before the command that carries their fingerprints is sent (design 8). */
  private async items(request: TerminalRequest, session: TerminalSession): Promise<Reply> {
    const { exchanges, cards, cipher } = this.parts;
    const upload = uploadItems(request.spec.id, request.message, exchanges.frame(session), cipher);
    await cards.storeAll(upload.cards);
    const isCopy = request.spec.id === 'upload-copy';
    if (isCopy && !(await reportCopy(this.parts, request, session))) return SILENCE;
    return this.outcome(request, batchPattern.uploadItems, upload.command);
  }

  /** What reports is answered when it is stored, or not at all: the terminal then sends it again (design 6). */
  private async outcome(request: TerminalRequest, pattern: string, command: BatchMessage): Promise<Reply> {
    const { exchanges } = this.parts;
    const asked = await exchanges.ask<BatchAnswer>(pattern, command);
    if (asked.is !== 'answer' || asked.answer.kind === 'silence') return SILENCE;
    const { responseCode, domesticReply, foreignReply } = asked.answer;
    if (request.peeked.mti !== '0500') return exchanges.plain(request, responseCode);
    const word = { code: responseCode, domestic: domesticReply, foreign: foreignReply };
    return { fields: totalsReply(request.message, exchanges.now(), word) };
  }
}
