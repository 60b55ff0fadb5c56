/** `npm start`: builds what has changed, then runs the single-node host in this very process. */
import { existsSync } from 'node:fs';
import { demandNode24, runStep } from './run-step.mjs';

demandNode24();
if (process.env.TILLSTREAM_SKIP_BUILD !== '1' || !existsSync('apps/all-in-one/dist/main.js')) {
  const fresh = !existsSync('apps/all-in-one/dist/main.js');
  if (fresh) console.log('Building (the first time takes about half a minute) …');
  const build = await runStep(
    process.execPath,
    ['node_modules/nx/bin/nx.js', 'run-many', '-t', 'build', '--output-style=static'],
    { quiet: true },
  );
  if (build.code !== 0) {
    console.error(build.output);
    process.exit(build.code);
  }
}
await import('../apps/all-in-one/dist/main.js');
