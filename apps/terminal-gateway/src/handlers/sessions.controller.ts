import { Controller, Inject } from '@nestjs/common';
import { SecurityError, type SignInNetwork } from '@tillstream/crypto';
import { batchPattern, type BatchAnswer } from '@tillstream/domain/batch/commands';
import { IsoMessagePattern, parseF60, SILENCE } from '@tillstream/iso8583';
import { type GatewayParts, GATEWAY_PARTS } from '../gateway-parts.ts';
import type { TerminalRequest, TerminalSession } from '../guard/terminal-session.ts';
import { ownerOf } from '../keys/key-set.ts';
import { TerminalNotProvisioned } from '../keys/session-keys.ts';
import { batchForSignIn } from '../translate/batches.ts';
import { hostTime } from '../translate/host-time.ts';
import { notServed } from '../translate/not-served.ts';
import { signInReference } from '../translate/reference.ts';
import { signInReply } from '../translate/replies.ts';
import type { Reply } from './exchanges.ts';
import { operatorOf } from '../translate/operator.ts';

/** No batch number, so no sign-in: F39, or null for silence. */
class NoBatchNumber extends Error {
  override readonly name = 'NoBatchNumber';
  readonly code: string | null;

  constructor(code: string | null) {
    super('settlement gave no batch number');
    this.code = code;
  }
}

/** Sign-in, sign-off, echo, and what is legal and not served (domain 2.3, 2.6). */
@Controller()
export class SessionsController {
  constructor(@Inject(GATEWAY_PARTS) private readonly parts: GatewayParts) {}

  /** Sign-in and parameter download share an MTI and differ in 60.3. */
  @IsoMessagePattern({ mti: '0800' })
  keysOrParameters(request: TerminalRequest): Promise<Reply> {
    const { exchanges } = this.parts;
    return exchanges.serve(request, async (session) => {
      if (request.spec.id === 'sign-in') return this.signIn(request, session);
      return exchanges.plain(request, notServed[request.spec.id] ?? '40');
    });
  }

  @IsoMessagePattern({ mti: '0820', network: '002' })
  signOff(request: TerminalRequest): Promise<Reply> {
    const { exchanges, keys } = this.parts;
    return exchanges.serve(request, async ({ terminal }) => {
      await keys.signOff(terminal);
      return exchanges.plain(request, '00');
    });
  }

  @IsoMessagePattern({ mti: '0820', network: '301' })
  echo(request: TerminalRequest): Promise<Reply> {
    return this.parts.exchanges.serve(request, async () => this.parts.exchanges.plain(request, '00'));
  }

  @IsoMessagePattern({ mti: '0100' })
  preauthorisation(request: TerminalRequest): Promise<Reply> {
    return this.unserved(request);
  }

  @IsoMessagePattern({ mti: '0200' })
  otherRequest(request: TerminalRequest): Promise<Reply> {
    return this.unserved(request);
  }

  @IsoMessagePattern({ mti: '0220' })
  otherAdvice(request: TerminalRequest): Promise<Reply> {
    return this.unserved(request);
  }

  private unserved(request: TerminalRequest): Promise<Reply> {
    const { exchanges } = this.parts;
    return exchanges.serve(request, async () => exchanges.plain(request, notServed[request.spec.id] ?? '40'));
  }

  private async signIn(request: TerminalRequest, session: TerminalSession): Promise<Reply> {
    const { exchanges, keys, limiter, machineClock, cutOffMinutes } = this.parts;
    const { terminal } = session;
    if (!limiter.admits(ownerOf(terminal), request.peer.remoteAddress, machineClock.now())) {
      return exchanges.plain(request, '96');
    }
    const { fields } = request.message;
    const asked = {
      stan: String(fields[11]),
      network: parseF60(String(fields[60])).network as SignInNetwork,
      operator: operatorOf(fields),
    };
    try {
      const set = await keys.issue(terminal, asked, () => this.batchNumber(request, session));
      const given = {
        acquirer: terminal.acquirer,
        reference: signInReference(set.keys.handle, set.issuedAt),
        batch: set.batch,
        field62: Buffer.from(set.field62, 'hex'),
      };
      return { fields: signInReply(request.message, hostTime(new Date(set.issuedAt), cutOffMinutes), given) };
    } catch (error) {
      if (error instanceof NoBatchNumber) return error.code === null ? SILENCE : exchanges.plain(request, error.code);
      if (!(error instanceof SecurityError || error instanceof TerminalNotProvisioned)) throw error;
      exchanges.complain(request, 'no keys could be made for a sign-in', error);
      return exchanges.plain(request, 'A7');
    }
  }

  /** Settlement knows the open batch and opens the next one; the terminal's own number is only a hint (domain 2.7). */
  private async batchNumber(request: TerminalRequest, session: TerminalSession): Promise<string> {
    const { exchanges } = this.parts;
    const command = batchForSignIn(request.message, exchanges.frame(session));
    const asked = await exchanges.ask<BatchAnswer>(batchPattern.forSignIn, command);
    if (asked.is === 'not-taken') throw new NoBatchNumber('91');
    if (asked.is === 'unknown' || asked.answer.kind === 'silence') throw new NoBatchNumber(null);
    if (asked.answer.responseCode !== '00') throw new NoBatchNumber(asked.answer.responseCode);
    return asked.answer.batch;
  }
}
