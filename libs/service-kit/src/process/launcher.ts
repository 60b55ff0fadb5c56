import type { Lifecycle } from '../lifecycle/lifecycle.ts';

/** What a process says to the launcher that started it once it serves. */
export interface ProcessReady {
  readonly service: string;
  readonly instance: string;
  /** Its HTTP API. */
  readonly url: string;
  /** Port for terminals; null when it serves none. */
  readonly terminals: number | null;
}

/** Says it over the channel to the launcher; a process that was started by nobody of ours says it to nobody. */
export function tellLauncher(ready: ProcessReady): void {
  if (process.connected) process.send?.(ready);
}

/** A process whose launcher is gone, also by `kill -9`, stops in order: nobody else would ever stop it. */
export function followLauncher(lifecycle: Lifecycle): void {
  if (process.send === undefined) return;
  const end = (): void => void lifecycle.stop('the launcher is gone').then(() => process.exit(0));
  process.on('disconnect', end);
  // It may have gone while this process was starting, and that is told once.
  if (!process.connected) end();
}
