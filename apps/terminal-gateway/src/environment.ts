import { readFileSync } from 'node:fs';
import { durationMs, integer, text, type SettingProblem, type SettingValues } from '@tillstream/service-kit';
import type { GatewaySettings } from './settings.ts';

/** The gateway's settings as environment variables, on the single node and on the cluster. */
export const gatewayEnvironment = {
  answerTimer: durationMs('TILLSTREAM_ANSWER_TIMER', {
    what: 'how long the terminals wait for an answer; the gateway answers 200 ms earlier',
    min: 500,
    max: 60_000,
    fallback: 2_000,
  }),
  terminalRate: integer('TILLSTREAM_TERMINAL_RATE', {
    what: 'new payments per second that one terminal may send to one gateway; four seconds of it at once',
    min: 1,
    max: 1_000_000,
    fallback: 50,
  }),
  merchantRate: integer('TILLSTREAM_MERCHANT_RATE', {
    what: 'new payments per second that all terminals of one merchant may send to one gateway; four seconds of it at once',
    min: 1,
    max: 1_000_000,
    fallback: 500,
  }),
  tlsCertificate: text<string | undefined>('TILLSTREAM_TLS_CERTIFICATE', {
    what: 'file of the certificate chain (PEM); with it terminals must connect by TLS',
    fallback: undefined,
  }),
  tlsKey: text<string | undefined>('TILLSTREAM_TLS_KEY', {
    what: 'file of the certificate’s private key (PEM)',
    fallback: undefined,
  }),
} as const;

type Values = SettingValues<typeof gatewayEnvironment>;

/** The gateway answers this much before the terminals stop waiting. */
const ANSWER_MARGIN_MS = 200;

/** What these settings say about each other that cannot be. */
export const gatewayProblems = ({ tlsCertificate, tlsKey }: Values): readonly SettingProblem[] =>
  (tlsCertificate === undefined) === (tlsKey === undefined)
    ? []
    : [{ name: 'TILLSTREAM_TLS_KEY', wrong: 'one of certificate and key is missing', right: 'both files, or neither' }];

/** The gateway's settings but for its port. @throws when a file of TLS cannot be read. */
export function gatewayFrom(values: Values): Omit<GatewaySettings, 'port'> {
  const { answerTimer, terminalRate, merchantRate, tlsCertificate, tlsKey } = values;
  const isTls = tlsCertificate !== undefined && tlsKey !== undefined;
  return {
    answerBudgetMs: answerTimer - ANSWER_MARGIN_MS,
    rates: {
      terminal: { perSecond: terminalRate, burst: 4 * terminalRate },
      merchant: { perSecond: merchantRate, burst: 4 * merchantRate },
    },
    ...(isTls ? { tls: { cert: readFileSync(tlsCertificate), key: readFileSync(tlsKey) } } : {}),
  };
}
