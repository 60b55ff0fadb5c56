import { existsSync, readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { stopServer } from '../libs/event-store/src/embedded/index.ts';
import { stopBroker } from '../libs/messaging/src/broker/index.ts';

/** Stops the specs' database server and broker, when they were started, and removes their folder. */
export default async function teardown() {
  const folder = process.env.TILLSTREAM_TEST_SERVERS_FOLDER;
  if (!folder) return;
  delete process.env.TILLSTREAM_TEST_SERVERS_FOLDER;
  const answer = join(folder, 'kafka', 'answer.json');
  const { unavailable } = existsSync(answer) ? JSON.parse(readFileSync(answer, 'utf8')) : {};
  if (unavailable) console.log(`\nskipped the Kafka suites (*.kafka.spec.ts): ${unavailable}`);
  await stopServer(join(folder, 'postgres', 'data'));
  await stopBroker(join(folder, 'kafka', 'broker'));
  rmSync(folder, { recursive: true, force: true });
}
