import { readFileSync } from 'node:fs';
import { inspect } from 'node:util';
import { Kafka, logLevel, type ISocketFactory, type LogEntry, type SASLOptions } from 'kafkajs';

/** A text that prints as stars wherever it ends up. `Secret` of service-kit fits. */
export interface HiddenText {
  reveal(): string;
}

/** How the client proves who it is. */
export interface KafkaSasl {
  readonly mechanism: 'plain' | 'scram-sha-256' | 'scram-sha-512';
  readonly username: string;
  readonly password: HiddenText;
}

/** Where Kafka is and how to reach it. */
export interface KafkaSettings {
  /** `host:port`, at least one. */
  readonly brokers: readonly string[];
  /** Names this process in the broker's logs and metrics. */
  readonly clientId: string;
  /** Starts the name of every topic and group of this installation. */
  readonly prefix: string;
  /** Copies of each partition of a topic that we create. */
  readonly replication: number;
  readonly sasl?: KafkaSasl;
  /** True: TLS with the machine's certificate authorities; or the one given as PEM text. */
  readonly tls?: true | { readonly ca: string };
  /** Opens the sockets; specs cut them. */
  readonly socketFactory?: ISocketFactory;
}

/** One setting that is wrong: which, what, and what would be right; never a secret. */
export class KafkaSettingInvalid extends Error {
  override readonly name = 'KafkaSettingInvalid';
  constructor(setting: string, wrong: string, right: string) {
    super(`${setting}: ${wrong}; expected ${right}`);
  }
}

type Environment = Readonly<Record<string, string | undefined>>;
const mechanisms = ['plain', 'scram-sha-256', 'scram-sha-512'] as const;
const BROKER = /^(?:[A-Za-z0-9._-]+|\[[0-9a-fA-F:]+\]):(\d{1,5})$/;

/**
 * The settings of an environment: KAFKA_BROKERS (comma between several), KAFKA_CLIENT_ID, KAFKA_TOPIC_PREFIX, KAFKA_REPLICATION,
 * KAFKA_SASL_MECHANISM, KAFKA_SASL_USERNAME, KAFKA_SASL_PASSWORD, KAFKA_TLS (`true`, or the path of a certificate authority's PEM file).
 * Undefined without KAFKA_BROKERS. Throws `KafkaSettingInvalid`.
 */
export function kafkaSettingsFrom(environment: Environment, clientId = 'tillstream'): KafkaSettings | undefined {
  const given = (name: string): string | undefined => environment[name]?.trim() || undefined;
  const list = given('KAFKA_BROKERS');
  if (list === undefined) return undefined;
  const brokers = list.split(',').map((broker) => broker.trim());
  for (const broker of brokers) {
    const port = Number(BROKER.exec(broker)?.[1] ?? 0);
    if (port < 1 || port > 65_535)
      throw new KafkaSettingInvalid('KAFKA_BROKERS', `'${broker.slice(0, 80)}'`, 'host:port, a comma between several');
  }
  const prefix = given('KAFKA_TOPIC_PREFIX') ?? 'tillstream';
  if (!/^[a-z0-9][a-z0-9.-]{0,99}$/.test(prefix))
    throw new KafkaSettingInvalid('KAFKA_TOPIC_PREFIX', `'${prefix.slice(0, 80)}'`, 'a-z, 0-9, dots and dashes');
  const replication = Number(given('KAFKA_REPLICATION') ?? 1);
  if (!Number.isInteger(replication) || replication < 1 || replication > 9)
    throw new KafkaSettingInvalid('KAFKA_REPLICATION', 'out of range', 'a whole number from 1 to 9');
  const sasl = saslOf(given);
  const tls = tlsOf(given('KAFKA_TLS'));
  return {
    brokers,
    clientId: given('KAFKA_CLIENT_ID') ?? clientId,
    prefix,
    replication,
    ...(sasl === undefined ? {} : { sasl }),
    ...(tls === undefined ? {} : { tls }),
  };
}

