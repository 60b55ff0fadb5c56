import { existsSync, mkdtempSync, chmodSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { stopServer } from '../libs/event-store/src/embedded/index.ts';
import { stopBroker } from '../libs/messaging/src/broker/index.ts';

const PREFIX = 'tillstream-jest-';

/**
 * Gives this jest process a folder of its own for a database server and a Kafka broker. They start when the first spec asks for one
 * (`freshDatabase` of @tillstream/event-store/testing, `kafkaForSpecs` of @tillstream/messaging/testing), so pure specs pay nothing; all
 * workers share them. TILLSTREAM_TEST_DATABASE_URL and KAFKA_BROKERS name servers that run already.
 */
export default async function setup() {
  if (process.env.TILLSTREAM_TEST_SERVERS_FOLDER) return;
  await removeLeftovers();
  const folder = mkdtempSync(join(tmpdir(), `${PREFIX}${process.pid}-`));
  // As root the database server runs as another user, who must be able to walk in.
  chmodSync(folder, 0o755);
  process.env.TILLSTREAM_TEST_SERVERS_FOLDER = folder;
  process.env.TILLSTREAM_TEST_POSTGRES_FOLDER = folder;
  process.env.TILLSTREAM_TEST_KAFKA_FOLDER = join(folder, 'kafka');
}

/** Servers and folders of jest processes that were killed. */
async function removeLeftovers() {
  for (const name of readdirSync(tmpdir())) {
    const pid = /^tillstream-jest-(\d+)-/.exec(name)?.[1];
    if (pid === undefined || existsSync(`/proc/${pid}`)) continue;
    const folder = join(tmpdir(), name);
    try {
      await stopServer(join(folder, 'postgres', 'data'));
      await stopBroker(join(folder, 'kafka', 'broker'));
      rmSync(folder, { recursive: true, force: true });
    } catch {
      // Another user's, or another jest is removing it at the same moment.
    }
  }
}
