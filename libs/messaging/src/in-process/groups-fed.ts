import type { EventStore } from '@tillstream/event-store';
import type { Pool } from 'pg';
import { groupReaches } from '../group-position.ts';
import type { FeedGroup, FeedSubscription, GroupPosition } from '../port.ts';

/** The groups that one feed feeds: each once, none while it closes. */
export class GroupsFed<R extends FeedSubscription> {
  readonly #start: (group: FeedGroup) => Promise<R>;
  readonly #groups = new Map<string, R>();
  /** Groups on their way in: one name is never fed twice, and closing waits for them. */
  readonly #starting = new Map<string, Promise<R>>();
  #closed = false;

  constructor(start: (group: FeedGroup) => Promise<R>) {
    this.#start = start;
  }

  /** Starts a group; throws when it is fed already, when the name is none, and after `close`. */
  async feed(group: FeedGroup): Promise<FeedSubscription> {
    if (this.#closed) throw new Error('this feed is closed');
    if (!/^[a-z0-9][a-z0-9.-]{0,99}$/.test(group.group)) {
      throw new Error(`'${group.group}' is no group name; use a-z, 0-9, dots and dashes`);
    }
    if (this.#groups.has(group.group) || this.#starting.has(group.group))
      throw new Error(`group '${group.group}' is fed already`);
    const starting = this.#start(group);
    this.#starting.set(group.group, starting);
    let run: R;
    try {
      run = await starting;
      this.#groups.set(group.group, run);
    } finally {
      this.#starting.delete(group.group);
    }
    return {
      group: group.group,
      reached: (target) => run.reached(target),
      position: () => run.position(),
      stop: async () => {
        await run.stop();
        if (this.#groups.get(group.group) === run) this.#groups.delete(group.group);
      },
    };
  }

  /** The run of a group; throws when it is not fed here. */
  running(group: string): R {
    const found = this.#groups.get(group);
    if (found === undefined) throw new Error(`group '${group}' is not fed here`);
    return found;
  }

  /** Every group that has a checkpoint, here or elsewhere, with the store's head. */
  async positions({ pool, store }: { readonly pool: Pool; readonly store: EventStore }): Promise<GroupPosition[]> {
    const head = await store.head();
    const found = await pool.query<{ group_name: string; parked: number }>(
      `select group_name, (select count(*)::int from state.parked_key p where p.group_name = c.group_name) as parked
       from state.checkpoint c order by group_name`,
    );
    const names = found.rows.map(({ group_name }) => group_name);
    const reaches = await groupReaches(pool, names);
    return found.rows.map(({ group_name: group, parked }) => {
      // An instance knows its own partitions at once and those of others only from the rows; neither says too much.
      const [known, stored] = [this.#groups.get(group)?.position() ?? 0n, reaches.get(group)?.lowest ?? 0n];
      return { group, position: known > stored ? known : stored, head, parkedKeys: parked };
    });
  }

  /** Stops every group after its batch in work. */
  async close(): Promise<void> {
    this.#closed = true;
    await Promise.allSettled([...this.#starting.values()].map(async (starting) => (await starting).stop()));
    await Promise.all([...this.#groups.values()].map((run) => run.stop()));
    this.#groups.clear();
  }
}
