import type { MachineClock } from '@tillstream/service-kit';
import type { RegisteredTerminal } from '../registry/terminal-registry.ts';
import { LoadGate, type LoadLimits } from './load-gate.ts';
import { TokenBuckets, type Rate } from './token-buckets.ts';

/** How many new payments one terminal and one merchant may bring. */
export interface PaymentRates {
  readonly terminal: Rate;
  readonly merchant: Rate;
}

/**
 * Why a new payment is not taken in: F39 of class B, which lets the cashier try again (domain 2.5). 91 for load, 96 for a rate. Not 65: it
 * would tell the payer that the card's own count is used up for today, and end the sale.
 */
export type TurnedAwayWith = '91' | '96';

/** A place among the payments at work. */
export interface Place {
  /** Gives it back; `channelMs` is the part of the time that a channel took. */
  leave(channelMs: number): void;
}

/** Says yes or no to new payments before anything costly is done for them: by rate, by load, by what the host says. */
export class Intake {
  readonly load: LoadGate;
  readonly #clock: MachineClock;
  readonly #terminals: TokenBuckets;
  readonly #merchants: TokenBuckets;
  readonly #barred: () => boolean;

  constructor(settings: {
    readonly machineClock: MachineClock;
    readonly rates: PaymentRates;
    readonly load: LoadLimits;
    /** The host can take nothing new at all: its disk is nearly full. */
    readonly barred: () => boolean;
  }) {
    this.#clock = settings.machineClock;
    this.load = new LoadGate(settings.load);
    this.#terminals = new TokenBuckets(settings.rates.terminal);
    this.#merchants = new TokenBuckets(settings.rates.merchant);
    this.#barred = settings.barred;
  }

  /** A place for a new payment, or what its terminal is told instead. */
  take({ acquirer, merchantId, terminalId }: RegisteredTerminal): Place | TurnedAwayWith {
    const began = this.#clock.now();
    if (this.#barred()) return '96';
    if (!this.#terminals.takes(`${acquirer}.${terminalId}`, began)) return '96';
    if (!this.#merchants.takes(`${acquirer}.${merchantId}`, began)) return '96';
    if (!this.load.enter(began)) return '91';
    return {
      leave: (channelMs) => {
        const now = this.#clock.now();
        this.load.leave(Math.max(0, now - began - channelMs), now);
      },
    };
  }

  /** Whether new work is being turned away for load or by the host. */
  get busy(): boolean {
    return this.#barred() || this.load.overloaded(this.#clock.now());
  }
}
