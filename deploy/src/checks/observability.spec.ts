import { parser } from '@prometheus-io/lezer-promql';
import { collectDefaultMetrics, Registry } from 'prom-client';
import { codeTexts, documentsOf, textOf } from './files.ts';

interface Rule {
  readonly alert: string;
  readonly expr: string;
  readonly for?: string;
  readonly labels: { readonly severity: string };
  readonly annotations: { readonly summary: string; readonly description: string };
}
interface Panel {
  readonly id: number;
  readonly type: string;
  readonly title: string;
  readonly gridPos: { readonly x: number; readonly y: number; readonly w: number; readonly h: number };
  readonly datasource?: { readonly uid: string };
  readonly targets?: readonly { readonly expr: string }[];
}

const alerts = documentsOf('deploy/observability/alerts.yml')[0] as { groups: { name: string; rules: Rule[] }[] };
const rules = alerts.groups.flatMap((group) => group.rules);
const dashboard = JSON.parse(textOf('deploy/observability/grafana/tillstream.json')) as { panels: Panel[] };
const panels = dashboard.panels.filter(({ type }) => type !== 'row');
const expressions = [
  ...rules.map(({ expr }) => expr),
  ...panels.flatMap(({ targets = [] }) => targets.map(({ expr }) => expr)),
];

/** Names of the metrics in an expression. @throws Error when it is no PromQL. */
function metricsOf(expression: string): string[] {
  const names: string[] = [];
  parser.parse(expression).iterate({
    enter: (node) => {
      if (node.type.isError) throw new Error(`no PromQL at ${node.from}: ${expression}`);
      if (node.name === 'VectorSelector') {
        const name = node.node.getChild('Identifier');
        if (name !== null) names.push(expression.slice(name.from, name.to));
      }
    },
  });
  return names;
}

describe('what is observed', () => {
  it('every figure of a dashboard or an alert is one that the code gives', () => {
    const given = new Registry();
    collectDefaultMetrics({ register: given });
    const known = new Set(['up', ...given.getMetricsAsArray().map(({ name }) => name)]);
    const texts = codeTexts();
    const used = new Set(expressions.flatMap(metricsOf));
    expect(used.size).toBeGreaterThan(15);
    const unknown = [...used].filter((name) => {
      if (known.has(name)) return false;
      const own = /^tillstream_(\w+?)(?:_bucket|_count|_sum)?$/.exec(name)?.[1];
      return own === undefined || !texts.has(own);
    });
    expect(unknown).toEqual([]);
  });

  it('an expression that is no PromQL is found', () => {
    expect(() => metricsOf('sum by (group (tillstream_feed_lag_facts)')).toThrow('no PromQL');
  });

  it('the lags, doubt, parked keys, relay and the reserve are watched', () => {
    const watched = new Set(rules.flatMap(({ expr }) => metricsOf(expr)));
    for (const name of [
      'feed_lag_facts',
      'relay_lag_facts',
      'relay_active',
      'in_doubt_oldest_seconds',
      'parked_keys',
      'account_below_zero_fen',
      'trial_balance_difference_fen',
      'read_models_wrong',
      'store_append_seconds_bucket',
    ])
      expect([name, watched.has(`tillstream_${name}`)]).toEqual([name, true]);
  });

  it('every alert has a name of its own, says how urgent it is, what is wrong and where to begin', () => {
    expect(new Set(rules.map(({ alert }) => alert)).size).toBe(rules.length);
    for (const { alert, labels, annotations, for: since = '0s' } of rules) {
      expect([alert, labels.severity]).toEqual([alert, expect.stringMatching(/^(page|ticket)$/)]);
      expect([alert, annotations.summary.length > 10, annotations.description.length > 20]).toEqual([
        alert,
        true,
        true,
      ]);
      expect([alert, since]).toEqual([alert, expect.stringMatching(/^\d+[smh]$/)]);
    }
  });

  it('panels have a title and a source, and none lies over another', () => {
    const { datasources } = documentsOf('deploy/observability/grafana/datasources.yml')[0] as {
      datasources: { uid: string }[];
    };
    for (const { title, datasource } of panels) expect([title, datasource?.uid]).toEqual([title, datasources[0]?.uid]);
    expect(new Set(dashboard.panels.map(({ id }) => id)).size).toBe(dashboard.panels.length);
    const cells = dashboard.panels.flatMap(({ gridPos: { x, y, w, h } }) =>
      Array.from({ length: w * h }, (_, n) => `${x + (n % w)},${y + Math.trunc(n / w)}`),
    );
    expect(new Set(cells).size).toBe(cells.length);
  });

  it('Prometheus asks every service of the compose file, with the token, and reads the alerts that there are', () => {
    const { services } = documentsOf('docker-compose.yml')[0] as {
      services: Record<string, { build?: { args: { APP: string } } }>;
    };
    const ours = Object.entries(services).filter(
      ([, { build }]) => build !== undefined && build.args.APP !== 'simulator',
    );
    const { scrape_configs: jobs, rule_files: files } = documentsOf('deploy/observability/prometheus.yml')[0] as {
      scrape_configs: {
        job_name: string;
        authorization?: { credentials_file: string };
        dns_sd_configs?: { names: string[]; port: number }[];
      }[];
      rule_files: string[];
    };
    const job = jobs.find(({ job_name }) => job_name === 'tillstream');
    expect(job?.dns_sd_configs?.[0]?.names).toEqual(ours.map(([name]) => name));
    expect(textOf('docker-compose.yml')).toContain(`> ${job?.authorization?.credentials_file ?? '?'}`);
    for (const file of files) expect(textOf('docker-compose.yml')).toContain(`:${file}:ro`);
  });
});
