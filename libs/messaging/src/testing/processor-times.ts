import { readdirSync, readFileSync } from 'node:fs';

/** A tick of /proc is a hundredth of a second on every Linux that Node runs on. */
const TICK_MS = 10;

/** What processes have used of the processors so far, ms by name; a process counts with its children. Empty where there is no /proc. */
export function processorTimes(pids: Readonly<Record<string, number>>): Readonly<Record<string, number>> {
  const names = new Map(Object.entries(pids).map(([name, pid]) => [pid, name]));
  const used: Record<string, number> = {};
  for (const entry of processes()) {
    const stat = statOf(entry);
    const name = stat && (names.get(Number(entry)) ?? names.get(stat.parent));
    if (stat !== undefined && name !== undefined) used[name] = (used[name] ?? 0) + stat.ms;
  }
  return used;
}

/** What each of them used for one of `count` things between two looks, as text: µs, the largest first. */
export function processorCosts(
  before: Readonly<Record<string, number>>,
  after: Readonly<Record<string, number>>,
  count: number,
): string {
  return Object.entries(after)
    .map(([name, ms]): [string, number] => [name, ((ms - (before[name] ?? 0)) * 1_000) / count])
    .sort(([, a], [, b]) => b - a)
    .map(([name, cost]) => `${name} ${cost.toFixed(0)}`)
    .join(', ');
}

function processes(): string[] {
  try {
    return readdirSync('/proc').filter((entry) => /^\d+$/.test(entry));
  } catch {
    return [];
  }
}

function statOf(pid: string): { readonly parent: number; readonly ms: number } | undefined {
  try {
    // The name, in brackets, may hold spaces; what follows it is numbers.
    const text = readFileSync(`/proc/${pid}/stat`, 'latin1');
    const fields = text.slice(text.lastIndexOf(')') + 2).split(' ');
    const ticks = [11, 12, 13, 14].reduce((sum, n) => sum + Number(fields[n]), 0);
    return { parent: Number(fields[1]), ms: ticks * TICK_MS };
  } catch {
    return undefined;
  }
}
