import { EventPattern, Server, type CustomTransportStrategy, type MessageHandler } from '@nestjs/microservices';
import { isObservable, lastValueFrom } from 'rxjs';
import type { Noun } from '@tillstream/domain/stream';
import type { FactFeed, FeedGroup, FeedSubscription } from './port.ts';

/** What a handler method says about the group that it takes in. */
export interface FactsPattern {
  readonly group: string;
  readonly kind: FeedGroup['kind'];
  readonly nouns: readonly Noun[];
}

/** How a wrapped handler hands its error through Nest, which would otherwise replace it by "Internal server error". */
class HandlerFailure {
  readonly error: unknown;
  constructor(error: unknown) {
    this.error = error;
  }
}

/**
 * Makes a controller method the batch handler of a group: it gets a `RowBatch` (kind `rows`) or the facts (kind `facts`), as
 * `FeedGroup.onBatch` does, and runs under {@link FeedServer}. It is Nest's `@EventPattern` with the group as pattern.
 */
export function FactsOf(pattern: FactsPattern): MethodDecorator {
  return (target, name, descriptor) => {
    const method = descriptor.value as unknown as (...args: unknown[]) => unknown;
    const kept = async function (this: unknown, ...args: unknown[]): Promise<unknown> {
      try {
        return await method.apply(this, args);
      } catch (error) {
        return new HandlerFailure(error);
      }
    };
    descriptor.value = kept as unknown as NonNullable<typeof descriptor.value>;
    EventPattern<string>(`facts.${pattern.group}`, { facts: pattern })(target, name, descriptor);
    return descriptor;
  };
}

/** The transport under which services take facts in: groups registered as objects, and controller methods marked with {@link FactsOf}. */
export class FeedServer extends Server implements CustomTransportStrategy {
  override readonly transportId = Symbol('tillstream-facts');
  readonly #feed: FactFeed;
  readonly #groups = new Map<string, FeedGroup>();
  readonly #subscriptions = new Map<string, FeedSubscription>();
  #listening = false;

  constructor(feed: FactFeed) {
    super();
    this.#feed = feed;
  }

  /** Adds a batch handler; before `listen`, so that a group is never half of a service. */
  register(group: FeedGroup): void {
    if (this.#listening) throw new Error(`group '${group.group}' comes too late: facts are flowing already`);
    if (this.#groups.has(group.group)) throw new Error(`group '${group.group}' is registered twice`);
    this.#groups.set(group.group, group);
  }

  /** Starts every group; when one refuses, those that started are stopped and the error goes to the callback. */
  override async listen(callback: (error?: unknown) => void): Promise<void> {
    try {
      for (const handler of this.messageHandlers.values()) {
        const pattern = handler.extras?.['facts'] as FactsPattern | undefined;
        if (pattern !== undefined) this.register(groupOf(pattern, handler));
      }
      this.#listening = true;
      for (const group of this.#groups.values()) this.#subscriptions.set(group.group, await this.#feed.feed(group));
    } catch (error) {
      await this.close();
      callback(error);
      return;
    }
    callback();
  }

  /** The running subscription of a group, for `reached` and lag. */
  subscription(group: string): FeedSubscription {
    const found = this.#subscriptions.get(group);
    if (found === undefined) throw new Error(`group '${group}' is not running`);
    return found;
  }

  /** Waits until every group has taken in everything up to a position. */
  async reached(position: bigint): Promise<void> {
    await Promise.all([...this.#subscriptions.values()].map((subscription) => subscription.reached(position)));
  }

  /** Stops every group after its batch in work. */
  override async close(): Promise<void> {
    const running = [...this.#subscriptions.values()];
    this.#subscriptions.clear();
    await Promise.all(running.map((subscription) => subscription.stop()));
  }

  override on(): never {
    throw new Error('this transport has no events of its own');
  }

  override unwrap<T>(): T {
    return this.#feed as unknown as T;
  }
}

function groupOf({ group, kind, nouns }: FactsPattern, handler: MessageHandler): FeedGroup {
  const onBatch = async (batch: unknown): Promise<void> => {
    const result: unknown = await handler(batch, {});
    const value: unknown = isObservable(result) ? await lastValueFrom(result, { defaultValue: undefined }) : result;
    if (value instanceof HandlerFailure) throw value.error;
  };
  return { kind, group, nouns, onBatch };
}
