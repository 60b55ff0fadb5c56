import { spawnSync } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { CRASH_VARIABLE, crashPoint, readCrashPoints } from './crash-point.ts';

const child = fileURLToPath(new URL('./crash-point.child.ts', import.meta.url));

function run(failAt?: string) {
  const env = { PATH: process.env['PATH'], ...(failAt === undefined ? {} : { [CRASH_VARIABLE]: failAt }) };
  return spawnSync(process.execPath, ['--conditions=@tillstream/source', child], { env, encoding: 'utf8' });
}

test('a process is killed at the passing that was asked for, and not one statement later', () => {
  const { signal, stdout } = run('payment-claimed:3');
  expect(signal).toBe('SIGKILL');
  expect(stdout).toBe('1\n2\n');
});

test('of several armed points the first that is reached kills', () => {
  expect(run('payment-claimed:4, payment-intent-stored:2').stdout).toBe('1\n');
});

test('nothing happens at a point that is not armed', () => {
  const { status, stdout } = run('store-before-commit:1');
  expect(status).toBe(0);
  expect(stdout).toBe('1\n2\n3\n4\n5\n');
  expect(run().status).toBe(0);
  crashPoint('store-before-commit');
});

test('a name or a count that is wrong is said at once, with what would be right', () => {
  expect(readCrashPoints('')).toBeUndefined();
  expect(() => readCrashPoints('payment-claimd:1')).toThrow(
    /'payment-claimd' is no crash point; give one of .*payment-claimed/,
  );
  expect(() => readCrashPoints('payment-claimed')).toThrow(/give payment-claimed:1/);
  expect(() => readCrashPoints('payment-claimed:0')).toThrow(/no count/);
});
