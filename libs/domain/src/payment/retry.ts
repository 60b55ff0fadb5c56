/** Pauses between the tries of a reversal or an advice, ms: the last one repeats until the cut-off (domain 3.2). */
export type RetryPauses = readonly number[];

/** Host to channel: 5 s, 15 s, 60 s, then every 5 min (domain 3.2). */
export const RETRY_PAUSES_MS: RetryPauses = [5_000, 15_000, 60_000, 300_000];

/** How far a schedule has come. */
export interface Tried {
  /** Tries made so far. */
  readonly attempts: number;
  /** Whether the cut-off of the operation's clearing date is behind us, so that its file decides; never for an advice. */
  readonly isPastCutOff: boolean;
}

/**
 * Pause before the next try, ms; null when there is none: after the cut-off the repeats end, and the channel's clearing file
 * decides. The tries before the last pause are made in any case, so what got into doubt just before the cut-off is told as well.
 */
export function nextTry(pauses: RetryPauses, { attempts, isPastCutOff }: Tried): number | null {
  if (isPastCutOff && attempts >= pauses.length) return null;
  return pauses[Math.min(Math.max(attempts, 1), pauses.length) - 1] ?? null;
}

/**
 * Where the schedule of something that has been in doubt for `elapsedMs` stands, as nobody counts tries across a restart: the
 * tries due by now, and the pause until the next one is due, ms.
 */
export function resumed(
  pauses: RetryPauses,
  elapsedMs: number,
): { readonly attempts: number; readonly pauseMs: number } {
  let dueMs = 0;
  for (const [n, pause] of pauses.entries()) {
    dueMs += pause;
    if (dueMs > elapsedMs) return { attempts: n + 1, pauseMs: Math.min(pause, dueMs - elapsedMs) };
  }
  const last = pauses.at(-1) ?? 0;
  const repeats = Math.floor((elapsedMs - dueMs) / last) + 1;
  return { attempts: pauses.length + repeats, pauseMs: dueMs + repeats * last - elapsedMs };
}
