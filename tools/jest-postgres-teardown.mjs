import { rmSync } from 'node:fs';
import { join } from 'node:path';
import { stopServer } from '../libs/event-store/src/embedded/index.ts';

/** Stops the specs' database server, when one was started, and removes its folder. */
export default async function teardown() {
  const folder = process.env.TILLSTREAM_TEST_POSTGRES_FOLDER;
  if (!folder) return;
  delete process.env.TILLSTREAM_TEST_POSTGRES_FOLDER;
  await stopServer(join(folder, 'postgres', 'data'));
  rmSync(folder, { recursive: true, force: true });
}
