import type { Fact } from '../fact.ts';

/** The first message verified under the pending keys: that set is current now, the old one ends 60 s later. */
export type TerminalSignedIn = Fact<
  'TerminalSignedIn',
  1,
  {
    readonly acquirer: string;
    readonly terminalId: string;
    readonly merchantId: string;
    /** Handle of the key set in the vault; never the keys. */
    readonly keySet: string;
    /** 60.3 of the sign-in: 001, 003, 004, 005. */
    readonly keyScheme: string;
    readonly operator: string;
    readonly batch: string;
  }
>;

export type TerminalSignedOff = Fact<
  'TerminalSignedOff',
  1,
  { readonly acquirer: string; readonly terminalId: string; readonly merchantId: string }
>;

export type SessionFact = TerminalSignedIn | TerminalSignedOff;
