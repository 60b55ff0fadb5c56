import type { VaultCard } from '@tillstream/crypto';
import type { Pool } from 'pg';
import type { MachineClock } from '../clock/machine-clock.ts';

/** A card's row; the same card always has the same one. */
export type CardRow = Pick<VaultCard, 'token' | 'sealed'>;

/** Which of these tokens some fact names. */
export type NamedTokens = (tokens: readonly string[]) => Promise<ReadonlySet<string>>;

interface Waiting {
  readonly card: CardRow;
  readonly resolve: () => void;
  readonly reject: (error: unknown) => void;
}

/** A row renewed less than this ago is left as it is: the sweep takes rows older than a day only. */
const renewAfterMs = 3_600_000;
const oldestMs = 86_400_000;
const mostInOne = 500;
const mostWaiting = 20_000;

/** Card numbers by token, encrypted (design 8 and 10). */
export class CardVault {
  readonly #pool: Pool;
  readonly #machine: MachineClock;
  readonly #versionOf: (sealed: Uint8Array) => string;
  #waiting: Waiting[] = [];
  #writing = false;

  constructor(pool: Pool, machine: MachineClock, versionOf: (sealed: Uint8Array) => string) {
    this.#pool = pool;
    this.#machine = machine;
    this.#versionOf = versionOf;
  }

  /**
   * Resolves when the row is durable, which must be before the fact that names the token. Calls that come while one statement is
   * at work share the next. Rejects when the database refuses or when too many wait.
   */
  store(card: CardRow): Promise<void> {
    if (this.#waiting.length >= mostWaiting) return Promise.reject(new Error('too many card rows wait for the vault'));
    return new Promise((resolve, reject) => {
      this.#waiting.push({ card, resolve, reject });
      if (!this.#writing) void this.#write();
    });
  }

  /** {@link store} for many. */
  async storeAll(cards: readonly CardRow[]): Promise<void> {
    for (let start = 0; start < cards.length; start += mostInOne)
      await this.#upsert(cards.slice(start, start + mostInOne));
  }

  /** The encrypted number of a token, or undefined. */
  async find(token: string): Promise<Buffer | undefined> {
    const found = await this.#pool.query<{ sealed: Buffer }>('select sealed from vault.card where token = $1', [token]);
    return found.rows[0]?.sealed;
  }

  /** Deletes rows that are older than a day and that no fact names; gives how many. `named` is asked about at most 500 at a time. */
  async sweep(named: NamedTokens): Promise<number> {
    const before = new Date(this.#machine.now() - oldestMs);
    let after = '';
    let swept = 0;
    for (;;) {
      const old = await this.#pool.query<{ token: string }>(
        'select token from vault.card where renewed_at < $1 and token > $2 order by token limit $3',
        [before, after, mostInOne],
      );
      const tokens = old.rows.map(({ token }) => token);
      const last = tokens.at(-1);
      if (last === undefined) return swept;
      after = last;
      const kept = await named(tokens);
      // The age is asked again: a retry may have renewed the row since, and its fact is on the way.
      const deleted = await this.#pool.query('delete from vault.card where token = any($1) and renewed_at < $2', [
        tokens.filter((token) => !kept.has(token)),
        before,
      ]);
      swept += deleted.rowCount ?? 0;
    }
  }

  /** Rows written under other versions than this one, at most `limit`: what a rotation still has to write anew. */
  async outdated(currentVersion: string, limit: number): Promise<CardRow[]> {
    const found = await this.#pool.query<{ token: string; sealed: Buffer }>(
      'select token, sealed from vault.card where key_version <> $1 order by token limit $2',
      [currentVersion, limit],
    );
    return found.rows;
  }

  async #write(): Promise<void> {
    this.#writing = true;
    while (this.#waiting.length > 0) {
      const batch = this.#waiting.splice(0, mostInOne);
      try {
        await this.#upsert(batch.map(({ card }) => card));
        for (const { resolve } of batch) resolve();
      } catch (error) {
        for (const { reject } of batch) reject(error);
      }
    }
    this.#writing = false;
  }

  async #upsert(cards: readonly CardRow[]): Promise<void> {
    // One row per token and in one order, so that two writers never wait for each other in a circle.
    const rows = [...new Map(cards.map((card) => [card.token, card])).values()].sort((a, b) =>
      a.token < b.token ? -1 : 1,
    );
    const now = this.#machine.now();
    await this.#pool.query(
      `insert into vault.card as c (token, sealed, key_version, renewed_at)
       select t, s, v, $4 from unnest($1::text[], $2::bytea[], $3::text[]) as n(t, s, v)
       on conflict (token) do update set sealed = excluded.sealed, key_version = excluded.key_version, renewed_at = excluded.renewed_at
       where c.renewed_at < $5 or c.key_version <> excluded.key_version`,
      [
        rows.map(({ token }) => token),
        rows.map(({ sealed }) => sealed),
        rows.map(({ sealed }) => this.#versionOf(sealed)),
        new Date(now),
        new Date(now - renewAfterMs),
      ],
    );
  }
}
