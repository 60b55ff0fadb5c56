import type { OnModuleInit } from '@nestjs/common';
import type { Fact } from '@tillstream/domain/fact';
import type { EventStore, FactWriter } from '@tillstream/event-store';
import { inTransaction, oneAtATime, Problem, type Platform } from '@tillstream/service-kit';
import { freshUuid } from './fresh-uuid.ts';
import { OWN_NOUNS, Registry } from './registry.ts';
import { Turns } from './turns.ts';

/** Until access control is built, whoever holds the API's token acts as this operator. */
const ACTOR = 'operator:api';
const MOST_WAITING = 200;
const PAGE = 5_000;

/** What a command leads to. */
export interface Change<Answer> {
  readonly stream: string;
  readonly key: string;
  /** None when everything was said before. */
  readonly facts: readonly Fact[];
  /** Stores in the vault what the facts name; runs before they are appended (design 8). */
  secure?(): Promise<void>;
  /** Looks at the registry with the facts taken in. */
  answer(): Answer;
}

/** The answer to a command. */
export interface Recorded<Answer> {
  /** False for a repeat: nothing new was stored. */
  readonly created: boolean;
  readonly answer: Answer;
}

/**
 * The writer of merchants, terminals and channels: commands are decided one after the other in all processes, each on everything stored
 * before it, so a serial number is never bound twice although its uniqueness spans streams.
 */
export class Desk implements OnModuleInit {
  readonly #platform: Platform;
  readonly #store: EventStore;
  readonly #writer: FactWriter;
  readonly #turns = new Turns(MOST_WAITING);
  readonly #registry = new Registry();
  #catchingUp: Promise<void> | undefined;

  constructor(platform: Platform) {
    this.#platform = platform;
    this.#store = platform.store;
    this.#writer = platform.store.writer('merchants');
  }

  async onModuleInit(): Promise<void> {
    await this.registry();
  }

  /** Everything that is stored now. */
  async registry(): Promise<Registry> {
    const head = await this.#store.head();
    while (this.#registry.seen < head) {
      this.#catchingUp ??= this.#takeIn(head).finally(() => (this.#catchingUp = undefined));
      await this.#catchingUp;
    }
    return this.#registry;
  }

  /**
   * Decides one command and stores what follows. Rejects with what `decide` throws, with problem `busy`, or with
   * `changed-meanwhile` (409) when another process wrote the stream in between.
   */
  async record<Answer>(decide: (registry: Registry) => Promise<Change<Answer>>): Promise<Recorded<Answer>> {
    return this.#turns.take(() =>
      // What is unique over streams is seen by no stream's revision, so one process decides at a time.
      inTransaction(this.#platform.pool, async (client) => {
        await oneAtATime(client, 'merchants desk');
        return this.#recordAlone(decide);
      }),
    );
  }

  async #recordAlone<Answer>(decide: (registry: Registry) => Promise<Change<Answer>>): Promise<Recorded<Answer>> {
    const registry = await this.registry();
    const { stream, key, facts, secure, answer } = await decide(registry);
    if (facts.length === 0) return { created: false, answer: answer() };
    await secure?.();
    await this.#append(stream, key, registry.revisionOf(stream), facts);
    await this.registry();
    return { created: true, answer: answer() };
  }

  async #append(stream: string, key: string, expected: number, facts: readonly Fact[]): Promise<void> {
    const { businessClock, random } = this.#platform;
    const correlation = freshUuid(random);
    const at = businessClock.now().toISOString();
    const appended = await this.#writer.append(
      stream,
      expected,
      facts.map((fact) => ({ id: freshUuid(random), fact, at, by: ACTOR, causedBy: null, correlation, key })),
    );
    if (!appended.ok) {
      throw new Problem({
        status: 409,
        code: 'changed-meanwhile',
        title: 'Somebody changed this meanwhile; try again',
      });
    }
  }

  async #takeIn(head: bigint): Promise<void> {
    const facts = await this.#store.readAll(this.#registry.seen, { nouns: OWN_NOUNS, limit: PAGE, upTo: head });
    this.#registry.take(facts, facts.length < PAGE ? head : (facts.at(-1)?.position ?? head));
  }
}
