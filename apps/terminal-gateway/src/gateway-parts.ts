import type { EpochKeys, VaultCipher } from '@tillstream/crypto';
import type { CardVault, MachineClock } from '@tillstream/service-kit';
import type { Exchanges } from './handlers/exchanges.ts';
import type { SessionKeys } from './keys/session-keys.ts';
import type { Intake } from './load/intake.ts';
import type { TurnAways } from './load/turn-aways.ts';
import type { SignInLimiter } from './keys/sign-in-limiter.ts';

/** What the handlers work with. */
export interface GatewayParts {
  readonly exchanges: Exchanges;
  readonly keys: SessionKeys;
  readonly limiter: SignInLimiter;
  readonly intake: Intake;
  readonly turnAways: TurnAways;
  /** A command may be handed over again after it was answered. */
  readonly commandsMayRepeat: boolean;
  readonly epochKeys: EpochKeys;
  readonly cards: CardVault;
  readonly cipher: VaultCipher;
  readonly machineClock: MachineClock;
  readonly cutOffMinutes: number;
}

/** Injection token of the {@link GatewayParts}. */
export const GATEWAY_PARTS = Symbol('GATEWAY_PARTS');
