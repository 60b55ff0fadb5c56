import { type ChildProcess, spawn } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { CRASH_VARIABLE } from '@tillstream/event-store';
import type { Address } from '@tillstream/simulator';
import type { ForeignAddresses } from '../demo/foreign-world.ts';
import { until } from './until.ts';

/** What a node in a child process is told. */
export interface ChildSettings {
  readonly folder: string;
  readonly environment: Readonly<Record<string, string>>;
  readonly world: ForeignAddresses;
  /** Crash points that are armed in it, as TILLSTREAM_FAIL_AT spells them. */
  readonly failAt?: string | undefined;
}

/** What a node in a child process is asked beside its sockets. */
export type ChildQuestion =
  /** Resolves when nothing follows from anything any more. */
  | { readonly ask: 'settled' }
  | { readonly ask: 'in-doubt' }
  /** Puts the business clock to an instant, where it stands still; ms since the epoch. */
  | { readonly ask: 'clock'; readonly at: number }
  | { readonly ask: 'day-ended'; readonly date: string }
  | { readonly ask: 'paid-out'; readonly date: string }
  /** Calls the node's own HTTP API, with a body by POST. */
  | { readonly ask: 'api'; readonly path: string; readonly body?: object };

/** A question as it travels, and its answer. */
export interface Numbered {
  readonly n: number;
  readonly question: ChildQuestion;
}
export type ChildAnswer = { readonly n: number } & ({ readonly value: unknown } | { readonly problem: string });

/** What it says once it takes payments. */
export interface ChildReady {
  readonly terminals: Address;
  /** It found its database server alive. */
  readonly adopted: boolean;
}

/** How a process ended. */
export interface Ended {
  readonly code: number | null;
  readonly signal: NodeJS.Signals | null;
  /** Both streams, whole. */
  readonly output: string;
}

/** The node's process ended while something was expected of it. */
export class ChildGone extends Error {
  override readonly name = 'ChildGone';

  constructor({ code, signal, output }: Ended) {
    super(`the child node ended by ${signal ?? `code ${code}`}: ${output}`);
  }
}

/** A process that runs one of our sources. */
export class ChildNode {
  readonly #process: ChildProcess;
  #output = '';
  #ended: Ended | undefined;
  #asked = 0;
  readonly #waiting = new Map<number, { resolve: (value: unknown) => void; reject: (error: Error) => void }>();
  /** Resolves when the process is gone and its output read. */
  readonly gone: Promise<Ended>;

  private constructor(entry: string, args: readonly string[], environment: Readonly<Record<string, string>>) {
    const loader = new URL('source-loader.mjs', import.meta.url).href;
    this.#process = spawn(
      process.execPath,
      [
        '--conditions=@tillstream/source',
        '--disable-warning=ExperimentalWarning',
        '--import',
        loader,
        fileURLToPath(new URL(entry, import.meta.url)),
        ...args,
      ],
      { env: { PATH: process.env['PATH'] ?? '', ...environment }, stdio: ['ignore', 'pipe', 'pipe', 'ipc'] },
    );
    for (const stream of [this.#process.stdout, this.#process.stderr]) {
      stream?.on('data', (piece: Buffer) => (this.#output += piece.toString('utf8')));
    }
    // `close` comes after the streams have ended.
    this.gone = new Promise((resolve) =>
      this.#process.on('close', (code, signal) => {
        this.#ended = { code, signal, output: this.#output };
        for (const { reject } of this.#waiting.values()) reject(new ChildGone(this.#ended));
        this.#waiting.clear();
        resolve(this.#ended);
      }),
    );
    this.#process.on('message', (answer: ChildAnswer) => {
      const waiting = this.#waiting.get(answer.n);
      this.#waiting.delete(answer.n);
      if ('problem' in answer) waiting?.reject(new Error(`the child node: ${answer.problem}`));
      else waiting?.resolve(answer.value);
    });
  }

  /** Starts a node and waits until it takes payments; throws with all it wrote when it ends before. */
  static async start(
    settings: ChildSettings,
    variables: Readonly<Record<string, string>> = {},
  ): Promise<{ child: ChildNode; ready: ChildReady }> {
    const armed = settings.failAt === undefined ? variables : { ...variables, [CRASH_VARIABLE]: settings.failAt };
    const child = new ChildNode('node.child.ts', [JSON.stringify(settings)], armed);
    const line = await until(
      'the child node takes payments',
      () => {
        if (child.#ended !== undefined) throw new ChildGone(child.#ended);
        return /^\{"terminals".*\}$/m.exec(child.#output)?.[0];
      },
      () => child.#output,
    );
    return { child, ready: JSON.parse(line) as ChildReady };
  }

  /** Runs the product's own entry until it ends. */
  static async main(args: readonly string[], environment: Readonly<Record<string, string>>): Promise<Ended> {
    const child = new ChildNode('../main.ts', args, environment);
    return until(
      'the process ends',
      () => child.#ended,
      () => child.#output,
    ).finally(() => child.#process.kill('SIGKILL'));
  }

  /** Stands still between two instructions, as everything does when the power is cut; only an end is possible afterwards. */
  freeze(): void {
    this.#process.kill('SIGSTOP');
  }

  /** The process's end, once it has ended. */
  get ended(): Ended | undefined {
    return this.#ended;
  }

  /** Asks the node something; rejects with {@link ChildGone} when the process ends before it answers. */
  ask<T = unknown>(question: ChildQuestion): Promise<T> {
    return new Promise((resolve, reject) => {
      if (this.#ended !== undefined) return reject(new ChildGone(this.#ended));
      const n = (this.#asked += 1);
      this.#waiting.set(n, { resolve: resolve as (value: unknown) => void, reject });
      // A process that dies now says so by its end.
      this.#process.send({ n, question } satisfies Numbered, () => undefined);
    });
  }

  /** Asks for a diagnostic report; the process was started with `--report-on-signal`. */
  report(): void {
    this.#process.kill('SIGUSR2');
  }

  /** Ends it and waits for its end: SIGKILL as a crash does, SIGTERM in order. */
  async end(signal: 'SIGKILL' | 'SIGTERM'): Promise<Ended> {
    this.#process.kill(signal);
    return until(`the child ends after ${signal}`, () => this.#ended);
  }
}
