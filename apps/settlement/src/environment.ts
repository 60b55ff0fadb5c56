import { secret, text, webAddress, type SettingValues } from '@tillstream/service-kit';
import type { SettlementOptions } from './options.ts';

/** Settlement's settings as environment variables of its process. */
export const settlementEnvironment = {
  bankUrl: webAddress('TILLSTREAM_BANK_URL', { what: 'our bank' }),
  bankSecret: secret('TILLSTREAM_BANK_SECRET', { what: 'signs what we ask the bank' }),
  filesChannel: text('TILLSTREAM_FILES_CHANNEL', {
    what: 'the channel whose clearing files are fetched, as it is registered',
    fallback: 'unionpay',
  }),
  filesUrl: webAddress('TILLSTREAM_FILES_URL', { what: 'where the channel puts its clearing files' }),
  filesSecret: secret('TILLSTREAM_FILES_SECRET', { what: 'signs what we ask for clearing files' }),
} as const;

/** The service's options. */
export const settlementFrom = ({
  bankUrl,
  bankSecret,
  filesChannel,
  filesUrl,
  filesSecret,
}: SettingValues<typeof settlementEnvironment>): SettlementOptions => ({
  bank: { url: bankUrl, secret: bankSecret.reveal() },
  files: [{ channel: filesChannel, url: filesUrl, secret: filesSecret.reveal() }],
});
