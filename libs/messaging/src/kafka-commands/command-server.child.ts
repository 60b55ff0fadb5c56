import { openKafka } from '../kafka/settings.ts';
import { KafkaCommandServer } from './kafka-command-server.ts';

/** Run by a spec that kills it: takes commands and answers each after a moment. */
const prefix = process.env['SPEC_PREFIX'] ?? '';
const brokers = (process.env['SPEC_BROKERS'] ?? '').split(',');
const server = new KafkaCommandServer({
  kafka: openKafka({ brokers, clientId: 'child', prefix, replication: 1 }),
  ...{ prefix, service: 'authorization', concurrency: 4 },
});
server.addHandler('authorization.sale', async (bytes: Buffer) => {
  await new Promise((resolve) => setTimeout(resolve, 20));
  return Buffer.concat([bytes, Buffer.from(' by the child')]);
});
server.listen(() => undefined);
while (!server.isJoined || server.partitions.length === 0) await new Promise((resolve) => setTimeout(resolve, 20));
process.stdout.write('joined\n');
