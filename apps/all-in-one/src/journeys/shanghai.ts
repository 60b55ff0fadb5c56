/** ms since the epoch of a Shanghai time such as `2026-11-23 22:59:59`. */
export function instantOf(local: string): number {
  const instant = Date.parse(`${local.replace(' ', 'T')}+08:00`);
  if (Number.isNaN(instant)) throw new Error(`'${local}' is no time; give it as 2026-11-23 10:00:00`);
  return instant;
}
