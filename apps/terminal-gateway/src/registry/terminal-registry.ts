import type { MerchantFact } from '@tillstream/domain/merchant/events';
import type { Noun } from '@tillstream/domain/stream';
import type { TerminalFact } from '@tillstream/domain/terminal/events';
import type { EventStore, StoredRecord, Subscription } from '@tillstream/event-store';

/** How long the tail may take to come up with the store before a terminal is called unknown all the same. */
const longestWaitMs = 1_000;
const nouns: readonly Noun[] = ['merchant', 'terminal'];

/** A terminal as far as the gateway needs it. */
export interface RegisteredTerminal {
  readonly acquirer: string;
  readonly terminalId: string;
  readonly merchantId: string;
  /** Handle of the terminal master key in the vault. */
  readonly masterKey: string;
  /** Name of the message profile. */
  readonly profile: string;
  readonly is: 'active' | 'blocked' | 'retired';
}

/** Who the two numbers of a message belong to. */
export type Found =
  | { readonly is: 'unknown' }
  /** The terminal is known, the merchant number is not its merchant's. */
  | { readonly is: 'other-merchant'; readonly terminal: RegisteredTerminal }
  | {
      readonly is: 'terminal';
      readonly terminal: RegisteredTerminal;
      readonly merchant: 'active' | 'blocked' | 'missing';
    };

/** Every terminal and merchant in memory, from their facts: read once, then followed. */
export class TerminalRegistry {
  readonly #store: EventStore;
  /** By F41; one terminal number may exist at several acquirers. */
  readonly #terminals = new Map<string, Map<string, RegisteredTerminal>>();
  readonly #merchants = new Map<string, 'active' | 'blocked'>();
  #tail: Subscription | undefined;
  #seen = 0n;
  /** The question in work, settled or not; and the one that waits for it. */
  #asking: Promise<void> = Promise.resolve();
  #next: Promise<void> | undefined;
  #waiting: { readonly position: bigint; readonly go: () => void }[] = [];

  private constructor(store: EventStore) {
    this.#store = store;
  }

  /** Reads every registration there is, then follows the store. */
  static async open(store: EventStore): Promise<TerminalRegistry> {
    const registry = new TerminalRegistry(store);
    await registry.#start();
    return registry;
  }

  /** Looks a terminal up by F41 and F42 as they stand in the message. */
  find(f41: string, f42: string): Found {
    const places = this.#terminals.get(f41);
    if (places === undefined) return { is: 'unknown' };
    const all = [...places.values()];
    const terminal = all.find(({ merchantId }) => merchantId === f42);
    if (terminal !== undefined) {
      return { is: 'terminal', terminal, merchant: this.#merchants.get(f42) ?? 'missing' };
    }
    const [only, ...others] = all;
    return only === undefined || others.length > 0 ? { is: 'unknown' } : { is: 'other-merchant', terminal: only };
  }

  /**
   * Resolves when every fact that is stored now is in memory, or after a second: a terminal is called unknown only after that.
   * Rejects when the store cannot be asked. Calls share one question, but never one that was asked before them.
   */
  caughtUp(): Promise<void> {
    this.#next ??= this.#asking.then(() => {
      const asked = this.#catchUp();
      this.#asking = asked.catch(() => undefined);
      this.#next = undefined;
      return asked;
    });
    return this.#next;
  }

  async close(): Promise<void> {
    await this.#tail?.stop();
  }

  async #start(): Promise<void> {
    const head = await this.#store.head();
    while (this.#seen < head) {
      const facts = await this.#store.readAll(this.#seen, { nouns, limit: 5_000, upTo: head });
      this.#take(facts, facts.at(-1)?.position ?? head);
    }
    this.#tail = this.#store.subscribe(head, nouns, async (facts, upTo) => this.#take(facts, upTo));
  }

  async #catchUp(): Promise<void> {
    const position = await this.#store.head();
    if (this.#seen >= position) return;
    await new Promise<void>((resolve) => {
      const timer = setTimeout(resolve, longestWaitMs);
      const go = (): void => {
        clearTimeout(timer);
        resolve();
      };
      this.#waiting.push({ position, go });
    });
  }

  #take(facts: readonly StoredRecord[], upTo: bigint): void {
    for (const { type, data } of facts) this.#evolve({ type, version: 1, data } as TerminalFact | MerchantFact);
    this.#seen = upTo;
    const due = this.#waiting.filter(({ position }) => position <= upTo);
    this.#waiting = this.#waiting.filter(({ position }) => position > upTo);
    for (const { go } of due) go();
  }

  #evolve(fact: TerminalFact | MerchantFact): void {
    switch (fact.type) {
      case 'TerminalRegistered': {
        const { acquirer, terminalId, merchantId, masterKey, profile } = fact.data;
        const places = this.#terminals.get(terminalId) ?? new Map<string, RegisteredTerminal>();
        places.set(acquirer, { acquirer, terminalId, merchantId, masterKey, profile, is: 'active' });
        this.#terminals.set(terminalId, places);
        return;
      }
      case 'TerminalBlocked':
        return this.#stand(fact.data, 'blocked');
      case 'TerminalUnblocked':
        return this.#stand(fact.data, 'active');
      case 'TerminalRetired':
        return this.#stand(fact.data, 'retired');
      case 'MerchantRegistered':
      case 'MerchantUnblocked':
        this.#merchants.set(fact.data.merchantId, 'active');
        return;
      case 'MerchantBlocked':
        this.#merchants.set(fact.data.merchantId, 'blocked');
        return;
      default:
        return; // Fee plans, and whatever a later version says about them, are no business of the gateway.
    }
  }

  #stand({ acquirer, terminalId }: { acquirer: string; terminalId: string }, is: RegisteredTerminal['is']): void {
    const places = this.#terminals.get(terminalId);
    const terminal = places?.get(acquirer);
    if (places !== undefined && terminal !== undefined) places.set(acquirer, { ...terminal, is });
  }
}
