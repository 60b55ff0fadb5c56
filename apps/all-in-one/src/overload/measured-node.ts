import { fork, spawnSync, type ChildProcess } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import type { FromNode, MeasuredNodeSettings, ToNode } from './node-process.ts';

type Said<I extends FromNode['is']> = Extract<FromNode, { is: I }>;

/** Puts every thread of a process onto one core; false where the system has no `taskset`. */
export function pin(pid: number, core: number): boolean {
  return spawnSync('taskset', ['-acp', String(core), String(pid)]).status === 0;
}

/** The node in a process of its own, its database with it, on one core when the system can. */
export class MeasuredNode {
  readonly #child: ChildProcess;
  readonly port: number;

  private constructor(child: ChildProcess, port: number) {
    this.#child = child;
    this.port = port;
  }

  /** Starts it and waits until it takes payments. */
  static async start(settings: MeasuredNodeSettings, core: number | undefined): Promise<MeasuredNode> {
    const entry = fileURLToPath(new URL(import.meta.url)).replace(/measured-node\.(ts|js)$/, 'node-process.$1');
    const pinned = core === undefined ? {} : { execPath: 'taskset', execArgv: ['-c', String(core), process.execPath] };
    const child = fork(entry, [JSON.stringify(settings)], {
      ...pinned,
      stdio: ['ignore', 'inherit', 'inherit', 'ipc'],
    });
    const ready = await next(child, 'ready');
    return new MeasuredNode(child, ready.port);
  }

  async status(): Promise<Said<'status'>> {
    this.#child.send('status' satisfies ToNode);
    return next(this.#child, 'status');
  }

  /** Waits until nothing lags, then checks the books against the facts. */
  async audit(): Promise<Said<'audit'>> {
    this.#child.send('audit' satisfies ToNode);
    return next(this.#child, 'audit');
  }

  async stop(): Promise<void> {
    if (this.#child.exitCode !== null) return;
    const ended = new Promise((resolve) => this.#child.once('exit', resolve));
    this.#child.kill('SIGTERM');
    await ended;
  }
}

function next<I extends FromNode['is']>(child: ChildProcess, is: I): Promise<Said<I>> {
  return new Promise((resolve, reject) => {
    const gone = (): void => reject(new Error('the node ended'));
    const listen = (message: unknown): void => {
      if ((message as FromNode).is !== is) return;
      child.off('message', listen);
      child.off('exit', gone);
      resolve(message as Said<I>);
    };
    child.on('message', listen);
    child.once('exit', gone);
  });
}
