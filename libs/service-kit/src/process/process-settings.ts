import { hostname } from 'node:os';
import { hostSettings } from '../config/host-settings.ts';
import type { SettingValues } from '../config/read-settings.ts';
import { address, hexKey, port, secret, text, type Secret } from '../config/setting.ts';

/** Settings of every process of a cluster, beside those of its service and of Kafka. */
export const processSettings = {
  ...hostSettings,
  database: address('DATABASE_URL', ['postgresql', 'postgres'], {
    what: 'PostgreSQL of the rows; the same in every process',
  }),
  eventStore: address<Secret | undefined>('EVENT_STORE_URL', ['postgresql', 'postgres', 'esdb', 'esdb+discover'], {
    what: 'the event store; DATABASE_URL when left out',
    fallback: undefined,
  }),
  masterKey: hexKey('TILLSTREAM_MASTER_KEY', {
    what: 'key that wraps all keys of the vault; the same in every process',
    bytes: 32,
  }),
  httpToken: secret('TILLSTREAM_HTTP_TOKEN', {
    what: 'bearer token of the HTTP API; the same in every process',
  }),
  httpHost: text('TILLSTREAM_HTTP_HOST', {
    what: 'address that the HTTP API listens on; beyond loopback only inside a network that the cluster has for itself',
    pattern: /^[0-9a-fA-F.:]{2,45}$/,
    right: 'an IP address of this machine, such as 127.0.0.1 or 0.0.0.0',
    fallback: '127.0.0.1',
  }),
  httpPort: port('TILLSTREAM_HTTP_PORT', {
    what: 'port of the HTTP API; another is taken when it is in use, 0 for any',
    fallback: 8080,
  }),
  instance: text('TILLSTREAM_INSTANCE', {
    what: 'name of this process among those of its service, in logs, leases and at the broker',
    pattern: /^[A-Za-z0-9._-]{1,80}$/,
    right: 'at most 80 letters, digits, dots, dashes and underscores',
    fallback: `${hostname()
      .replaceAll(/[^A-Za-z0-9._-]/g, '-')
      .slice(0, 60)}-${process.pid}`,
  }),
} as const;

/** The values of {@link processSettings}. */
export type ProcessSettings = SettingValues<typeof processSettings>;
