/**
 * Names that the processes of the cluster and the Kafka driver bring; each leaves this list when the code has it, and the list is
 * empty when the cluster is whole.
 */
export const awaitedSettings: readonly string[] = [
  'EVENT_STORE_URL',
  'KAFKA_BROKERS',
  'KAFKA_REPLICATION',
  'KAFKA_SASL_MECHANISM',
  'KAFKA_SASL_PASSWORD',
  'KAFKA_SASL_USERNAME',
  'KAFKA_TLS',
  'TILLSTREAM_BANK_URL',
  'TILLSTREAM_CHANNEL',
  'TILLSTREAM_CHANNEL_HOST',
  'TILLSTREAM_CHANNEL_PORT',
  'TILLSTREAM_FILES_CHANNEL',
  'TILLSTREAM_FILES_URL',
  'TILLSTREAM_HTTP_HOST',
  'TILLSTREAM_HTTP_PORT',
  'TILLSTREAM_INSTANCE',
  'TILLSTREAM_RELAY',
  'TILLSTREAM_TERMINAL_HOST',
  'TILLSTREAM_TERMINAL_PORT',
];

/** The same for figures, without the prefix. */
export const awaitedMetrics: readonly string[] = [
  'account_below_zero_fen',
  'trial_balance_difference_fen',
  'parked_keys',
  'store_append_failures_total',
  'store_append_seconds',
  'business_clock_seconds',
  'channel_link_up',
  'relay_active',
  'relay_lag_facts',
];
