import { HEARTBEAT_MS } from './kafka-consumer.ts';

/** Says that an instance lives while something is waited for: one timer for all batches that wait at once, of which there may be 48. */
export class Heartbeats {
  #next: Promise<undefined> | undefined;

  /** Waits, and beats meanwhile; rejects when the group is being divided anew. */
  async while<T>(work: Promise<T>, heartbeat: () => Promise<void>): Promise<T> {
    const done = work.then((value) => ({ value }));
    done.catch(() => undefined);
    for (;;) {
      const first = await Promise.race([done, this.#beat()]);
      if (first !== undefined) return first.value;
      await heartbeat();
    }
  }

  #beat(): Promise<undefined> {
    return (this.#next ??= new Promise((resolve) =>
      setTimeout(() => {
        this.#next = undefined;
        resolve(undefined);
      }, HEARTBEAT_MS).unref(),
    ));
  }
}
