import type { SecurityModule, SignInNetwork, WrappedKey } from '@tillstream/crypto';
import type { BusinessClock, KeyVault, MachineClock } from '@tillstream/service-kit';
import type { RegisteredTerminal } from '../registry/terminal-registry.ts';
import { KEY_SET_KIND, keySetsOf, ownerOf, type KeySet, type KeySets, type SignInDetail } from './key-set.ts';
import { macProfileOf } from './mac-profiles.ts';
import type { SessionLog } from './session-log.ts';
import { Turns } from './turns.ts';

/** What session keys need. */
export interface SessionKeySettings {
  readonly vault: KeyVault;
  readonly security: SecurityModule;
  readonly log: SessionLog;
  readonly businessClock: BusinessClock;
  readonly machineClock: MachineClock;
  /** A fresh handle: a UUID. */
  readonly newHandle: () => string;
  readonly graceMs: number;
  readonly repeatMs: number;
}

/** Whether a MAC is right, and under which set. */
export type Verified =
  | { readonly is: 'right'; readonly set: KeySet }
  | { readonly is: 'wrong' }
  /** The terminal never signed in, or its keys are gone: nothing could be right. */
  | { readonly is: 'no-keys' };

/** A sign-in as the message says it. */
export interface SignInRequest {
  readonly stan: string;
  readonly network: SignInNetwork;
  readonly operator: string;
}

/** Why there are no keys: the terminal's own key is not in the vault, or its profile is not described. */
export class TerminalNotProvisioned extends Error {
  override readonly name = 'TerminalNotProvisioned';
}

/** At most one look into the vault per terminal and this time on account of wrong MACs. */
const rereadMs = 1_000;
const dayMs = 86_400_000;

/**
 * Key sets of terminals: pending until the first message verifies under them, then current; the set before ends a grace
 * later (domain 2.6, design 10). The vault's rows are the truth, this is their memory. Everything about one terminal's
 * sets happens one at a time.
 */
export class SessionKeys {
  readonly #settings: SessionKeySettings;
  readonly #known = new Map<string, Promise<KeySets>>();
  readonly #rereadAt = new Map<string, number>();
  readonly #turns = new Turns();

  constructor(settings: SessionKeySettings) {
    this.#settings = settings;
  }

