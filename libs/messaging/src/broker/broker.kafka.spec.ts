import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { ensureTopics } from '../kafka/ensure-topics.ts';
import { openKafka } from '../kafka/settings.ts';
import { kafkaForSpecs } from '../testing/index.ts';
import { startBroker, stopBroker } from './index.ts';
import { livePid } from './jvm-broker.ts';

const kafka = await kafkaForSpecs();

(kafka === undefined || process.env['KAFKA_BROKERS'] ? describe.skip : describe)('a broker of our own', () => {
  let folder: string;
  beforeAll(() => (folder = mkdtempSync(join(tmpdir(), 'tillstream-broker-'))));
  afterAll(async () => {
    await stopBroker(folder);
    rmSync(folder, { recursive: true, force: true });
  });

  it('is the same for whoever asks by its folder, keeps its topics over kill -9, and ends when it is stopped', async () => {
    const said: string[] = [];
    const first = await startBroker({ folder, say: (line) => said.push(line) });
    const second = await startBroker({ folder });
    expect(second.brokers).toEqual(first.brokers);
    expect(said.at(-1)).toContain(first.brokers[0]);
    const settings = { brokers: first.brokers, clientId: 'spec', prefix: 'own', replication: 1 };
    await ensureTopics(openKafka(settings), settings, { only: ['deadLetters'] });
    await first.kill();
    await second.start();
    const admin = openKafka(settings).admin();
    await admin.connect();
    expect(await admin.listTopics()).toEqual(['own.dead-letters']);
    await admin.disconnect();
    await stopBroker(folder);
    expect(livePid(folder)).toBeUndefined();
    expect(livePid(folder)).toBeUndefined();
  }, 120_000);
});

it('says which three ways were tried when no broker can be had', async () => {
  const nowhere = mkdtempSync(join(tmpdir(), 'tillstream-nowhere-'));
  const environment = { PATH: nowhere, TILLSTREAM_CACHE: nowhere };
  await expect(startBroker({ folder: join(nowhere, 'broker'), environment })).rejects.toThrow(
    'no Kafka broker can be had; KAFKA_BROKERS is not set; Docker: there is no docker command; ' +
      'local JVM: Maven could not fetch it: there is no mvn on this machine',
  );
  rmSync(nowhere, { recursive: true, force: true });
});
