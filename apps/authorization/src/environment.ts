import { choice, durationMs, port, text, type SettingValues } from '@tillstream/service-kit';
import type { AuthorizationOptions } from './options.ts';

/** Authorization's settings as environment variables, on the single node and on the cluster. */
export const authorizationEnvironment = {
  channelTimer: durationMs('TILLSTREAM_CHANNEL_TIMER', {
    what: 'how long the card network may take to answer',
    min: 200,
    max: 50_000,
    fallback: 1_200,
  }),
  channelRetry: durationMs('TILLSTREAM_CHANNEL_RETRY', {
    what: 'pause before an unanswered reversal or advice is sent again; then three, twelve and sixty times as long; 5 s on a live network',
    min: 10,
    max: 60_000,
    fallback: 1_000,
  }),
  preAuthMccs: text<string | undefined>('TILLSTREAM_PRE_AUTH_MCCS', {
    what: 'merchant categories that may hold money by a pre-authorisation; every one when left out',
    pattern: /^\d{4}(,\d{4})*$/,
    right: 'categories of 4 digits with commas between them, such as 7011,7512,8011,8062',
    fallback: undefined,
  }),
} as const;

/** What they say to the service. */
export const authorizationRules = ({
  channelTimer,
  channelRetry,
  preAuthMccs,
}: SettingValues<typeof authorizationEnvironment>): Pick<
  AuthorizationOptions,
  'channelTimeoutMs' | 'retryMs' | 'preAuthMccs'
> => ({
  channelTimeoutMs: channelTimer,
  retryMs: [1, 3, 12, 60].map((times) => times * channelRetry),
  preAuthMccs: preAuthMccs === undefined ? 'every' : new Set(preAuthMccs.split(',')),
});

/** Where the card network is, for a process of its own. */
export const channelEnvironment = {
  channel: text('TILLSTREAM_CHANNEL', { what: 'the card network’s id, as it is registered', fallback: 'unionpay' }),
  channelHost: text('TILLSTREAM_CHANNEL_HOST', { what: 'name or address of the card network', max: 253 }),
  channelPort: port('TILLSTREAM_CHANNEL_PORT', { what: 'its port' }),
  channelDialect: choice('TILLSTREAM_CHANNEL_DIALECT', ['ascii', 'bcd'], {
    what: 'how it spells numbers on the wire',
    fallback: 'ascii',
  }),
} as const;

/** The service's options. */
export const authorizationFrom = (
  settings: SettingValues<typeof authorizationEnvironment & typeof channelEnvironment>,
): AuthorizationOptions => {
  const { channel, channelHost, channelPort, channelDialect } = settings;
  return {
    channel: { id: channel, host: channelHost, port: channelPort, dialect: channelDialect },
    ...authorizationRules(settings),
  };
};