function saslOf(given: (name: string) => string | undefined): KafkaSasl | undefined {
  const named = given('KAFKA_SASL_MECHANISM');
  if (named === undefined) return undefined;
  const mechanism = mechanisms.find((known) => known === named);
  if (mechanism === undefined)
    throw new KafkaSettingInvalid('KAFKA_SASL_MECHANISM', `'${named.slice(0, 80)}'`, mechanisms.join(', '));
  const username = given('KAFKA_SASL_USERNAME');
  if (username === undefined) throw new KafkaSettingInvalid('KAFKA_SASL_USERNAME', 'missing', 'a user name');
  const password = given('KAFKA_SASL_PASSWORD');
  if (password === undefined) throw new KafkaSettingInvalid('KAFKA_SASL_PASSWORD', 'missing', 'a password');
  return { mechanism, username, password: hidden(password) };
}

function tlsOf(given: string | undefined): true | { readonly ca: string } | undefined {
  if (given === undefined || given === 'false') return undefined;
  if (given === 'true') return true;
  let ca: string;
  try {
    ca = readFileSync(given, 'utf8');
  } catch (error) {
    const why = (error as NodeJS.ErrnoException).code ?? 'unreadable';
    throw new KafkaSettingInvalid('KAFKA_TLS', `'${given.slice(0, 200)}' (${why})`, 'true, or the path of a PEM file');
  }
  if (!ca.includes('-----BEGIN CERTIFICATE-----'))
    throw new KafkaSettingInvalid('KAFKA_TLS', `'${given.slice(0, 200)}' holds no certificate`, 'a PEM file');
  return { ca };
}

/** The text behind stars. */
function hidden(text: string): HiddenText {
  const stars = (): string => '******';
  return { reveal: () => text, toString: stars, toJSON: stars, [inspect.custom]: stars } as HiddenText;
}

/** One line of the client's log, fit for ours. */
export interface KafkaLogLine {
  readonly level: 'debug' | 'warn' | 'error';
  readonly message: string;
}

/**
 * A client. Its log goes to `log`: what it calls an error while it goes on trying by itself (a coordinator that is loading, a broker that is
 * away) is a warning here; who is hurt by it says so. Nothing is connected yet.
 */
export function openKafka(settings: KafkaSettings, log: (line: KafkaLogLine) => void = () => undefined): Kafka {
  // The client would print a note about its partitioner; we name every partition ourselves.
  process.env['KAFKAJS_NO_PARTITIONER_WARNING'] = '1';
  const { sasl, tls, socketFactory } = settings;
  return new Kafka({
    clientId: settings.clientId,
    brokers: [...settings.brokers],
    connectionTimeout: 3_000,
    requestTimeout: 10_000,
    retry: { initialRetryTime: 100, maxRetryTime: 1_000, retries: 8 },
    logLevel: logLevel.WARN,
    logCreator: () => (entry) => log(lineOf(entry)),
    ...(tls === undefined ? {} : { ssl: tls === true ? true : { ca: [tls.ca] } }),
    ...(sasl === undefined ? {} : { sasl: saslOptions(sasl) }),
    ...(socketFactory === undefined ? {} : { socketFactory }),
  });
}

const saslOptions = ({ mechanism, username, password }: KafkaSasl): SASLOptions => ({
  mechanism,
  username,
  password: password.reveal(),
});

function lineOf({ namespace, level, log }: LogEntry): KafkaLogLine {
  const group: unknown = log['groupId'];
  const cause: unknown = log['error'];
  const parts = [`kafka ${namespace}: ${log.message}`];
  if (typeof group === 'string') parts.push(`group ${group}`);
  if (typeof cause === 'string' && cause !== log.message) parts.push(cause.slice(0, 300));
  return { level: level === logLevel.ERROR || level === logLevel.WARN ? 'warn' : 'debug', message: parts.join(', ') };
}
