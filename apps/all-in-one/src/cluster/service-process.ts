import { fork, type ChildProcess } from 'node:child_process';
import { closeSync, openSync, readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import type { ProcessReady } from '@tillstream/service-kit';

/** Services in the order in which they start; they stop in the opposite one, so that what a gateway has accepted is decided. */
export const SERVICES = [
  'merchants',
  'reporting',
  'ledger',
  'settlement',
  'authorization',
  'terminal-gateway',
] as const;
export type ServiceName = (typeof SERVICES)[number];

/** What a process is started with. */
export interface ProcessSettings {
  readonly service: ServiceName;
  readonly instance: string;
  readonly environment: Readonly<Record<string, string>>;
  /** Both of its streams go to the end of this file. */
  readonly logFile: string;
}

/** How a process ended. */
export interface ProcessEnd {
  readonly code: number | null;
  readonly signal: NodeJS.Signals | null;
}

/** Sources run with a loader in place of a build; what runs is of the same kind as we are. */
const isSource = import.meta.url.endsWith('.ts');
const entryOf = (service: ServiceName): string =>
  fileURLToPath(new URL(`../../../${service}/${isSource ? 'src/main.ts' : 'dist/main.js'}`, import.meta.url));
/** Room for what lives briefly: a dozen processes on two cores wait for each other in every collection, so that there must be few. */
const YOUNG_SPACE = '--max-semi-space-size=32';
const sourceArguments = (): string[] => [
  '--conditions=@tillstream/source',
  '--disable-warning=ExperimentalWarning',
  ...['--import', new URL('../journeys/source-loader.mjs', import.meta.url).href],
];

/** Characters of the log that are shown of a process that did not start. */
const SHOWN = 2_000;

/** A service as an operating-system process of ours. */
export class ServiceProcess {
  readonly settings: ProcessSettings;
  readonly #child: ChildProcess;
  #ready: ProcessReady | undefined;
  #ended: ProcessEnd | undefined;
  readonly #serves: Promise<void>;
  /** Resolves when it is gone. */
  readonly gone: Promise<ProcessEnd>;

  /** Starts it. */
  constructor(settings: ProcessSettings) {
    this.settings = settings;
    const log = openSync(settings.logFile, 'a', 0o600);
    this.#child = fork(entryOf(settings.service), [], {
      env: { PATH: process.env['PATH'] ?? '', ...settings.environment, TILLSTREAM_INSTANCE: settings.instance },
      execArgv: [YOUNG_SPACE, ...(isSource ? sourceArguments() : [])],
      stdio: ['ignore', log, log, 'ipc'],
      // A group of its own does not hear Ctrl-C: we stop it in its turn.
      detached: true,
    });
    closeSync(log);
    this.#child.on('error', () => undefined);
    this.#serves = new Promise((resolve) =>
      this.#child.once('message', (ready) => {
        this.#ready = ready as ProcessReady;
        resolve();
      }),
    );
    this.gone = new Promise((resolve) =>
      this.#child.once('exit', (code, signal) => {
        this.#ended = { code, signal };
        resolve(this.#ended);
      }),
    );
  }

  /** Waits until it serves. Rejects with what it wrote when it ends before. */
  async serving(): Promise<void> {
    await Promise.race([this.#serves, this.gone]);
    if (this.#ready === undefined) throw new Error(this.#whyNot());
  }

  get pid(): number {
    return this.#child.pid ?? 0;
  }

  get isServing(): boolean {
    return this.#ready !== undefined && this.#ended === undefined;
  }

  /** Where it serves. */
  get ready(): ProcessReady {
    if (this.#ready === undefined) throw new Error(`${this.settings.instance} does not serve yet`);
    return this.#ready;
  }

  /** Ends it as a crash does, and waits for its end. */
  async kill(): Promise<void> {
    this.#child.kill('SIGKILL');
    await this.gone;
  }

  /** Stands still until {@link resume}: alive, and deaf. */
  freeze(): void {
    this.#child.kill('SIGSTOP');
  }

  resume(): void {
    this.#child.kill('SIGCONT');
  }

  /** Tells it to stop and waits; kills it after the deadline, ms. Gives how it ended. */
  async stop(deadlineMs: number): Promise<ProcessEnd> {
    if (this.#ended !== undefined) return this.#ended;
    this.#child.kill('SIGTERM');
    const timer = setTimeout(() => this.#child.kill('SIGKILL'), deadlineMs);
    const end = await this.gone;
    clearTimeout(timer);
    return end;
  }

  #whyNot(): string {
    const { instance, logFile } = this.settings;
    const written = readFileSync(logFile, 'utf8').trimEnd().slice(-SHOWN);
    return `${instance} did not start (${this.#ended?.signal ?? `code ${this.#ended?.code}`}); the end of ${logFile}:\n${written}`;
  }
}
