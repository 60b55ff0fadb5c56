import { type Metrics, ReplayWatch, stopOrder } from '@tillstream/service-kit';
import type { Node } from './node.ts';
import { readModels } from './read-models.ts';

/**
 * Watches the live rows of every read model against the history while the node runs. A difference is an error in the log and a gauge that
 * stays up until the model is found right again; `npm run rebuild` repairs it.
 */
export function watchRows(node: Node, metrics: Metrics, everyMs: number): void {
  const { store, log, lifecycle } = node.platform;
  const wrong = new Set<string>();
  const watch = new ReplayWatch({
    ...{ store, pool: node.pool, models: readModels, everyMs },
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
