import { stopOrder } from '../lifecycle/lifecycle.ts';
import type { Metrics } from '../metrics/metrics.ts';
import type { Platform } from './platform.ts';
import type { ReadModel } from './read-model.ts';
import { ReplayWatch } from './replay-watch.ts';

/** What is watched, and with which pause between two looks, ms. */
export interface WatchedRows {
  readonly models: readonly ReadModel[];
  readonly everyMs: number;
}

/**
 * Watches the live rows of read models against the history while the process runs. A difference is an error in the log and a gauge that
 * stays up until the model is found right again; `npm run rebuild` repairs it.
 */
export function watchRows(platform: Platform, metrics: Metrics, { models, everyMs }: WatchedRows): void {
  if (models.length === 0) return;
  const { store, pool, log, lifecycle } = platform;
  const wrong = new Set<string>();
  const watch = new ReplayWatch({
    ...{ store, pool, models, everyMs },
    onLook: ({ model, position, tables, equal }) => {
      if (equal) return void wrong.delete(model);
      wrong.add(model);
      const differing = tables.filter((table) => !table.equal).map(({ table }) => table);
      log.error('live rows are not what the history gives; npm run rebuild repairs them', {
        ...{ model, position: String(position), tables: differing },
      });
    },
    onError: ({ message }) => log.warn('the rows could not be checked', { why: message }),
  });
  metrics.gauge({ name: 'read_models_wrong', help: 'Read models whose live rows differ from the history' }, (gauge) =>
    gauge.set(wrong.size),
  );
  lifecycle.onStop('watch over the rows', stopOrder.intake, () => watch.stop());
  watch.start();
}
