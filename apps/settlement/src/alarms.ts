import type { Log, LogFields } from '@tillstream/service-kit';

const mostRemembered = 10_000;

/** What a person has to look at: logged once each, counted for metrics. */
export class Alarms {
  readonly #log: Log;
  readonly #raised = new Set<string>();
  readonly #counts: Record<string, number> = {};

  constructor(log: Log) {
    this.#log = log;
  }

  /** Raises an alarm; the same one about the same thing is raised once while the process lives. */
  raise(what: string, about: string, fields: LogFields = {}): void {
    const key = `${what} ${about}`;
    if (this.#raised.has(key)) return;
    if (this.#raised.size >= mostRemembered) this.#raised.clear();
    this.#raised.add(key);
    this.#counts[what] = (this.#counts[what] ?? 0) + 1;
    this.#log.error(what, { alarm: true, about, ...fields });
  }

  /** How many of each kind. */
  read(): Readonly<Record<string, number>> {
    return { ...this.#counts };
  }
}
