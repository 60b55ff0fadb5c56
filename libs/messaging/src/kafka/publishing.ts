import type { EventStore, KeyedRecord } from '@tillstream/event-store';
import type { Message, Producer, RecordMetadata } from 'kafkajs';
import { frameOf, publicationTag, type Tick } from './fact-message.ts';
import { partitionOf } from './partition-of.ts';
import type { Published } from './relay-row.ts';
import { KEYED_PARTITIONS } from './topics.ts';

/** The topic is not the one that we wrote to: it was deleted and made again, or has lost its end. */
export class TopicLost extends Error {
  override readonly name = 'TopicLost';
}

/** A tick that goes along. */
export interface TickNow {
  /** Machine clock, ms. */
  readonly at: number;
  /** Also to partitions that have heard of the position. */
  readonly everywhere: boolean;
}

/** Sends the facts of a store to the topic in their order, and knows what was acknowledged. */
export class Publishing {
  readonly #producer: Producer;
  readonly #topic: string;
  readonly #store: EventStore;
  readonly #tag: number;
  readonly #from: Published;
  readonly #offsets: bigint[];
  /** Per partition the position of the last message sent: between it and the next one lies no fact of that partition. */
  readonly #last: bigint[];
  /** Everything up to here was acknowledged. */
  position: bigint;

  constructor(producer: Producer, topic: string, store: EventStore, from: Published) {
    this.#producer = producer;
    this.#topic = topic;
    this.#store = store;
    this.#tag = publicationTag(from.publication);
    this.#from = from;
    this.#offsets = [...from.offsets];
    this.#last = Array.from({ length: KEYED_PARTITIONS }, () => from.position);
    this.position = from.position;
  }

  /** What is to be remembered. */
  published(): Published {
    return { ...this.#from, position: this.position, offsets: [...this.#offsets] };
  }

  /**
   * Sends facts that follow on the position and, with a tick, to every partition that has not heard of it that everything up to there was
   * sent: one request, so that consumers fetch once. Rejects with `TopicLost`, or when the broker does not take them.
   */
  async send(facts: readonly KeyedRecord[], tick?: TickNow): Promise<void> {
    const messages: Message[] = [];
    for (const { position, key, record } of facts) {
      const partition = partitionOf(key);
      const previous = this.#last[partition] ?? 0n;
      messages.push({ partition, key: frameOf(position, previous, this.#tag, key), value: record });
      this.#last[partition] = position;
    }
    const position = facts.at(-1)?.position ?? this.position;
    if (tick !== undefined) messages.push(...this.#ticks(position, tick));
    await this.#deliver(messages);
    this.position = position;
  }

  #ticks(upTo: bigint, { at, everywhere }: TickNow): Message[] {
    const tick: Tick = { store: this.#store.storeId, generation: this.#from.generation, at };
    const value = Buffer.from(JSON.stringify(tick));
    const messages: Message[] = [];
    this.#last.forEach((last, partition) => {
      if (last >= upTo && !everywhere) return;
      messages.push({ partition, key: frameOf(upTo, last, this.#tag, ''), value });
      this.#last[partition] = upTo;
    });
    return messages;
  }

  async #deliver(messages: Message[]): Promise<void> {
    if (messages.length === 0) return;
    const counts = new Map<number, number>();
    for (const { partition = 0 } of messages) counts.set(partition, (counts.get(partition) ?? 0) + 1);
    for (const answer of await this.#producer.send({ topic: this.#topic, acks: -1, messages })) {
      this.#acknowledged(answer, counts.get(answer.partition) ?? 0);
    }
  }

  #acknowledged({ partition, baseOffset }: RecordMetadata, count: number): void {
    const first = BigInt(baseOffset ?? -1);
    const known = this.#offsets[partition] ?? 0n;
    // A batch that the broker had already gets no offset, or its old one.
    if (first < 0n) return;
    if (first < known)
      throw new TopicLost(
        `partition ${partition} of ${this.#topic} goes on at offset ${first}, where ${known} messages were acknowledged`,
      );
    this.#offsets[partition] = first + BigInt(count);
  }
}
