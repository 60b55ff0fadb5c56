import type { Log } from '../logs/log.ts';

/** In which order a node stops: no new work first, then what is at work, then facts, then what they need. */
export const stopOrder = {
  intake: 10,
  commands: 20,
  work: 30,
  feeds: 40,
  http: 50,
  store: 60,
  database: 70,
  last: 90,
} as const;

interface Step {
  readonly name: string;
  readonly order: number;
  readonly deadlineMs: number;
  readonly stop: () => Promise<void> | void;
}

/** How a stop went: the steps that failed or did not end in time. */
export interface StopReport {
  readonly reason: string;
  readonly failed: readonly { readonly name: string; readonly why: string }[];
}

/** What a process does when it is told to end. */
export interface LifecycleSettings {
  readonly log?: Log;
  /** Deadline of a step that names none, ms; 10,000. */
  readonly deadlineMs?: number;
}

/** The signals and the end of a process; `process` fits. */
export interface SignalSource {
  on(signal: 'SIGINT' | 'SIGTERM', listener: () => void): unknown;
  exit(code: number): void;
}

/** Stops a process in order, once: steps of one order together, each until its deadline, a failed step never stops the others. */
export class Lifecycle {
  readonly #settings: LifecycleSettings;
  #steps: Step[] = [];
  #stopping: Promise<StopReport> | undefined;

  constructor(settings: LifecycleSettings = {}) {
    this.#settings = settings;
  }

  /** True from the first moment of the stop. */
  get stopping(): boolean {
    return this.#stopping !== undefined;
  }

  /** Adds a step; lower orders stop first (see {@link stopOrder}). */
  onStop(name: string, order: number, stop: () => Promise<void> | void, deadlineMs?: number): void {
    if (this.#stopping !== undefined) throw new Error(`'${name}' cannot be added: the stop has begun`);
    this.#steps.push({ name, order, stop, deadlineMs: deadlineMs ?? this.#settings.deadlineMs ?? 10_000 });
  }

  /** Runs every step; a second call waits for the first. */
  stop(reason: string): Promise<StopReport> {
    this.#stopping ??= this.#run(reason);
    return this.#stopping;
  }

  /** The first SIGINT or SIGTERM stops in order and ends with 0 (1 when a step failed); the second ends at once with 130. */
  stopOnSignals(source: SignalSource = process): void {
    const heard = (signal: string): void => {
      if (this.#stopping !== undefined) {
        this.#settings.log?.warn('second signal, ending at once', { signal });
        source.exit(130);
        return;
      }
      void this.stop(signal).then(({ failed }) => source.exit(failed.length === 0 ? 0 : 1));
    };
    source.on('SIGINT', () => heard('SIGINT'));
    source.on('SIGTERM', () => heard('SIGTERM'));
  }

  async #run(reason: string): Promise<StopReport> {
    this.#settings.log?.info('stopping', { reason });
    const failed: { name: string; why: string }[] = [];
    const orders = [...new Set(this.#steps.map(({ order }) => order))].sort((a, b) => a - b);
    for (const order of orders) {
      const together = this.#steps.filter((step) => step.order === order);
      const results = await Promise.all(together.map(runStep));
      together.forEach(({ name }, index) => {
        const why = results[index];
        if (why === undefined) return;
        failed.push({ name, why });
        this.#settings.log?.error('a step of the stop failed', { step: name, why });
      });
    }
    this.#settings.log?.info('stopped', { failed: failed.length });
    this.#settings.log?.flush();
    return { reason, failed };
  }
}

/** Undefined when the step ended well, else why not. */
async function runStep({ stop, deadlineMs }: Step): Promise<string | undefined> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<string>((resolve) => {
    timer = setTimeout(() => resolve(`did not end within ${deadlineMs} ms`), deadlineMs);
  });
  const ended = Promise.resolve()
    .then(stop)
    .then(
      () => undefined,
      (error: unknown) => (error instanceof Error ? error.message : String(error)),
    );
  const why = await Promise.race([ended, late]);
  clearTimeout(timer);
  return why;
}
