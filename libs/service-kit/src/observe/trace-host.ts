import type { hostSettings } from '../config/host-settings.ts';
import type { SettingValues } from '../config/read-settings.ts';
import { stopOrder, type Lifecycle } from '../lifecycle/lifecycle.ts';
import type { Log } from '../logs/log.ts';
import { startTracing } from './tracing.ts';

/** Starts tracing when the settings name a collector; it ends with the process, after everything that may still be traced. */
export async function traceHost(
  { tracesTo, traceRatio }: Pick<SettingValues<typeof hostSettings>, 'tracesTo' | 'traceRatio'>,
  of: { readonly service: string; readonly instance: string; readonly lifecycle: Lifecycle; readonly log: Log },
): Promise<void> {
  if (tracesTo === undefined) return;
  const { service, instance, lifecycle, log } = of;
  const tracing = await startTracing({ service, instance, ratio: traceRatio, to: tracesTo });
  lifecycle.onStop('traces', stopOrder.last, () => tracing.stop(), 5_000);
  log.info('traces are sent', { to: tracesTo, share: traceRatio });
}
