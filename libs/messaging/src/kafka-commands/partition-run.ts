import type { ArrivedCommand } from './command-message.ts';

/** A command that waits until what is remembered of its key is loaded. */
export interface HeldCommand {
  readonly arrived: ArrivedCommand;
  readonly offset: bigint;
}

/** One partition of commands while it is this process's. */
export class PartitionRun {
  /** The end of the partition at the takeover: what lies before was sent before it, and another may have begun it. Undefined until it is known. */
  fence: bigint | undefined;
  /** False once the partition is another process's. */
  isOurs = true;
  /** Commands of before the takeover, until the partition is ready and read up to the fence. */
  held: HeldCommand[] = [];
  readonly #unsettled = new Set<bigint>();
  readonly #again = new Set<bigint>();
  #next: bigint | undefined;
  #committed: bigint | undefined;

  /** False for a message that was begun before: a consumer that starts anew reads again what is not committed. */
  begin(offset: bigint): boolean {
    if (this.#again.delete(offset)) return true;
    if (this.#next !== undefined && offset < this.#next) return false;
    this.#next = offset + 1n;
    this.#unsettled.add(offset);
    return true;
  }

  /** Nothing more has to happen for this message: whoever reads on from here misses nothing. */
  settle(offset: bigint): void {
    this.#unsettled.delete(offset);
    this.#again.delete(offset);
  }

  /** The message may be begun again, when it is read again. */
  mayComeAgain(offset: bigint): void {
    if (this.#unsettled.has(offset)) this.#again.add(offset);
  }

  /** Whether everything of before the takeover was read. */
  get isCaughtUp(): boolean {
    return this.fence !== undefined && this.#next !== undefined && this.#next >= this.fence;
  }

  /** The next offset to commit, the lowest that is not settled; undefined when it is committed. */
  get toCommit(): bigint | undefined {
    // Messages are begun in order, so that the first is the lowest.
    const [lowest] = this.#unsettled;
    const offset = lowest ?? this.#next;
    return offset === undefined || offset === this.#committed ? undefined : offset;
  }

  committed(offset: bigint): void {
    this.#committed = offset;
  }
}
