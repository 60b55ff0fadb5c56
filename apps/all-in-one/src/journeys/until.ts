/** How long anything is waited for, ms, before it is said in vain for what; longer where no runner of specs has a limit of its own. */
export const patience = { ms: 40_000 };

/**
 * Waits until `probe` gives something other than undefined or false, and gives that. Throws with what was waited for, and
 * what was seen last, when it does not come true.
 */
export async function until<T>(
  what: string,
  probe: () => Promise<T | undefined | false> | T | undefined | false,
  seen: () => unknown = () => undefined,
): Promise<T> {
  const deadline = Date.now() + patience.ms;
  for (;;) {
    const found = await probe();
    if (found !== undefined && found !== false) return found;
    if (Date.now() > deadline) {
      const last = seen();
      const shown = last === undefined ? '' : `; seen: ${JSON.stringify(last)}`;
      throw new Error(`waited ${patience.ms / 1_000} s in vain: ${what}${shown}`);
    }
    await new Promise((resolve) => setTimeout(resolve, 25));
  }
}
