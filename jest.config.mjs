/** Every project's specs in one run; one project alone runs with its own jest.config.mjs. */
export default {
  projects: ['<rootDir>/libs/*', '<rootDir>/apps/*', '<rootDir>/deploy'],
  maxWorkers: 2,
  testTimeout: 30_000,
  workerIdleMemoryLimit: '900MB',
};
