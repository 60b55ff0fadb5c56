/** `npm start`: builds what has changed, then runs the single-node host in this very process. */
import { buildOnce } from './build-once.mjs';

const entry = 'apps/all-in-one/dist/main.js';
await buildOnce(entry);
await import(`../${entry}`);
