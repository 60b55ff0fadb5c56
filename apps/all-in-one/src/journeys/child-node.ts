import { type ChildProcess, spawn } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import type { Address } from '@tillstream/simulator';
import type { ForeignAddresses } from '../demo/foreign-world.ts';
import { until } from './until.ts';

/** What a node in a child process is told. */
export interface ChildSettings {
  readonly folder: string;
  readonly environment: Readonly<Record<string, string>>;
  readonly world: ForeignAddresses;
}

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

/** A process that runs one of our sources. */
export class ChildNode {
  readonly #process: ChildProcess;
  #output = '';
  #ended: Ended | undefined;

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
      { env: { PATH: process.env['PATH'] ?? '', ...environment }, stdio: ['ignore', 'pipe', 'pipe'] },
    );
    for (const stream of [this.#process.stdout, this.#process.stderr]) {
      stream?.on('data', (piece: Buffer) => (this.#output += piece.toString('utf8')));
    }
    // `close` comes after the streams have ended.
    this.#process.on('close', (code, signal) => (this.#ended = { code, signal, output: this.#output }));
  }

  /** Starts a node and waits until it takes payments; throws with all it wrote when it ends before. */
  static async start(settings: ChildSettings): Promise<{ child: ChildNode; ready: ChildReady }> {
    const child = new ChildNode('node.child.ts', [JSON.stringify(settings)], {});
    const line = await until(
      'the child node takes payments',
      () => {
        if (child.#ended !== undefined) throw new Error(`the child node ended: ${child.#output}`);
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

  /** Ends it and waits for its end: SIGKILL as a crash does, SIGTERM in order. */
  async end(signal: 'SIGKILL' | 'SIGTERM'): Promise<Ended> {
    this.#process.kill(signal);
    return until(`the child ends after ${signal}`, () => this.#ended);
  }
}
