import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import type { Address } from '@tillstream/simulator';
import { ApiClient } from '../demo/api-client.ts';
import { SERVICES, ServiceProcess, type ServiceName } from './service-process.ts';

/** Processes of each service: of all the same number, or of each its own (1 when it is left out). */
export type Instances = number | Readonly<Partial<Record<ServiceName, number>>>;

const instancesOf = (instances: Instances, service: ServiceName): number =>
  typeof instances === 'number' ? instances : (instances[service] ?? 1);

/** What a cluster of processes on one machine is started with. */
export interface ClusterSettings {
  /** Logs of the processes go here. */
  readonly logFolder: string;
  readonly instances: Instances;
  /** What all processes are told. */
  readonly environment: Readonly<Record<string, string>>;
  readonly httpToken: string;
  /** Told of a process that ended without having been told to; it is started again. Nobody starts it when left out. */
  readonly onDeath?: (what: string) => void;
}

/** Pause before a process that died is started again, ms. */
const RESTART_MS = 500;
const STOP_DEADLINE_MS = 30_000;
/** Pause before a process that did not answer is asked again, ms. */
const ASK_AGAIN_MS = 100;

/** Every service as processes of their own, each instance with its name: `ledger-1`. */
export class Cluster {
  readonly api: ApiClient;
  readonly #settings: ClusterSettings;
  readonly #processes = new Map<string, ServiceProcess>();
  readonly #owners = new Map<string, ServiceName>();
  #stopping = false;

  /** Nothing runs yet: see {@link startAll}. */
  constructor(settings: ClusterSettings) {
    this.#settings = settings;
    this.api = new ApiClient((path) => this.urlFor(path), settings.httpToken);
    mkdirSync(settings.logFolder, { recursive: true });
  }

