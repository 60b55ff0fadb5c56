import { collectDefaultMetrics, Counter, Gauge, Histogram, Registry } from 'prom-client';

/** Bounds of a duration histogram in seconds: from 1 ms to 60 s. */
export const durationBuckets = [0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60];

/** What a metric is called and labelled. Label values come from small fixed sets, never from merchants, terminals or cards. */
export interface MetricSpec<L extends string> {
  /** Without the prefix `tillstream_`; ends in its unit (`_seconds`, `_total`, `_bytes`). */
  readonly name: string;
  readonly help: string;
  readonly labels?: readonly L[];
}

/** The metrics of one process: its own registry (nothing global), the process's figures, and ours under `tillstream_`. */
export class Metrics {
  readonly registry = new Registry();

  constructor(process: string) {
    this.registry.setDefaultLabels({ process });
    collectDefaultMetrics({ register: this.registry });
  }

  counter<L extends string = never>({ name, help, labels = [] }: MetricSpec<L>): Counter<L> {
    return new Counter({ name: `tillstream_${name}`, help, labelNames: [...labels], registers: [this.registry] });
  }

  /**
   * A figure that goes up and down; `read` sets it at each scrape when given. One that cannot be read now is missing from that scrape (NaN
   * without labels), and the others are shown all the same.
   */
  gauge<L extends string = never>(
    { name, help, labels = [] }: MetricSpec<L>,
    read?: (gauge: Gauge<L>) => void | Promise<void>,
  ): Gauge<L> {
    const registers = [this.registry];
    const gauge: Gauge<L> = new Gauge({
      name: `tillstream_${name}`,
      help,
      labelNames: [...labels],
      registers,
      ...(read === undefined ? {} : { collect: () => readInto(gauge, labels.length > 0, read) }),
    });
    return gauge;
  }

  histogram<L extends string = never>(
    { name, help, labels = [] }: MetricSpec<L>,
    buckets: readonly number[] = durationBuckets,
  ): Histogram<L> {
    const names = [...labels];
    return new Histogram({
      name: `tillstream_${name}`,
      help,
      labelNames: names,
      buckets: [...buckets],
      registers: [this.registry],
    });
  }

  /** The text that a scraper reads, and its content type. */
  async text(): Promise<{ readonly contentType: string; readonly body: string }> {
    return { contentType: this.registry.contentType, body: await this.registry.metrics() };
  }
}

async function readInto<L extends string>(
  gauge: Gauge<L>,
  isLabelled: boolean,
  read: (gauge: Gauge<L>) => void | Promise<void>,
): Promise<void> {
  try {
    await read(gauge);
  } catch {
    if (isLabelled) gauge.reset();
    else gauge.set(Number.NaN);
  }
}
