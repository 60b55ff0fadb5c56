import { fileURLToPath } from 'node:url';

const here = (path) => fileURLToPath(new URL(path, import.meta.url));

/** The jest configuration that every project shares: ESM, SWC with decorators, sources instead of builds. */
export default function preset({ name }) {
  return {
    displayName: name,
    testEnvironment: 'node',
    // The first database of a run may need several seconds on a busy machine.
    testTimeout: 30_000,
    testMatch: ['<rootDir>/src/**/*.spec.ts'],
    globalSetup: here('./tools/jest-servers-setup.mjs'),
    globalTeardown: here('./tools/jest-servers-teardown.mjs'),
    extensionsToTreatAsEsm: ['.ts'],
    testEnvironmentOptions: { customExportConditions: ['@tillstream/source', 'node', 'node-addons'] },
    transform: {
      '^.+\\.ts$': [
        '@swc/jest',
        {
          swcrc: false,
          sourceMaps: 'inline',
          module: { type: 'es6' },
          jsc: {
            target: 'es2023',
            keepClassNames: true,
            parser: { syntax: 'typescript', decorators: true },
            transform: { legacyDecorator: true, decoratorMetadata: true, useDefineForClassFields: false },
          },
        },
      ],
    },
  };
}
