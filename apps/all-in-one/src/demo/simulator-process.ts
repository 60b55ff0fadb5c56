import { fork, type ChildProcess } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import type { FromSimulator, ToSimulator } from '@tillstream/simulator';

type Answer<T extends FromSimulator['type']> = Extract<FromSimulator, { type: T }>;

/** The simulator as a process of its own: messages out, messages in; its death is an error for whoever waits. */
export class SimulatorProcess {
  readonly #child: ChildProcess;
  readonly #listeners = new Set<(message: FromSimulator) => void>();
  #ended: Error | undefined;

  constructor(onDeath: (error: Error) => void) {
    const entry = fileURLToPath(import.meta.resolve('@tillstream/simulator')).replace(/index\.(ts|js)$/, 'main.$1');
    // A group of its own would not hear Ctrl-C; we tell it to stop after the node has drained.
    this.#child = fork(entry, [], { stdio: ['ignore', 'inherit', 'inherit', 'ipc'], detached: true });
    this.#child.on('message', (message) => {
      for (const listener of [...this.#listeners]) listener(message as FromSimulator);
    });
    this.#child.on('exit', (code, signal) => {
      this.#ended = new Error(`the simulator ended (${signal ?? `code ${code}`})`);
      for (const listener of [...this.#listeners])
        listener({ type: 'failed', during: 'exit', problem: this.#ended.message });
      if (code !== 0) onDeath(this.#ended);
    });
  }

  get pid(): number {
    return this.#child.pid ?? 0;
  }

  send(message: ToSimulator): void {
    if (this.#ended) throw this.#ended;
    this.#child.send(message);
  }

  /** Sends and waits for the answer of that type; a `failed` answer rejects. */
  ask<T extends FromSimulator['type']>(message: ToSimulator, answer: T): Promise<Answer<T>> {
    return new Promise((resolve, reject) => {
      const listener = (got: FromSimulator): void => {
        if (got.type !== answer && got.type !== 'failed') return;
        this.#listeners.delete(listener);
        if (got.type === 'failed' && answer !== 'failed') reject(new Error(`simulator, ${got.during}: ${got.problem}`));
        else resolve(got as Answer<T>);
      };
      this.#listeners.add(listener);
      try {
        this.send(message);
      } catch (error) {
        this.#listeners.delete(listener);
        reject(error as Error);
      }
    });
  }

  /** Calls `listener` for every message until the returned function is called. */
  on(listener: (message: FromSimulator) => void): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  /** Asks it to finish; kills it after the deadline. */
  async stop(deadlineMs: number): Promise<void> {
    if (this.#ended) return;
    await new Promise<void>((resolve) => {
      const timer = setTimeout(() => this.#child.kill('SIGKILL'), deadlineMs);
      this.#child.once('exit', () => {
        clearTimeout(timer);
        resolve();
      });
      this.#child.send({ type: 'stop' } satisfies ToSimulator);
    });
  }
}
