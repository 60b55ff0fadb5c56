import type { Metrics } from '../metrics/metrics.ts';

/** What a relay says of itself; all zero while another process publishes. */
export interface RelayStanding {
  readonly active: boolean;
  /** Facts stored and not yet published. */
  readonly lagFacts: number;
  /** How long ago everything stored was published, ms. */
  readonly lagMs: number;
}

/** Shows whether this process publishes the facts, and how far it is behind the store. */
export function showRelay(metrics: Metrics, relay: { figures(): RelayStanding }): void {
  metrics.gauge({ name: 'relay_active', help: '1 in the process that publishes the facts to Kafka' }, (gauge) =>
    gauge.set(relay.figures().active ? 1 : 0),
  );
  metrics.gauge({ name: 'relay_lag_facts', help: 'Facts stored and not yet published; 0 where not active' }, (gauge) =>
    gauge.set(relay.figures().lagFacts),
  );
  const help = 'How long ago everything stored was published, s; 0 where not active';
  metrics.gauge({ name: 'relay_lag_seconds', help }, (gauge) => gauge.set(relay.figures().lagMs / 1_000));
}
