import type { IsoMessage } from '../spec/profile.ts';
import type { IsoPattern } from './iso-pattern.ts';

const KEYS = ['processing', 'type', 'network'] as const;

/** One handler and what it takes. */
export interface Route<H> {
  readonly pattern: IsoPattern;
  readonly handler: H;
}

/**
 * Reads a route as Nest keeps it (JSON text). Undefined for a route of another transport, which has no `mti`; throws on
 * a misspelled key, which is a defect of the program.
 */
export function parsePattern(route: string): IsoPattern | undefined {
  let parsed: unknown;
  try {
    parsed = JSON.parse(route);
  } catch {
    return undefined;
  }
  if (typeof parsed !== 'object' || parsed === null || !('mti' in parsed)) return undefined;
  const known = ['mti', ...KEYS];
  if (Object.entries(parsed).some(([key, value]) => !known.includes(key) || typeof value !== 'string')) {
    throw new Error(`${route} is no ISO 8583 route; expected { mti, processing?, type?, network? } of strings`);
  }
  return parsed as IsoPattern;
}

/** Routes by (MTI, F3, F60.1, F60.3), the most specific first; equally specific ones in the order in which they came. */
export class RouteTable<H> {
  readonly #byMti = new Map<string, Route<H>[]>();

  constructor(routes: Iterable<Route<H>>) {
    for (const route of routes) {
      const list = this.#byMti.get(route.pattern.mti) ?? [];
      list.push(route);
      this.#byMti.set(route.pattern.mti, list);
    }
    for (const list of this.#byMti.values()) list.sort((a, b) => specificity(b.pattern) - specificity(a.pattern));
  }

  /** The handler for a message, undefined when none takes it. */
  find(message: IsoMessage): H | undefined {
    const f60 = message.fields[60];
    const digits = typeof f60 === 'string' ? f60 : '';
    const values = { processing: message.fields[3], type: digits.slice(0, 2), network: digits.slice(8, 11) };
    const list = this.#byMti.get(message.mti) ?? [];
    return list.find(({ pattern }) => KEYS.every((key) => pattern[key] === undefined || pattern[key] === values[key]))
      ?.handler;
  }
}

function specificity(pattern: IsoPattern): number {
  return KEYS.filter((key) => pattern[key] !== undefined).length;
}