  /** Starts every process and learns from each service's own document which paths it serves; {@link stop} may come in the middle. */
  async startAll(): Promise<void> {
    const names = (service: ServiceName): number[] =>
      Array.from({ length: instancesOf(this.#settings.instances, service) }, (_, n) => n + 1);
    try {
      await Promise.all(SERVICES.flatMap((service) => names(service).map((n) => this.start(service, n))));
      for (const service of SERVICES) await this.#learnPaths(service);
    } catch (error) {
      await this.stop();
      throw error;
    }
  }

  /** Starts instance n of a service, which is not running, and waits until it serves. */
  async start(service: ServiceName, n: number): Promise<ServiceProcess> {
    const instance = `${service}-${n}`;
    const process = new ServiceProcess({
      ...{ service, instance, logFile: join(this.#settings.logFolder, `${instance}.log`) },
      environment: {
        ...this.#settings.environment,
        ...{
          TILLSTREAM_HTTP_TOKEN: this.#settings.httpToken,
          TILLSTREAM_HTTP_PORT: '0',
          TILLSTREAM_TERMINAL_PORT: '0',
        },
      },
    });
    // Known before it serves, so that a stop in this very moment finds it.
    this.#processes.set(instance, process);
    await process.serving();
    void process.gone.then(({ code, signal }) => this.#died(service, n, signal ?? `code ${code}`));
    return process;
  }

  /** The processes that serve, all or those of one service. */
  processes(service?: ServiceName): ServiceProcess[] {
    const all = [...this.#processes.values()].filter(({ isServing }) => isServing);
    return service === undefined ? all : all.filter(({ settings }) => settings.service === service);
  }

  /** Instance n of a service; it serves. */
  process(service: ServiceName, n = 1): ServiceProcess {
    const found = this.#processes.get(`${service}-${n}`);
    if (found?.isServing !== true) throw new Error(`${service}-${n} does not serve`);
    return found;
  }

  /** Where the gateways that run serve terminals. */
  gateways(): Address[] {
    return this.processes('terminal-gateway').map(({ ready }) => ({ host: '127.0.0.1', port: ready.terminals ?? 0 }));
  }

  /** Where a path of the API is served now. @throws Error when no process of its service runs. */
  urlFor(path: string): string {
    const segments = path.split('?', 1)[0]?.split('/') ?? [];
    const service = this.#owners.get(shapeOf(segments, 2)) ?? this.#owners.get(shapeOf(segments, 1)) ?? 'reporting';
    const [process] = this.processes(service);
    if (process === undefined) throw new Error(`no ${service} runs, so ${path} is served by nobody`);
    return process.ready.url;
  }

  /** A figure that every running process exposes under a name, or those of one service that do. */
  async figures(name: string, service?: ServiceName): Promise<number[]> {
    const texts = await this.#askAll('/metrics', service);
    return texts.flatMap((text) => {
      const value = new RegExp(`^${name}\\{[^}]*\\} (\\S+)$`, 'm').exec(text)?.[1];
      return value === undefined ? [] : [Number(value)];
    });
  }

  /** What each running process of a service answers to a question. */
  async ask<T>(service: ServiceName, path: string): Promise<T[]> {
    const texts = await this.#askAll(path, service);
    return texts.map((text) => JSON.parse(text) as T);
  }

  /** Whether a process says that it is ready, and what it waits for. */
  async readiness(process: ServiceProcess): Promise<{ readonly ready: boolean; readonly why: string }> {
    const answer = await fetch(`${process.ready.url}/ready`);
    return { ready: answer.ok, why: await answer.text() };
  }

  /** Stops all, also those that are starting; gateways first, each service's instances together. */
  async stop(): Promise<void> {
    this.#stopping = true;
    for (const service of [...SERVICES].reverse()) {
      const running = [...this.#processes.values()].filter(({ settings }) => settings.service === service);
      await Promise.all(running.map((process) => process.stop(STOP_DEADLINE_MS)));
    }
  }

  async #died(service: ServiceName, n: number, how: string): Promise<void> {
    const { onDeath } = this.#settings;
    if (this.#stopping || onDeath === undefined) return;
    onDeath(`${service}-${n} ended (${how}) and is started again`);
    while (!this.#stopping) {
      await new Promise((resolve) => setTimeout(resolve, RESTART_MS));
      if (this.#stopping) return;
      const again = await this.start(service, n).catch((error: Error) => void onDeath(error.message));
      if (again) return;
    }
  }

  async #learnPaths(service: ServiceName): Promise<void> {
    const document = JSON.parse(await this.#get(this.process(service).ready.url, '/docs-json')) as {
      readonly paths: Readonly<Record<string, unknown>>;
    };
    for (const path of Object.keys(document.paths)) {
      const segments = path.split('/');
      this.#owners.set(shapeOf(segments, 1), this.#owners.get(shapeOf(segments, 1)) ?? service);
      if (segments.length > 3) this.#owners.set(shapeOf(segments, 2), service);
    }
  }

  /** The answers of those that still serve when they are asked. */
  async #askAll(path: string, service?: ServiceName): Promise<string[]> {
    const asked = this.processes(service).map(async (process) => {
      const { url } = process.ready;
      try {
        return [await this.#get(url, path)];
      } catch (error) {
        if (!(error instanceof TypeError)) throw error;
        // Its end, or that of a connection that was kept: whoever is still there answers now.
        await new Promise((resolve) => setTimeout(resolve, ASK_AGAIN_MS));
        return process.isServing ? [await this.#get(url, path)] : [];
      }
    });
    return (await Promise.all(asked)).flat();
  }

  async #get(url: string, path: string): Promise<string> {
    const answer = await fetch(`${url}${path}`, {
      headers: { authorization: `Bearer ${this.#settings.httpToken}` },
      signal: AbortSignal.timeout(10_000),
    });
    const text = await answer.text();
    if (!answer.ok) throw new Error(`${url}${path}: ${answer.status} ${text.slice(0, 200)}`);
    return text;
  }
}

/** What of a path tells its service: the first word, or the first word and the third one (`/merchants/…/statements`). */
const shapeOf = (segments: readonly string[], words: 1 | 2): string =>
  words === 1 ? (segments[1] ?? '') : `${segments[1] ?? ''} ${segments[3] ?? ''}`;
