import { inspect } from 'node:util';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { kafkaSettingsFrom } from './settings.ts';

it('reads where Kafka is, and gives nothing when nothing is said', () => {
  expect(kafkaSettingsFrom({ KAFKA_TLS: 'true' })).toBeUndefined();
  expect(kafkaSettingsFrom({ KAFKA_BROKERS: 'a:9092, b.example:9093' }, 'ledger-1')).toEqual({
    brokers: ['a:9092', 'b.example:9093'],
    clientId: 'ledger-1',
    prefix: 'tillstream',
    replication: 1,
  });
});

it.each([
  [{ KAFKA_BROKERS: 'a' }, "KAFKA_BROKERS: 'a'; expected host:port"],
  [{ KAFKA_BROKERS: 'a:9092,b:0' }, "KAFKA_BROKERS: 'b:0'"],
  [{ KAFKA_BROKERS: 'a:1', KAFKA_TOPIC_PREFIX: 'Mine' }, "KAFKA_TOPIC_PREFIX: 'Mine'; expected a-z"],
  [{ KAFKA_BROKERS: 'a:1', KAFKA_REPLICATION: '0' }, 'KAFKA_REPLICATION: out of range; expected a whole number'],
  [{ KAFKA_BROKERS: 'a:1', KAFKA_SASL_MECHANISM: 'gssapi' }, "KAFKA_SASL_MECHANISM: 'gssapi'; expected plain"],
  [{ KAFKA_BROKERS: 'a:1', KAFKA_SASL_MECHANISM: 'plain' }, 'KAFKA_SASL_USERNAME: missing; expected a user name'],
  [
    { KAFKA_BROKERS: 'a:1', KAFKA_TLS: '/nowhere.pem' },
    "KAFKA_TLS: '/nowhere.pem' (ENOENT); expected true, or the path",
  ],
])('says which setting is wrong and what would be right: %o', (environment, message) =>
  expect(() => kafkaSettingsFrom(environment)).toThrow(message),
);

it('never shows the password', () => {
  const settings = kafkaSettingsFrom({
    KAFKA_BROKERS: 'a:1',
    KAFKA_SASL_MECHANISM: 'scram-sha-512',
    KAFKA_SASL_USERNAME: 'till',
    KAFKA_SASL_PASSWORD: 'hunter2hunter2',
  });
  expect(settings?.sasl?.password.reveal()).toBe('hunter2hunter2');
  expect(
    `${inspect(settings, { depth: 9 })} ${JSON.stringify(settings)} ${String(settings?.sasl?.password)}`,
  ).not.toContain('hunter2');
});

it('reads the authority of a private network', () => {
  const folder = mkdtempSync(join(tmpdir(), 'tillstream-ca-'));
  const ca = '-----BEGIN CERTIFICATE-----\nMII\n-----END CERTIFICATE-----\n';
  writeFileSync(join(folder, 'ca.pem'), ca);
  writeFileSync(join(folder, 'not.pem'), 'hello');
  const from = (path: string) => kafkaSettingsFrom({ KAFKA_BROKERS: 'a:1', KAFKA_TLS: join(folder, path) })?.tls;
  expect(from('ca.pem')).toEqual({ ca });
  expect(() => from('not.pem')).toThrow('holds no certificate');
  rmSync(folder, { recursive: true });
});
