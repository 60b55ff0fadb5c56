import type { Metrics } from '../metrics/metrics.ts';
import type { Platform } from '../platform/platform.ts';
import { observedCommands } from './observed-commands.ts';
import { observedFeed } from './observed-feed.ts';
import { observedStore } from './observed-store.ts';

/**
 * The same platform, watched: appends, lags and parked keys as figures and, when the process traces, spans around what crosses a port.
 * What stands behind the ports is not touched, so every driver is watched alike. Once per process: the figures have one name each.
 */
export function observePlatform<P extends Platform>(platform: P, metrics: Metrics): P {
  return {
    ...platform,
    store: observedStore(platform.store, metrics),
    feed: observedFeed(platform.feed, metrics),
    commands: observedCommands(platform.commands),
  };
}
