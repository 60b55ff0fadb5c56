/**
 * `npm run faults [-- --cluster] [numbers...]`: the fault scenarios at full length, one after another, those of the single node or of the
 * cluster; the last lines are a summary.
 */
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { scenarios } from './fault-scenarios.mjs';
import { demandNode24, runStep } from './run-step.mjs';

demandNode24();
const given = process.argv.slice(2);
const onCluster = given.includes('--cluster');
const rows = scenarios.filter(({ cluster = false }) => cluster === onCluster);
const wanted = given.filter((word) => word !== '--cluster').map(Number);
const has = (row, number) => [row.number].flat().includes(number);
const unknown = wanted.filter((number) => !rows.some((row) => has(row, number)));
if (unknown.length > 0) {
  const known = [...new Set(rows.flatMap(({ number }) => number))].sort((a, b) => a - b).join(' ');
  console.error(`no scenario ${given.join(' ')}; there are ${known}`);
  process.exit(2);
}

const full = { TILLSTREAM_FAULTS: 'full', ...(onCluster ? { TILLSTREAM_KAFKA_REQUIRED: '1' } : {}) };
const jest = ['--experimental-vm-modules', '--no-warnings=ExperimentalWarning', 'node_modules/jest/bin/jest.js'];

/** Runs the row's specs; gives the counts of jest's own report. */
async function runSpecs(patterns, only) {
  const scratch = mkdtempSync(join(tmpdir(), 'tillstream-faults-'));
  const report = join(scratch, 'jest.json');
  const args = [...jest, '--maxWorkers=1', '--json', `--outputFile=${report}`, ...patterns];
  if (only !== undefined) args.push('--testNamePattern', only);
  const { code, seconds, output } = await runStep(process.execPath, args, { quiet: true, env: full });
  let counted = { numPassedTests: 0, numFailedTests: 0, numRuntimeErrorTestSuites: 0 };
  try {
    counted = JSON.parse(readFileSync(report, 'utf8'));
  } catch {
    console.log('jest gave no report');
  }
  rmSync(scratch, { recursive: true, force: true });
  const { numPassedTests: passed } = counted;
  const failed = counted.numFailedTests + counted.numRuntimeErrorTestSuites;
  // A run that tested nothing has shown nothing.
  return { passed, failed: failed === 0 && (code !== 0 || passed === 0) ? 1 : failed, seconds, output };
}

async function runScript([name, ...args]) {
  const npm = process.env.npm_execpath;
  const [command, first] = npm === undefined ? ['npm', []] : [process.execPath, [npm]];
  const { code, seconds, output } = await runStep(command, [...first, 'run', name, '--', ...args], {
    quiet: true,
    env: full,
  });
  return { passed: code === 0 ? 1 : 0, failed: code === 0 ? 0 : 1, seconds, output };
}

const results = [];
const chosen = wanted.length === 0 ? rows : rows.filter((row) => wanted.some((number) => has(row, number)));
for (const [n, { number, title, specs = [], only, scripts = [] }] of chosen.entries()) {
  console.log(`[${n + 1}/${chosen.length}] scenario ${[number].flat().join(', ')}: ${title} …`);
  const runs = specs.length > 0 ? [await runSpecs(specs, only)] : [];
  for (const script of scripts) runs.push(await runScript(script));
  const sum = (of) => runs.reduce((total, run) => total + run[of], 0);
  const seeds = new Set(runs.flatMap(({ output }) => [...output.matchAll(/\bseed:? (\S+)/gi)].map(([, seed]) => seed)));
  const result = { number, title, passed: sum('passed'), failed: sum('failed'), seconds: sum('seconds'), seeds };
  results.push(result);
  // What a spec measured; the last line of each is the whole.
  for (const { output } of runs) {
    const measured = [...output.matchAll(/^figures: .*$/gm)].at(-1);
    if (measured !== undefined) console.log(measured[0]);
  }
  if (result.failed > 0) console.log(runs.map(({ output }) => output).join('\n'));
  console.log(lineOf(result));
}

function lineOf({ number, title, passed, failed, seconds, seeds }) {
  const verdict = failed === 0 ? 'ok  ' : 'FAIL';
  const seed = seeds.size > 0 ? `, seed ${[...seeds].join(' ')}` : '';
  return `${verdict} ${[number].flat().join(' ').padStart(2)} ${title}: ${passed} passed, ${failed} failed, ${seconds.toFixed(1)} s${seed}`;
}

console.log(`\n${results.map(lineOf).join('\n')}`);
const failed = results.reduce((total, result) => total + result.failed, 0);
const passed = results.reduce((total, result) => total + result.passed, 0);
console.log(`\n${passed} passed, ${failed} failed`);
process.exit(failed > 0 ? 1 : 0);
