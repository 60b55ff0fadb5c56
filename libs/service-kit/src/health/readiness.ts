/** One thing that must work before this process takes work: resolves when it does, rejects with why not. */
export type ReadinessCheck = () => Promise<void> | void;

/** What `/ready` says; `why` names no secret, only what the check said. */
export interface ReadinessStatus {
  readonly ready: boolean;
  readonly checks: readonly { readonly name: string; readonly ready: boolean; readonly why?: string }[];
}

/** The checks of a process; each has 2 s, so that the answer comes also when the database hangs. */
export class Readiness {
  readonly #checks = new Map<string, ReadinessCheck>();
  readonly #deadlineMs: number;
  #closing = false;

  constructor(deadlineMs = 2000) {
    this.#deadlineMs = deadlineMs;
  }

  add(name: string, check: ReadinessCheck): void {
    if (this.#checks.has(name)) throw new Error(`readiness check '${name}' is registered twice`);
    this.#checks.set(name, check);
  }

  /** From here on the process says that it is not ready, so that nobody sends it new work while it drains. */
  close(): void {
    this.#closing = true;
  }

  async status(): Promise<ReadinessStatus> {
    const checks = await Promise.all(
      [...this.#checks].map(async ([name, check]) => {
        const why = await this.#outcome(check);
        return why === undefined ? { name, ready: true } : { name, ready: false, why };
      }),
    );
    if (this.#closing) checks.push({ name: 'stopping', ready: false, why: 'this process is stopping' });
    return { ready: checks.every(({ ready }) => ready), checks };
  }

  async #outcome(check: ReadinessCheck): Promise<string | undefined> {
    let timer: NodeJS.Timeout | undefined;
    const late = new Promise<string>((resolve) => {
      timer = setTimeout(() => resolve('no answer in time'), this.#deadlineMs);
    });
    const done = Promise.resolve()
      .then(check)
      .then(
        () => undefined,
        (error: unknown) => (error instanceof Error ? error.message : 'failed'),
      );
    const why = await Promise.race([done, late]);
    clearTimeout(timer);
    return why;
  }
}
