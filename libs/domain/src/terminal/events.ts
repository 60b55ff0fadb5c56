import type { Fact } from '../fact.ts';

/** One terminal, one serial number, one merchant; the five bound items of domain 5. */
export interface BoundItems {
  readonly acquirer: string;
  readonly merchantId: string;
  readonly creditCode: string;
  readonly settlementAccount: string;
  readonly address: string;
}
export type TerminalRegistered = Fact<
  'TerminalRegistered',
  1,
  BoundItems & {
    readonly terminalId: string;
    readonly serialNumber: string;
    readonly model: string;
    /** Handle of the terminal master key in the vault. */
    readonly masterKey: string;
    /** Message profile: MAC algorithm and key mode by name. */
    readonly profile: string;
  }
>;
export type TerminalBlocked = Fact<
  'TerminalBlocked',
  1,
  { readonly acquirer: string; readonly terminalId: string; readonly merchantId: string; readonly reason: string }
>;
export type TerminalUnblocked = Fact<
  'TerminalUnblocked',
  1,
  { readonly acquirer: string; readonly terminalId: string; readonly merchantId: string; readonly reason: string }
>;
export type TerminalRetired = Fact<
  'TerminalRetired',
  1,
  { readonly acquirer: string; readonly terminalId: string; readonly merchantId: string; readonly reason: string }
>;
export type TerminalFact = TerminalRegistered | TerminalBlocked | TerminalUnblocked | TerminalRetired;
