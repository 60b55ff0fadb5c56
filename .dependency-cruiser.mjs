/** File-level rules that the project graph cannot see. */
export default {
  forbidden: [
    {
      name: 'no-circular',
      severity: 'error',
      from: {},
      to: { circular: true, viaOnly: { dependencyTypesNot: ['type-only'] } },
    },
    { name: 'libs-not-to-apps', severity: 'error', from: { path: '^libs/' }, to: { path: '^apps/' } },
    {
      name: 'app-not-to-other-app',
      severity: 'error',
      from: { path: '^apps/(?!all-in-one/)([^/]+)/' },
      to: { path: '^apps/([^/]+)/', pathNot: '^apps/$1/' },
    },
    {
      name: 'domain-is-pure',
      comment: 'The law book knows no I/O: only money, class-validator and the language.',
      severity: 'error',
      from: { path: '^libs/domain/src/', pathNot: '\\.spec\\.ts$' },
      to: { pathNot: '^libs/(domain|money)/|class-validator|class-transformer|reflect-metadata' },
    },
    {
      name: 'money-imports-nothing',
      severity: 'error',
      from: { path: '^libs/money/src/', pathNot: '\\.spec\\.ts$' },
      to: { pathNot: '^libs/money/' },
    },
  ],
  options: {
    doNotFollow: { path: 'node_modules' },
    exclude: '(^|/)dist/',
    tsPreCompilationDeps: true,
    tsConfig: { fileName: 'tsconfig.base.json' },
    enhancedResolveOptions: {
      exportsFields: ['exports'],
      conditionNames: ['@tillstream/source', 'import', 'node', 'default'],
      extensions: ['.ts', '.js'],
    },
  },
};
