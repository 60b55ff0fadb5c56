import type { IsoRequest, terminalProfile } from '@tillstream/iso8583';
import type { KeySet } from '../keys/key-set.ts';
import type { RegisteredTerminal } from '../registry/terminal-registry.ts';

/** What the guard found out about the sender of one message. */
export interface TerminalSession {
  readonly terminal: RegisteredTerminal;
  /** The set under which the message's MAC is right; null when it carried none. The reply is sealed under it. */
  readonly set: KeySet | null;
  /** F39 for every message: the merchant number is not this terminal's. */
  readonly refusal: string | null;
  /** F39 for new payments alone: what undoes or reports is never refused for a block (design 6). */
  readonly paymentRefusal: '03' | '58' | null;
}

/** A terminal's message on its way through the handlers. */
export type TerminalRequest = IsoRequest<typeof terminalProfile, TerminalSession>;
