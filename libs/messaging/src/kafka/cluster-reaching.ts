import { groupReach } from '../group-position.ts';
import type { GroupSettings } from '../in-process/group-settings.ts';
import { Waiters } from '../in-process/waiters.ts';
import type { Place, Places } from './partition-progress.ts';
import { KEYED_PARTITIONS } from './topics.ts';

const OTHERS_POLL_MS = 100;

/** How far all partitions of a group are: this instance's own as it knows them, those of others as stored. */
export class ClusterReaching {
  readonly #group: string;
  readonly #settings: GroupSettings;
  readonly #waiters = new Waiters();
  /** Looked through and handled here, stored or not. */
  #looked = new Map<number, Place>();
  #lowest: bigint;
  #ended: Error | undefined;
  #cancel: () => void = () => undefined;

  constructor(group: string, lowest: bigint, settings: GroupSettings) {
    this.#group = group;
    this.#settings = settings;
    this.#lowest = lowest;
  }

  /** Every partition is known to be here at least. */
  get lowest(): bigint {
    return this.#lowest;
  }

  get looked(): Places {
    return this.#looked;
  }

  /** Resolves when all partitions have, whoever holds them. */
  reached(position: bigint): Promise<void> {
    if (this.#lowest >= position) return Promise.resolve();
    if (this.#ended !== undefined) return Promise.reject(this.#ended);
    return this.#waiters.until(position);
  }

  /** These partitions are held here from now on, and no others. */
  begin(held: Places): void {
    this.#looked = new Map(held);
  }

  /** A partition is another instance's. */
  drop(partition: number): void {
    this.#looked.delete(partition);
  }

  /** Partitions are taken in up to these places. */
  handled(to: Places): void {
    for (const [partition, place] of to) this.#looked.set(partition, place);
    if (this.#looked.size === KEYED_PARTITIONS) this.#knows([...this.#looked.values()].map(({ position }) => position));
  }

  /** Looks at the rows of others for as long as somebody waits. */
  watch(): void {
    this.#cancel = this.#settings.timers.after(OTHERS_POLL_MS, () => {
      void this.#lookAtOthers()
        .catch((error: unknown) => this.#settings.onFailure(this.#group, error))
        .finally(() => {
          if (this.#ended === undefined) this.watch();
        });
    });
  }

  end(error: Error): void {
    this.#ended = error;
    this.#cancel();
    this.#waiters.reject(error);
  }

  async #lookAtOthers(): Promise<void> {
    if (this.#looked.size === KEYED_PARTITIONS || this.#waiters.size === 0) return;
    const reach = await groupReach(this.#settings.pool, this.#group);
    const own = this.#looked;
    this.#knows(
      [...(reach?.partitions ?? [])].map(([partition, position]) => own.get(partition)?.position ?? position),
    );
  }

  #knows(positions: readonly bigint[]): void {
    const [first, ...others] = positions;
    if (first === undefined) return;
    const lowest = others.reduce((a, b) => (b < a ? b : a), first);
    if (lowest > this.#lowest) this.#lowest = lowest;
    this.#waiters.settle(this.#lowest);
  }
}
