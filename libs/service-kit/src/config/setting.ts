/** What was wrong with one setting and what would be right; never the value of a secret. */
export interface SettingProblem {
  readonly name: string;
  readonly wrong: string;
  readonly right: string;
}

/** One setting: the environment variable's name, what it is for, how its text is read. */
export interface Setting<T> {
  readonly name: string;
  readonly what: string;
  /** What a right value looks like, for errors and for the help text. */
  readonly right: string;
  /** Undefined when the setting must be given. */
  readonly fallback?: { readonly value: T };
  readonly secret: boolean;
  /** The value, or what was wrong with the text. */
  read(text: string): { readonly value: T } | { readonly wrong: string };
}

/** A value that prints as stars wherever it ends up; {@link reveal} is the one way to it. */
export class Secret {
  readonly #text: string;
  constructor(text: string) {
    this.#text = text;
  }
  reveal(): string {
    return this.#text;
  }
  toString(): string {
    return '******';
  }
  toJSON(): string {
    return '******';
  }
  [Symbol.for('nodejs.util.inspect.custom')](): string {
    return '******';
  }
}

/** What every setting is given. `fallback` makes it optional. */
export interface SettingOptions<T> {
  readonly what: string;
  readonly fallback?: T;
}

function setting<T>(
  name: string,
  options: { readonly what: string; readonly fallback?: T },
  right: string,
  read: Setting<T>['read'],
  secret = false,
): Setting<T> {
  const fallback = 'fallback' in options ? { fallback: { value: options.fallback as T } } : {};
  return { name, what: options.what, right, secret, read, ...fallback };
}

/** Text of 1 to `max` characters (1,000 when left out), optionally of a pattern. */
export function text<T extends string | undefined = string>(
  name: string,
  options: SettingOptions<T> & { readonly max?: number; readonly pattern?: RegExp; readonly right?: string },
): Setting<T | string> {
  const max = options.max ?? 1000;
  const right = options.right ?? `text of at most ${max} characters`;
  return setting<T | string>(name, options, right, (raw) => {
    if (raw.length > max) return { wrong: `${raw.length} characters long` };
    return options.pattern === undefined || options.pattern.test(raw) ? { value: raw } : { wrong: `'${shown(raw)}'` };
  });
}

/** A whole number between `min` and `max`. */
export function integer(
  name: string,
  options: SettingOptions<number> & { readonly min: number; readonly max: number },
): Setting<number> {
  return setting<number>(name, options, `a whole number from ${options.min} to ${options.max}`, (raw) => {
    const value = /^-?\d{1,15}$/.test(raw) ? Number(raw) : Number.NaN;
    return value >= options.min && value <= options.max ? { value } : { wrong: `'${shown(raw)}'` };
  });
}

/** A TCP port; 0 asks the operating system for a free one. */
export const port = (name: string, options: SettingOptions<number>): Setting<number> =>
  integer(name, { ...options, min: 0, max: 65_535 });

/** A number above `above` and at most `max`, with decimals. */
export function decimal(
  name: string,
  options: SettingOptions<number> & { readonly above: number; readonly max: number },
): Setting<number> {
  return setting<number>(name, options, `a number above ${options.above}, at most ${options.max}`, (raw) => {
    const value = /^-?\d{1,15}(\.\d{1,9})?$/.test(raw) ? Number(raw) : Number.NaN;
    return value > options.above && value <= options.max ? { value } : { wrong: `'${shown(raw)}'` };
  });
}

/** `true`/`false`, `yes`/`no`, `on`/`off`, `1`/`0`. */
export function flag(name: string, options: SettingOptions<boolean>): Setting<boolean> {
  return setting<boolean>(name, options, 'true or false', (raw) => {
    const word = raw.toLowerCase();
    if (['true', 'yes', 'on', '1'].includes(word)) return { value: true };
    return ['false', 'no', 'off', '0'].includes(word) ? { value: false } : { wrong: `'${shown(raw)}'` };
  });
}

