import type { TlsOptions } from 'node:tls';
import type { ServerLimits } from '@tillstream/iso8583';
import type { PaymentRates } from './load/intake.ts';
import type { LoadLimits } from './load/load-gate.ts';

/** How often sign-ins are taken up; they carry no MAC, so nothing else holds them back (design 10). */
export interface SignInLimits {
  readonly perTerminal: number;
  readonly perAddress: number;
  readonly windowMs: number;
}

/** Where and how the gateway listens, and how long things may take; times in ms of the machine clock. */
export interface GatewaySettings {
  /** 0 lets the system choose. */
  readonly port: number;
  /** 127.0.0.1 unless said. */
  readonly host?: string;
  /** What to do when the port is taken; `fail` unless said. */
  readonly ifTaken?: 'fail' | 'next-free';
  /** TLS when a certificate is given. */
  readonly tls?: TlsOptions;
  /** Bounds of the connections; what is left out has the transport's default. */
  readonly limits?: Partial<ServerLimits>;
  readonly signIns?: Partial<SignInLimits>;
  /** New payments of one terminal and of one merchant; 50 and 500 a second, bursts of four seconds. */
  readonly rates?: Partial<PaymentRates>;
  /** Bounds of the new payments at work; the target is a quarter of the answer budget, at most 450 ms. */
  readonly load?: Partial<LoadLimits>;
  /** True while the host can take nothing new at all, its disk being nearly full: new payments are answered 96. */
  readonly barred?: () => boolean;
  /** How long a command may take: the terminal's answer timer less the way back. */
  readonly answerBudgetMs: number;
  /** How long the previous key set is still good after a new one became current; 60 s (domain 2.6). */
  readonly keyGraceMs?: number;
  /** How long an 0800 with the same STAN counts as the same sign-in; 10 min. Terminals reuse STANs after a fault of their memory. */
  readonly repeatMs?: number;
}

/** Settings with every default filled in. */
export type FilledSettings = GatewaySettings &
  Required<Pick<GatewaySettings, 'keyGraceMs' | 'repeatMs' | 'barred'>> & {
    readonly signIns: SignInLimits;
    readonly rates: PaymentRates;
    readonly load: LoadLimits;
  };

/** Fills the defaults in. @throws RangeError for a time or a limit that is not a positive whole number. */
export function fillSettings(settings: GatewaySettings): FilledSettings {
  const filled = {
    keyGraceMs: 60_000,
    repeatMs: 600_000,
    barred: () => false,
    ...settings,
    rates: {
      terminal: { perSecond: 50, burst: 200 },
      merchant: { perSecond: 500, burst: 2_000 },
      ...settings.rates,
    },
    load: {
      targetMs: Math.min(450, Math.ceil(settings.answerBudgetMs / 4)),
      leastInFlight: 32,
      mostInFlight: 1_000,
      ...settings.load,
    },
    signIns: { perTerminal: 20, perAddress: 3_000, windowMs: 60_000, ...settings.signIns },
  };
  const { answerBudgetMs, keyGraceMs, repeatMs, signIns, rates, load } = filled;
  const { perSecond: terminalRate, burst: terminalBurst } = rates.terminal;
  const { perSecond: merchantRate, burst: merchantBurst } = rates.merchant;
  const numbers = { terminalRate, terminalBurst, merchantRate, merchantBurst, ...load };
  for (const [name, value] of Object.entries({ answerBudgetMs, keyGraceMs, repeatMs, ...signIns, ...numbers })) {
    if (!Number.isSafeInteger(value) || value <= 0) {
      throw new RangeError(`terminal gateway: ${name} must be a positive whole number`);
    }
  }
  return filled;
}
