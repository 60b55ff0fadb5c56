/** `npm test`: format, lint, import rules, types and every spec; prints the totals on its last line. */
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { demandNode24, runStep } from './run-step.mjs';

demandNode24();
const node = process.execPath;
const bin = (path) => join('node_modules', path);
const scratch = mkdtempSync(join(tmpdir(), 'tillstream-check-'));
const jestReport = join(scratch, 'jest.json');

const statics = [
  ['format', node, [bin('prettier/bin/prettier.cjs'), '--check', '--log-level', 'warn', '.']],
  // The project graph that lint needs is made by the step before it.
  ['types', node, [bin('nx/dist/bin/nx.js'), 'run-many', '-t', 'typecheck', '--output-style=static']],
  ['lint', node, [bin('eslint/bin/eslint.js'), '.', '--max-warnings', '0']],
  [
    'imports',
    node,
    [
      bin('dependency-cruiser/bin/dependency-cruiser.mjs'),
      'apps',
      'libs',
      '--config',
      '.dependency-cruiser.mjs',
      '--output-type',
      'err',
    ],
  ],
];

let failedSteps = 0;
let passedSteps = 0;
const report = ({ code, seconds, output }, name) => {
  console.log(`${code === 0 ? 'ok  ' : 'FAIL'} ${name} (${seconds.toFixed(1)} s)`);
  if (code === 0) passedSteps++;
  else {
    failedSteps++;
    console.log(output);
  }
};

const checkStatics = async () => {
  for (const [name, command, args] of statics) report(await runStep(command, args, { quiet: true }), name);
};
await checkStatics();

const specs = await runStep(
  node,
  [
    '--experimental-vm-modules',
    '--no-warnings=ExperimentalWarning',
    bin('jest/bin/jest.js'),
    '--json',
    `--outputFile=${jestReport}`,
    ...process.argv.slice(2),
  ],
  {},
);
let counted = { numPassedTests: 0, numFailedTests: 0, numPendingTests: 0, numRuntimeErrorTestSuites: 0 };
try {
  counted = JSON.parse(readFileSync(jestReport, 'utf8'));
} catch {
  console.log('jest gave no report');
}
rmSync(scratch, { recursive: true, force: true });

const failed = failedSteps + counted.numFailedTests + counted.numRuntimeErrorTestSuites;
const passed = passedSteps + counted.numPassedTests;
const skipped = counted.numPendingTests > 0 ? `, ${counted.numPendingTests} skipped` : '';
const broken = failed > 0 || specs.code !== 0 || counted.numPassedTests === 0;
console.log(`\n${passed} passed, ${broken && failed === 0 ? 1 : failed} failed${skipped}`);
process.exit(broken ? 1 : 0);