  /** Tries the terminal's sets; a pending one that fits is current, durably, before this resolves. */
  async verify(terminal: RegisteredTerminal, mab: Uint8Array, mac: Uint8Array): Promise<Verified> {
    const tried = await this.#try(terminal, await this.#sets(terminal), mab, mac);
    if (tried.is === 'right' || !this.#mayReread(terminal)) return tried;
    // Another gateway may have issued or promoted a set since.
    this.#rereadAt.set(ownerOf(terminal), this.#settings.machineClock.now());
    this.#known.delete(ownerOf(terminal));
    return this.#try(terminal, await this.#sets(terminal), mab, mac);
  }

  /**
   * The answer of a sign-in: new keys in the pending place, durable; the same 0800 again gets the same. `batchNumber` is asked
   * only for a new one; what it throws comes out here, and nothing has changed then.
   * @throws TerminalNotProvisioned, SecurityError
   */
  issue(terminal: RegisteredTerminal, request: SignInRequest, batchNumber: () => Promise<string>): Promise<KeySet> {
    return this.#turns.take(ownerOf(terminal), async () => {
      const repeated = this.#repeated(await this.#sets(terminal), terminal, request);
      if (repeated !== undefined) return repeated;
      const masterKey = await this.#masterKey(terminal);
      return this.#store(terminal, masterKey, { ...request, batch: await batchNumber() });
    });
  }

  /** The terminal says that it ends. Its keys stay: it may still have something to undo. */
  signOff(terminal: RegisteredTerminal): Promise<boolean> {
    return this.#turns.take(ownerOf(terminal), () => this.#settings.log.signedOff(terminal));
  }

  /** Whether the terminal should sign in again: the set is older than a day, or the terminal had signed off. */
  isStale(terminal: RegisteredTerminal, set: KeySet): boolean {
    const ageMs = this.#settings.businessClock.now().getTime() - Date.parse(set.issuedAt);
    return ageMs > dayMs || this.#settings.log.isSignedOff(terminal);
  }

  /**
   * A fact says that this set is current. When it is not so here, another gateway made it so: what is remembered is forgotten
   * and read again when it is needed, and the answer is true. Waits for its turn, so that our own sign-in is no news.
   */
  hear(terminal: Pick<RegisteredTerminal, 'acquirer' | 'terminalId'>, handle: string): Promise<boolean> {
    const owner = ownerOf(terminal);
    return this.#turns.take(owner, async () => {
      const known = this.#known.get(owner);
      if (known === undefined || (await known).current?.keys.handle === handle) return false;
      this.#known.delete(owner);
      return true;
    });
  }

  async #try(terminal: RegisteredTerminal, sets: KeySets, mab: Uint8Array, mac: Uint8Array): Promise<Verified> {
    const { current, pending, previous } = sets;
    const now = this.#settings.machineClock.now();
    const alive = [current, pending, previous].filter((set) => set !== undefined && (set.endsAt ?? Infinity) > now);
    if (alive.length === 0) return { is: 'no-keys' };
    for (const set of alive as KeySet[]) {
      const right = await this.#settings.security.verifyMac({ key: set.keys, profile: set.mac, data: mab, mac });
      if (!right) continue;
      return set === pending ? this.#promote(terminal, set) : { is: 'right', set };
    }
    return { is: 'wrong' };
  }

  /** The fact first, then the vault: a crash between them leaves the set pending, and the next message does both again. */
  #promote(terminal: RegisteredTerminal, set: KeySet): Promise<Verified> {
    return this.#turns.take(ownerOf(terminal), async () => {
      const owner = ownerOf(terminal);
      const { current, pending } = await this.#sets(terminal);
      if (current?.keys.handle === set.keys.handle) return { is: 'right', set: current };
      if (pending?.keys.handle !== set.keys.handle) return { is: 'wrong' };
      if (!(await this.#settings.log.signedIn(terminal, set))) return { is: 'wrong' };
      const endsAt = this.#settings.machineClock.now() + this.#settings.graceMs;
      if (!(await this.#settings.vault.promote(owner, set.keys.handle, new Date(endsAt)))) {
        this.#known.delete(owner);
        const reread = await this.#sets(terminal);
        return reread.current?.keys.handle === set.keys.handle ? { is: 'right', set } : { is: 'wrong' };
      }
      const previous = current === undefined ? {} : { previous: { ...current, endsAt } };
      this.#known.set(owner, Promise.resolve({ current: set, ...previous }));
      return { is: 'right', set };
    });
  }

  #repeated(sets: KeySets, terminal: RegisteredTerminal, request: SignInRequest): KeySet | undefined {
    const youngest = this.#settings.machineClock.now() - this.#settings.repeatMs;
    return [sets.pending, sets.current].find(
      (set) =>
        set !== undefined &&
        set.stan === request.stan &&
        set.network === request.network &&
        set.masterKey === terminal.masterKey &&
        set.createdAt >= youngest,
    );
  }

  async #masterKey(terminal: RegisteredTerminal): Promise<WrappedKey> {
    const row = await this.#settings.vault.find(terminal.masterKey);
    if (row === undefined) throw new TerminalNotProvisioned('its master key is not in the vault');
    return { handle: row.handle, wrapped: row.wrapped };
  }

  async #store(
    terminal: RegisteredTerminal,
    terminalMaster: WrappedKey,
    asked: SignInRequest & { readonly batch: string },
  ): Promise<KeySet> {
    const { security, vault, businessClock, machineClock, newHandle } = this.#settings;
    const mac = macProfileOf(terminal.profile, asked.network);
    if (mac === undefined) throw new TerminalNotProvisioned('its message profile is not described');
    const made = await security.createSignInKeys({ handle: newHandle(), terminalMaster, network: asked.network });
    const { stan, network, operator, batch } = asked;
    const detail: SignInDetail = {
      stan,
      network,
      operator,
      batch,
      field62: made.field62.toString('hex'),
      issuedAt: businessClock.now().toISOString(),
      masterKey: terminal.masterKey,
    };
    const owner = ownerOf(terminal);
    const sets = await this.#sets(terminal);
    await vault.store({ ...made.keys, kind: KEY_SET_KIND, owner, slot: 'pending', detail });
    const pending: KeySet = { ...detail, keys: made.keys, mac, createdAt: machineClock.now(), endsAt: null };
    this.#known.set(owner, Promise.resolve({ ...sets, pending }));
    return pending;
  }

  #sets(terminal: RegisteredTerminal): Promise<KeySets> {
    const owner = ownerOf(terminal);
    const known = this.#known.get(owner);
    if (known !== undefined) return known;
    const read = this.#settings.vault.ofOwner(owner).then((rows) => keySetsOf(rows, terminal.profile));
    this.#known.set(owner, read);
    // A failed look is made again by the next message.
    read.catch(() => {
      if (this.#known.get(owner) === read) this.#known.delete(owner);
    });
    return read;
  }

  #mayReread(terminal: RegisteredTerminal): boolean {
    const last = this.#rereadAt.get(ownerOf(terminal)) ?? 0;
    return this.#settings.machineClock.now() - last >= rereadMs;
  }
}