/** One word of a list. */
export function choice<const W extends string>(
  name: string,
  words: readonly W[],
  options: SettingOptions<W>,
): Setting<W> {
  return setting<W>(name, options, `one of ${words.join(', ')}`, (raw) => {
    const word = words.find((candidate) => candidate === raw);
    return word === undefined ? { wrong: `'${shown(raw)}'` } : { value: word };
  });
}

const unitMs: Readonly<Record<string, number>> = { ms: 1, s: 1000, m: 60_000, h: 3_600_000, d: 86_400_000 };

/** A duration with its unit (`250ms`, `5s`, `10m`, `1h`, `2d`), read as milliseconds. */
export function durationMs(
  name: string,
  options: SettingOptions<number> & { readonly min: number; readonly max: number },
): Setting<number> {
  const right = `a duration such as 250ms, 5s, 10m or 1h, from ${options.min} to ${options.max} ms`;
  return setting<number>(name, options, right, (raw) => {
    const match = /^(\d{1,9})(ms|s|m|h|d)$/.exec(raw);
    const value = match === null ? Number.NaN : Number(match[1]) * (unitMs[match[2] ?? ''] ?? Number.NaN);
    return value >= options.min && value <= options.max ? { value } : { wrong: `'${shown(raw)}'` };
  });
}

/** A secret of at least `minLength` characters (16 when left out); its text is in no message. */
export function secret<T extends Secret | undefined = Secret>(
  name: string,
  options: SettingOptions<T> & { readonly minLength?: number },
): Setting<T | Secret> {
  const minLength = options.minLength ?? 16;
  const right = `at least ${minLength} characters`;
  const read: Setting<T | Secret>['read'] = (raw) =>
    raw.length >= minLength ? { value: new Secret(raw) } : { wrong: 'too short' };
  return setting<T | Secret>(name, options, right, read, true);
}

/** A key of exactly `bytes` bytes in hex; the text is in no message. */
export function hexKey<T extends Secret | undefined = Secret>(
  name: string,
  options: SettingOptions<T> & { readonly bytes: number },
): Setting<T | Secret> {
  const digits = options.bytes * 2;
  const read: Setting<T | Secret>['read'] = (raw) => {
    if (raw.length !== digits) return { wrong: `${raw.length} characters long` };
    return /^[0-9a-fA-F]+$/.test(raw) ? { value: new Secret(raw) } : { wrong: 'not hex' };
  };
  return setting<T | Secret>(name, options, `${digits} hex digits`, read, true);
}

/** The address of somebody's web server, `http://host:port`, without a path. */
export function webAddress<T extends string | undefined = string>(
  name: string,
  options: SettingOptions<T>,
): Setting<T | string> {
  return setting<T | string>(name, options, 'an address such as https://bank.example:8443, without a path', (raw) => {
    if (!URL.canParse(raw)) return { wrong: 'not an address' };
    const { protocol, username, password, origin, href } = new URL(raw);
    if (protocol !== 'http:' && protocol !== 'https:') return { wrong: `scheme '${shown(protocol.slice(0, -1))}'` };
    if (username !== '' || password !== '') return { wrong: 'a name or password in it' };
    return href === `${origin}/` ? { value: origin } : { wrong: 'a path' };
  });
}

/** An address with one of the given schemes; because it may hold a password it is a {@link Secret}. */
export function address<T extends Secret | undefined = Secret>(
  name: string,
  schemes: readonly string[],
  options: SettingOptions<T>,
): Setting<T | Secret> {
  const right = schemes.map((scheme) => `${scheme}://user:password@host:port/name`).join(' or ');
  const read: Setting<T | Secret>['read'] = (raw) => {
    if (!URL.canParse(raw)) return { wrong: 'not an address' };
    const scheme = new URL(raw).protocol.slice(0, -1);
    return schemes.includes(scheme) ? { value: new Secret(raw) } : { wrong: `scheme '${shown(scheme)}'` };
  };
  return setting<T | Secret>(name, options, right, read, true);
}

const shown = (raw: string): string => (raw.length > 60 ? `${raw.slice(0, 57)}...` : raw);
