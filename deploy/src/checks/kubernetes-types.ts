import { fileURLToPath } from 'node:url';
import ts from 'typescript';
import { root } from './files.ts';

/** A manifest and where it was found. */
export interface Manifest {
  readonly path: string;
  readonly apiVersion: string;
  readonly kind: string;
  readonly name: string;
  readonly content: Record<string, unknown>;
}

/** The module that holds the type and the validator of a kind. */
export const modelOf = ({ apiVersion, kind }: Manifest): string =>
  apiVersion.startsWith('keda.sh/')
    ? `@kubernetes-models/keda/${apiVersion}/${kind}`
    : `kubernetes-models/${apiVersion}/${kind}`;

/**
 * Fields that a kind does not have. The published schemas leave objects open, so a mistyped field would pass them; the types that come
 * with them are closed, and the compiler refuses a literal with a field too many.
 */
export function unknownFields(manifests: readonly Manifest[]): string[] {
  const file = fileURLToPath(new URL('deploy/src/checks/manifests.ts', root));
  const lines = manifests.map(
    (one, n) =>
      `import type { I${one.kind} as T${n} } from '${modelOf(one)}'; (${JSON.stringify(one.content)}) satisfies T${n};`,
  );
  const options: ts.CompilerOptions = {
    ...{ strict: true, noEmit: true, skipLibCheck: true, types: [], target: ts.ScriptTarget.ES2023 },
    ...{ module: ts.ModuleKind.NodeNext, moduleResolution: ts.ModuleResolutionKind.NodeNext },
  };
  const program = ts.createProgram([file], options, hostWith(file, lines.join('\n'), options));
  const source = program.getSourceFile(file);
  return program.getSemanticDiagnostics(source).map(({ messageText, start = 0 }) => {
    const { line } = source?.getLineAndCharacterOfPosition(start) ?? { line: 0 };
    const { path, kind, name } = manifests[line] ?? { path: '?', kind: '?', name: '?' };
    return `${path}, ${kind} ${name}: ${ts.flattenDiagnosticMessageText(messageText, ' ')}`;
  });
}

/** The usual host, with one file that exists only here. */
function hostWith(file: string, text: string, options: ts.CompilerOptions): ts.CompilerHost {
  const host = ts.createCompilerHost(options);
  const { getSourceFile, fileExists, readFile } = host;
  host.fileExists = (path) => path === file || fileExists.call(host, path);
  host.readFile = (path) => (path === file ? text : readFile.call(host, path));
  host.getSourceFile = (path, language, ...rest) =>
    path === file ? ts.createSourceFile(path, text, language) : getSourceFile.call(host, path, language, ...rest);
  return host;
}
