import { readFileSync } from 'node:fs';
import nx from '@nx/eslint-plugin';
import tseslint from 'typescript-eslint';

const allowed = JSON.parse(readFileSync(new URL('./tools/allowed-imports.json', import.meta.url), 'utf8'));
const bannedNames = '(?:^|[-.])(?:impl|base|manager|helper|helpers|util|utils|common|shared|dto|info)(?:[-.]|$)';

export default tseslint.config(
  { ignores: ['**/dist/**', '**/node_modules/**', '.nx/**', '.data/**', '**/*.mjs'] },
  ...tseslint.configs.recommended,
  {
    files: ['**/*.ts'],
    // With both flags a type import is never suggested where a decorator needs the value.
    languageOptions: { parserOptions: { emitDecoratorMetadata: true, experimentalDecorators: true } },
    plugins: { '@nx': nx, tillstream: { rules: { 'file-name': fileNameRule(), 'decider-owner': deciderOwnerRule() } } },
    rules: {
      'tillstream/file-name': 'error',
      'tillstream/decider-owner': 'error',
      'max-lines': ['error', { max: 300 }],
      'max-lines-per-function': ['error', { max: 60 }],
      'no-console': 'error',
      '@typescript-eslint/no-explicit-any': 'error',
      '@typescript-eslint/no-unused-vars': ['error', { argsIgnorePattern: '^_', varsIgnorePattern: '^_' }],
      '@typescript-eslint/consistent-type-imports': [
        'error',
        { fixStyle: 'inline-type-imports', disallowTypeAnnotations: false },
      ],
      'no-restricted-syntax': ['error', { selector: 'ExportAllDeclaration', message: 'Name what you export.' }],
      '@nx/enforce-module-boundaries': [
        'error',
        {
          allow: [],
          enforceBuildableLibDependency: false,
          // One line per project: what it may import is the line of tools/allowed-imports.json.
          depConstraints: Object.entries(allowed).map(([project, imports]) => ({
            sourceTag: `project:${project}`,
            onlyDependOnLibsWithTags: imports.map((name) => `project:${name}`),
          })),
        },
      ],
    },
  },
  {
    files: ['**/*.spec.ts', '**/contract.ts', '**/testing/**'],
    rules: { 'max-lines': ['error', { max: 600 }], 'max-lines-per-function': 'off' },
  },
  // Command lines and benches print for people.
  {
    files: ['**/*-cli.ts', '**/cli/**', '**/*.bench.ts', '**/main.ts', '**/run.ts'].concat(
      ['run-cluster', 'compare-with-node', 'trade-days'].map((name) => `**/${name}.ts`),
    ),
    rules: { 'no-console': 'off' },
  },
);

/** File names are kebab-case and avoid words that say nothing. */
function fileNameRule() {
  return {
    meta: { type: 'problem', schema: [], messages: { name: '{{name}}: {{why}}' } },
    create: (context) => ({
      Program(node) {
        const name = context.filename.split('/').pop() ?? '';
        if (!/^[a-z0-9]+(?:[-.][a-z0-9]+)*\.ts$/.test(name))
          context.report({ node, messageId: 'name', data: { name, why: 'use kebab-case' } });
        if (new RegExp(bannedNames).test(name.replace(/\.ts$/, '')))
          context.report({ node, messageId: 'name', data: { name, why: 'this word names nothing; say what it is' } });
      },
    }),
  };
}

/** Only the owner of a noun imports its decider (design 3); reporting and the simulator cannot append, so they may. */
function deciderOwnerRule() {
  const owners = {
    session: ['terminal-gateway'],
    payment: ['authorization'],
    batch: ['settlement'],
    settlement: ['settlement'],
    payout: ['settlement'],
    clearing: ['settlement'],
    book: ['ledger'],
    merchant: ['merchants'],
    terminal: ['merchants'],
    channel: ['merchants'],
  };
  return {
    meta: {
      type: 'problem',
      schema: [],
      messages: { owner: 'Only {{owner}} decides about a {{noun}}; publish a fact or send a command.' },
    },
    create: (context) => ({
      ImportDeclaration(node) {
        const match = /^@tillstream\/domain\/([a-z]+)\/(?:decide|take)/.exec(node.source.value);
        const app = /\/apps\/([a-z-]+)\//.exec(context.filename)?.[1];
        if (!match || !app || ['reporting', 'simulator'].includes(app)) return;
        const owner = owners[match[1]];
        if (owner && !owner.includes(app))
          context.report({ node, messageId: 'owner', data: { owner: owner[0], noun: match[1] } });
      },
    }),
  };
}
