import type { VaultCipher } from '@tillstream/crypto';
import { crashPoint } from '@tillstream/event-store';
import type { Vault } from '@tillstream/service-kit';
import { BoundedMap } from '../payments/bounded-map.ts';

/** The vault renews a row's date once an hour at most, and sweeps rows older than a day. */
const renewedMs = 1_800_000;

/** Card numbers on their way into the vault, durable before the fact that names their token. */
export class CardRows {
  readonly #vault: Vault;
  readonly #cipher: VaultCipher;
  readonly #now: () => number;
  readonly #stored = new BoundedMap<string, number>(50_000);

  constructor(vault: Vault, cipher: VaultCipher, now: () => number) {
    this.#vault = vault;
    this.#cipher = cipher;
    this.#now = now;
  }

  /** Resolves when the card's row is durable. */
  async store(pan: string, token: string): Promise<void> {
    const storedAt = this.#stored.get(token);
    const now = this.#now();
    if (storedAt !== undefined && now - storedAt < renewedMs) return;
    await this.#vault.cards.store(this.#cipher.card(pan));
    crashPoint('payment-vault-stored');
    this.#stored.set(token, now);
  }

  /** The number behind a token. Rejects when the vault has none or it cannot be read. */
  async number(token: string): Promise<string> {
    const sealed = await this.#vault.cards.find(token);
    if (sealed === undefined) throw new Error('the vault has no row for the token of a payment');
    return this.#cipher.cardNumber({ token, sealed });
  }
}
