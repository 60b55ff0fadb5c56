/** How long a journey waits for anything before it says in vain for what. */
export const PATIENCE_MS = 40_000;

/**
 * Waits until `probe` gives something other than undefined or false, and gives that. Throws with what was waited for, and
 * what was seen last, when it does not come true.
 */
export async function until<T>(
  what: string,
  probe: () => Promise<T | undefined | false> | T | undefined | false,
  seen: () => unknown = () => undefined,
): Promise<T> {
  const deadline = Date.now() + PATIENCE_MS;
  for (;;) {
    const found = await probe();
    if (found !== undefined && found !== false) return found;
    if (Date.now() > deadline) {
      const last = seen();
      const shown = last === undefined ? '' : `; seen: ${JSON.stringify(last)}`;
      throw new Error(`waited ${PATIENCE_MS / 1000} s in vain: ${what}${shown}`);
    }
    await new Promise((resolve) => setTimeout(resolve, 25));
  }
}
