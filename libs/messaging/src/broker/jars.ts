import { execFile } from 'node:child_process';
import { createHash, randomBytes } from 'node:crypto';
import { existsSync, mkdirSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { homedir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';

/** The broker that we run ourselves. */
export const KAFKA_VERSION = '4.1.1';

const dependency = (group: string, artifact: string, version: string): string =>
  `<dependency><groupId>${group}</groupId><artifactId>${artifact}</artifactId><version>${version}</version></dependency>`;

const POM = [
  '<project xmlns="http://maven.apache.org/POM/4.0.0"><modelVersion>4.0.0</modelVersion>',
  '<groupId>tillstream</groupId><artifactId>broker</artifactId><version>1</version><packaging>pom</packaging><dependencies>',
  dependency('org.apache.kafka', 'kafka_2.13', KAFKA_VERSION),
  dependency('org.apache.kafka', 'kafka-tools', KAFKA_VERSION),
  dependency('org.slf4j', 'slf4j-simple', '1.7.36'),
  '</dependencies></project>\n',
].join('\n');

/** Where jars stay between checkouts: TILLSTREAM_CACHE, else the user's cache folder. */
function cacheFolder(environment: NodeJS.ProcessEnv): string {
  const given = environment['TILLSTREAM_CACHE'];
  return given || join(environment['XDG_CACHE_HOME'] || join(homedir(), '.cache'), 'tillstream');
}

/**
 * The folder of the broker's jars (93 files, 54 MB), fetched by Maven once per machine. Named by what it was made from and renamed when whole,
 * so a killed download is never taken for one. Rejects when Maven is missing or cannot fetch.
 */
export async function brokerJars(
  say: (line: string) => void = () => undefined,
  environment: NodeJS.ProcessEnv = process.env,
): Promise<string> {
  const name = `kafka-${KAFKA_VERSION}-${createHash('sha256').update(POM).digest('hex').slice(0, 12)}`;
  const jars = join(cacheFolder(environment), name);
  if (existsSync(jars)) return jars;
  const partial = `${jars}.${process.pid}.${randomBytes(4).toString('hex')}.partial`;
  mkdirSync(partial, { recursive: true });
  try {
    say(`fetching Kafka ${KAFKA_VERSION} by Maven into ${jars} (54 MB, once)`);
    writeFileSync(join(partial, 'pom.xml'), POM);
    const args = ['-B', '-q', 'dependency:copy-dependencies', '-DincludeScope=runtime', `-DoutputDirectory=${partial}`];
    await promisify(execFile)('mvn', args, {
      cwd: partial,
      env: environment,
      timeout: 300_000,
      maxBuffer: 8 * 1024 * 1024,
    });
    renameSync(partial, jars);
  } catch (error) {
    rmSync(partial, { recursive: true, force: true });
    if (!existsSync(jars)) throw new Error(`Maven could not fetch it: ${firstLine(error)}`, { cause: error });
  }
  return jars;
}

function firstLine(error: unknown): string {
  const { code, stdout = '', message } = error as { code?: unknown; stdout?: string; message: string };
  if (code === 'ENOENT') return 'there is no mvn on this machine';
  return (stdout.split('\n').find((line) => line.includes('ERROR')) ?? message.split('\n')[0] ?? '').slice(0, 300);
}
