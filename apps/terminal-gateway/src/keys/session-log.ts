import { isRefused, type Decision } from '@tillstream/domain/fact';
import {
  evolveSession,
  newSession,
  signIn,
  signOff,
  type SessionRefusal,
  type SessionState,
} from '@tillstream/domain/session/decide';
import type { SessionFact } from '@tillstream/domain/session/events';
import { streamOf } from '@tillstream/domain/stream';
import { derivedFactId, NO_STREAM, type EventStore, type StoredRecord } from '@tillstream/event-store';
import type { BusinessClock } from '@tillstream/service-kit';
import type { RegisteredTerminal } from '../registry/terminal-registry.ts';
import { ownerOf, type KeySet } from './key-set.ts';

interface Known {
  readonly state: SessionState;
  readonly revision: number;
}

/** Another process may append between our reading and our writing; so often it does not. */
const mostConflicts = 5;

/** The facts of terminals' sessions: which key set is current, and who signed off (design 5, `session`). */
export class SessionLog {
  readonly #store: EventStore;
  readonly #clock: BusinessClock;
  readonly #known = new Map<string, Known>();

  constructor(store: EventStore, clock: BusinessClock) {
    this.#store = store;
    this.#clock = clock;
  }

  /** Says that this set is current from now on. False when a newer one has taken its place. */
  async signedIn(terminal: RegisteredTerminal, set: KeySet): Promise<boolean> {
    const { acquirer, terminalId, merchantId } = terminal;
    const data = {
      acquirer,
      terminalId,
      merchantId,
      keySet: set.keys.handle,
      keyScheme: set.network,
      operator: set.operator,
      batch: set.batch,
    };
    return this.#decide(
      terminal,
      (state) => signIn(state, data),
      () => derivedFactId(set.keys.handle, 'signed-in'),
    );
  }

  /** Says that the terminal signed off. False when it never signed in: there is nothing to say then. */
  async signedOff(terminal: RegisteredTerminal): Promise<boolean> {
    const { acquirer, terminalId, merchantId } = terminal;
    return this.#decide(
      terminal,
      (state) => signOff(state, { acquirer, terminalId, merchantId }),
      (state) => derivedFactId(state.is === 'never-signed-in' ? '' : state.keySet, 'signed-off'),
    );
  }

  /** Whether the terminal said that it ends, as far as this process has heard. */
  isSignedOff(terminal: RegisteredTerminal): boolean {
    return this.#known.get(ownerOf(terminal))?.state.is === 'signed-off';
  }

  /** Sessions that are signed in, as far as this process has heard. */
  get signedInCount(): number {
    let count = 0;
    for (const { state } of this.#known.values()) if (state.is === 'signed-in') count += 1;
    return count;
  }

  /** Another process appended: what is remembered is read again when it is needed. */
  forget(terminal: Pick<RegisteredTerminal, 'acquirer' | 'terminalId'>): void {
    this.#known.delete(ownerOf(terminal));
  }

  async #decide(
    terminal: RegisteredTerminal,
    decide: (state: SessionState) => Decision<SessionFact, SessionRefusal>,
    idOf: (state: SessionState) => string,
  ): Promise<boolean> {
    for (let attempt = 0; attempt < mostConflicts; attempt += 1) {
      const { state, revision } = await this.#load(terminal);
      const decision = decide(state);
      if (isRefused(decision)) return false;
      const [fact] = decision.facts;
      if (fact === undefined) return true;
      if (await this.#append(terminal, { state, revision }, fact, idOf(state))) return true;
      this.forget(terminal);
    }
    throw new Error('the session stream of a terminal changed at every attempt to append to it');
  }

  async #append(terminal: RegisteredTerminal, known: Known, fact: SessionFact, id: string): Promise<boolean> {
    const stream = streamOf.session(terminal);
    const at = this.#clock.now().toISOString();
    const by = `terminal:${terminal.terminalId}`;
    const facts = [{ id, fact, at, by, causedBy: null, correlation: id, key: stream }];
    const result = await this.#store.writer('terminal-gateway').append(stream, known.revision, facts);
    if (!result.ok) return false;
    this.#known.set(ownerOf(terminal), { state: evolveSession(known.state, fact), revision: result.revision });
    return true;
  }

  async #load(terminal: RegisteredTerminal): Promise<Known> {
    const owner = ownerOf(terminal);
    const known = this.#known.get(owner);
    if (known !== undefined) return known;
    const stored = await this.#store.readStream(streamOf.session(terminal));
    const state = stored.map(factOf).reduce(evolveSession, newSession);
    const loaded = { state, revision: stored.at(-1)?.revision ?? NO_STREAM };
    this.#known.set(owner, loaded);
    return loaded;
  }
}

const factOf = ({ type, version, data }: StoredRecord): SessionFact => ({ type, version, data }) as SessionFact;
