import type { Setting, SettingProblem } from './setting.ts';

/** Settings by the name that the code uses. */
export type SettingSpec = Readonly<Record<string, Setting<unknown>>>;
/** The values of a spec, typed. */
export type SettingValues<S extends SettingSpec> = {
  readonly [K in keyof S]: S[K] extends Setting<infer T> ? T : never;
};
export type Environment = Readonly<Record<string, string | undefined>>;

/** Every setting that is wrong, at once; the message is fit to be printed as it is. */
export class SettingsInvalid extends Error {
  override readonly name = 'SettingsInvalid';
  readonly problems: readonly SettingProblem[];
  constructor(problems: readonly SettingProblem[]) {
    const lines = problems.map(({ name, wrong, right }) => `  ${name}: ${wrong}; expected ${right}`);
    super(`${problems.length} ${problems.length === 1 ? 'setting is' : 'settings are'} wrong:\n${lines.join('\n')}`);
    this.problems = problems;
  }
}

/** Rules over settings together, and the prefix under which an unknown name is a typing error. */
export interface ReadOptions<S extends SettingSpec> {
  /** Names that start with it and are not in the spec are errors. */
  readonly prefix?: string;
  /** Names under the prefix that other programs of the same environment read. */
  readonly alsoKnown?: readonly string[];
  /** Called only when each setting alone is right. */
  readonly check?: (values: SettingValues<S>) => readonly SettingProblem[];
}

/**
 * Reads and checks the whole configuration once, at start. An empty variable counts as not given.
 * Throws `SettingsInvalid` with every problem; the value of a secret is in no message.
 */
export function readSettings<const S extends SettingSpec>(
  environment: Environment,
  spec: S,
  options: ReadOptions<S> = {},
): SettingValues<S> {
  const problems: SettingProblem[] = [];
  const values: Record<string, unknown> = {};
  for (const [key, setting] of Object.entries(spec)) {
    const raw = environment[setting.name]?.trim();
    if (raw === undefined || raw === '') {
      if (setting.fallback === undefined) problems.push({ name: setting.name, wrong: 'missing', right: setting.right });
      else values[key] = setting.fallback.value;
      continue;
    }
    const read = setting.read(raw);
    if ('wrong' in read) problems.push({ name: setting.name, wrong: read.wrong, right: setting.right });
    else values[key] = read.value;
  }
  problems.push(...unknownNames(environment, spec, options));
  const typed = values as SettingValues<S>;
  if (problems.length === 0) problems.push(...(options.check?.(typed) ?? []));
  if (problems.length > 0) throw new SettingsInvalid(problems);
  return Object.freeze(typed);
}

function unknownNames<S extends SettingSpec>(
  environment: Environment,
  spec: S,
  { prefix, alsoKnown = [] }: ReadOptions<S>,
): SettingProblem[] {
  if (prefix === undefined) return [];
  const known = new Set([...Object.values(spec).map(({ name }) => name), ...alsoKnown]);
  return Object.keys(environment)
    .filter((name) => name.startsWith(prefix) && !known.has(name))
    .map((name) => ({ name, wrong: 'no such setting', right: nearest(name, [...known]) }));
}

/** The known name that shares the longest start with a mistyped one. */
function nearest(name: string, known: readonly string[]): string {
  const sameStart = (candidate: string): number => {
    let length = 0;
    while (length < name.length && candidate[length] === name[length]) length += 1;
    return length;
  };
  const best = [...known].sort((a, b) => sameStart(b) - sameStart(a))[0];
  return best === undefined ? 'none under this prefix' : `a known name, perhaps ${best}`;
}

/** One line per setting (name, what for, what is right, the fallback unless secret), for `--help` and documentation. */
export function describeSettings(spec: SettingSpec): string[] {
  return Object.values(spec).map(({ name, what, right, fallback, secret }) => {
    const standing = fallback === undefined ? 'required' : secret ? 'optional' : `default ${String(fallback.value)}`;
    return `${name}: ${what} (${right}; ${standing})`;
  });
}
