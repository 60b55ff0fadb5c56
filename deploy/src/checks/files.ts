import { readdirSync, readFileSync } from 'node:fs';
import { parseAllDocuments } from 'yaml';

/** The checkout. */
export const root = new URL('../../../', import.meta.url);

/** The text of a file of the checkout. */
export const textOf = (path: string): string => readFileSync(new URL(path, root), 'utf8');

/** Every document of a YAML file, merge keys resolved. @throws Error naming the file, with the parser's own words. */
export function documentsOf(path: string): Record<string, unknown>[] {
  return parseAllDocuments(textOf(path), { merge: true, uniqueKeys: true }).map((document) => {
    const [problem] = [...document.errors, ...document.warnings];
    if (problem !== undefined) throw new Error(`${path}: ${problem.message}`);
    return document.toJS() as Record<string, unknown>;
  });
}

/** Paths of all files under a folder of the checkout that end so. */
export const filesUnder = (folder: string, ending: string): string[] =>
  readdirSync(new URL(`${folder}/`, root), { recursive: true, encoding: 'utf8' })
    .filter((path) => path.endsWith(ending))
    .map((path) => `${folder}/${path}`)
    .sort();

const isOurs = (path: string): boolean =>
  path.includes('/src/') && !/\.spec\.ts$|\/(?:testing|journeys|node_modules)\//.test(path);

/** Every quoted text of our own sources, specs and benches aside: what a name in a manifest must be found among. */
export function codeTexts(): ReadonlySet<string> {
  const sources = ['apps', 'libs'].flatMap((folder) => filesUnder(folder, '.ts')).filter(isOurs);
  const quoted = /['"`]([A-Za-z0-9_.-]{2,80})['"`]/g;
  return new Set(sources.flatMap((path) => [...textOf(path).matchAll(quoted)].map(([, text]) => text ?? '')));
}
