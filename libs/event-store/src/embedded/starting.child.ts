import { startEmbeddedPostgres } from './server.ts';

/** Run by the specs: starts the embedded server, says where it is, and stays until it is killed. */
const server = await startEmbeddedPostgres({ folder: process.argv[2] ?? '', durable: true });
process.stdout.write(`${JSON.stringify({ ...server, user: process.getuid?.() })}\n`);
setInterval(() => undefined, 1_000);
