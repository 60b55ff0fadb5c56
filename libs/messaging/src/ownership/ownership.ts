/** Partitions of keys that a process has just become the writer of. */
export interface Takeover {
  /** Those of the takeover that are still held under it; it shrinks when some are lost while they are being loaded. */
  current(): ReadonlySet<number>;
  /** Whether this key is of {@link current}. */
  concerns(key: string): boolean;
  /** Whether the writer before may be alive and at work on what it took up; false on the single node, where it is dead. */
  readonly othersAtWork: boolean;
}

/** A service that remembers something of its keys. */
export interface KeyFollower {
  /**
   * Loads what is remembered of the keys. Runs after the generation was raised, so what is stored by then is read; until it
   * resolves the keys are not ready. It runs again, with back-off, when it rejects.
   */
  taken(takeover: Takeover): Promise<void>;
  /** Drops what is remembered; what is at work is finished under the fence of the store's expected revision. Never waits. */
  lost(partitions: ReadonlySet<number>): void;
}

/** Which keys this process is the one writer of (design 5): all on the single node, those of its partitions on the cluster. */
export interface KeyOwnership {
  /** Whether this process may begin something new under the key now. */
  owns(key: string): boolean;
  /** Whether the key is this process's, loaded or not, until another process is known to have it: what was begun goes on. */
  holds(key: string): boolean;
  /** Whether it owns the key and everything remembered of it is loaded. */
  ready(key: string): boolean;
  /** The generation under which this process writes the key; it rises with each takeover. Undefined when it does not hold it. */
  generationOf(key: string): number | undefined;
  /** Whether what is held is ready, all of it; true when nothing is held. */
  readonly settled: boolean;
  /** Makes this the service that is told; resolves when what is held already is ready. */
  follow(follower: KeyFollower): Promise<void>;
}
