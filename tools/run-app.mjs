/** Runs one command of an app: `node tools/run-app.mjs <app> <file without ending> [arguments]`. */
import { join } from 'node:path';
import { buildOnce } from './build-once.mjs';

const [app, file, ...args] = process.argv.slice(2);
const entry = `apps/${app}/dist/${file}.js`;
await buildOnce(entry);
const { checkoutFolder, durableFolder } = await import('../libs/event-store/dist/embedded/index.js');
// Where a node of this checkout writes which terminals may be played.
process.env.TILLSTREAM_TILL ??= join(durableFolder(checkoutFolder()), 'simulator', 'terminals.json');
// The command sees its own arguments only.
process.argv.splice(1, process.argv.length - 1, entry, ...args);
await import(`../${entry}`);
