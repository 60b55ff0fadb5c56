/** Runs one command of an app: `node tools/run-app.mjs <app> <file without ending> [arguments]`. */
import { buildOnce } from './build-once.mjs';

const [app, file, ...args] = process.argv.slice(2);
const entry = `apps/${app}/dist/${file}.js`;
await buildOnce(entry);
// The command sees its own arguments only.
process.argv.splice(1, process.argv.length - 1, entry, ...args);
await import(`../${entry}`);
