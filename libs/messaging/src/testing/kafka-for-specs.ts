import { randomBytes } from 'node:crypto';
import { existsSync, mkdirSync, readFileSync, renameSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { BrokerUnavailable, startBroker } from '../broker/index.ts';
import type { KafkaSettings } from '../kafka/settings.ts';

/** Makes the lack of a broker an error instead of skipped specs; CI sets it to 1. */
export const REQUIRED_VARIABLE = 'TILLSTREAM_KAFKA_REQUIRED';

/** The broker that the specs of one jest run share. */
export interface KafkaForSpecs {
  readonly brokers: readonly string[];
  /** Settings with a topic prefix that nobody else uses. */
  settings(): KafkaSettings;
}

/**
 * The specs' broker, started when the first spec of the jest run asks; await it at the top of a `*.kafka.spec.ts` file. Undefined when none
 * can be had: then `describe.skip`, and the run says at its end which ways were tried. Rejects instead when TILLSTREAM_KAFKA_REQUIRED is 1.
 */
export async function kafkaForSpecs(): Promise<KafkaForSpecs | undefined> {
  const folder = process.env['TILLSTREAM_TEST_KAFKA_FOLDER'];
  if (!folder) throw new Error('no folder for a broker: run under jest with tools/jest-servers-setup.mjs');
  const answer = await sharedAnswer(folder);
  if ('unavailable' in answer) {
    if (process.env[REQUIRED_VARIABLE] === '1') throw new BrokerUnavailable(answer.unavailable);
    return undefined;
  }
  const { brokers } = answer;
  const settings = (): KafkaSettings => ({
    brokers,
    clientId: 'specs',
    prefix: `spec-${process.pid}-${randomBytes(4).toString('hex')}`,
    replication: 1,
  });
  return { brokers, settings };
}

type Answer = { readonly brokers: readonly string[] } | { readonly unavailable: string };

/** The first of the run's workers starts the broker and writes down what came of it; the others read that. */
async function sharedAnswer(folder: string): Promise<Answer> {
  const file = join(folder, 'answer.json');
  mkdirSync(folder, { recursive: true });
  if (!existsSync(file) && isFirst(folder)) {
    const answer = await startBroker({ folder: join(folder, 'broker') }).then(
      ({ brokers }): Answer => ({ brokers }),
      (error: unknown): Answer => ({ unavailable: error instanceof Error ? error.message : String(error) }),
    );
    writeFileSync(`${file}.partial`, JSON.stringify(answer));
    renameSync(`${file}.partial`, file);
  }
  while (!existsSync(file)) await new Promise((resolve) => setTimeout(resolve, 100));
  return JSON.parse(readFileSync(file, 'utf8')) as Answer;
}

function isFirst(folder: string): boolean {
  try {
    writeFileSync(join(folder, 'starting'), String(process.pid), { flag: 'wx' });
    return true;
  } catch {
    return false;
  }
}
