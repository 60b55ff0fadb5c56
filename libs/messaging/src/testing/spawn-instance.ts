import { spawn, type ChildProcess } from 'node:child_process';
import { fileURLToPath } from 'node:url';

/** A process of `instance.child.ts`. */
export interface SpawnedInstance {
  readonly child: ChildProcess;
  /** Resolves when it has printed a line that starts so. */
  said(start: string): Promise<string>;
  /** Its exit code, null when it was killed, and what it printed as errors. */
  readonly ended: Promise<{ readonly code: number | null; readonly complained: string }>;
}

/** Starts an instance in a process of its own. */
export function spawnInstance(instance: object, heapMiB = 256): SpawnedInstance {
  const file = fileURLToPath(new URL('../kafka/instance.child.ts', import.meta.url));
  const child = spawn(
    process.execPath,
    [
      ...[`--max-old-space-size=${heapMiB}`, '--conditions=@tillstream/source'],
      ...['--disable-warning=ExperimentalWarning', '--disable-warning=TimeoutNegativeWarning', file],
    ],
    { env: { PATH: process.env['PATH'], INSTANCE: JSON.stringify(instance) }, stdio: ['ignore', 'pipe', 'pipe'] },
  );
  let output = '';
  let complained = '';
  child.stdout.on('data', (piece: Buffer) => (output += piece.toString()));
  child.stderr.on('data', (piece: Buffer) => (complained += piece.toString()));
  const ended = new Promise<{ code: number | null; complained: string }>((resolve) =>
    child.once('close', (code) => resolve({ code, complained })),
  );
  const said = async (start: string): Promise<string> => {
    for (;;) {
      const line = output.split('\n').find((one) => one.startsWith(start));
      if (line !== undefined) return line;
      if (child.exitCode !== null) throw new Error(`ended with ${child.exitCode}: ${complained}`);
      await new Promise((resolve) => setTimeout(resolve, 25));
    }
  };
  return { child, said, ended };
}
