import { randomInt } from 'node:crypto';
import { createServer } from 'node:net';

const TRIES = 50;

/**
 * A port that nobody listens on. From below the range that Linux takes for outgoing connections: one of those would be somebody's by the
 * time that a server has started.
 */
export async function freePort(): Promise<number> {
  for (let tries = 0; tries < TRIES; tries += 1) {
    const port = randomInt(20_000, 32_000);
    if (await isFree(port)) return port;
  }
  throw new Error(`no free port among ${TRIES} between 20000 and 32000`);
}

const isFree = (port: number): Promise<boolean> =>
  new Promise((resolve) => {
    const server = createServer();
    server.once('error', () => resolve(false));
    server.listen(port, '127.0.0.1', () => server.close(() => resolve(true)));
  });
