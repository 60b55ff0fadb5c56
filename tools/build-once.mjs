import { existsSync } from 'node:fs';
import { demandNode24, runStep } from './run-step.mjs';

/** Builds what has changed (Nx keeps what has not); ends the process with the compiler's words when it fails. */
export async function buildOnce(entry) {
  demandNode24();
  const fresh = !existsSync(entry);
  if (!fresh && process.env.TILLSTREAM_SKIP_BUILD === '1') return;
  if (fresh) console.log('Building (the first time takes about half a minute) …');
  const nx = 'node_modules/nx/dist/bin/nx.js';
  const build = await runStep(process.execPath, [nx, 'run-many', '-t', 'build', '--output-style=static'], {
    quiet: true,
  });
  if (build.code === 0) return;
  console.error(build.output);
  process.exit(build.code);
}
