import { FAULTS_VARIABLE, lengthOf, SEED_VARIABLE, seedOf } from './length.ts';

const { [FAULTS_VARIABLE]: length, [SEED_VARIABLE]: seed } = process.env;

beforeEach(() => {
  delete process.env[FAULTS_VARIABLE];
  delete process.env[SEED_VARIABLE];
});
afterAll(() => {
  if (length !== undefined) process.env[FAULTS_VARIABLE] = length;
  if (seed !== undefined) process.env[SEED_VARIABLE] = seed;
});

test('a scenario is short unless its full length is asked for', () => {
  expect(lengthOf({ ci: 3, full: 200 })).toBe(3);
  process.env[FAULTS_VARIABLE] = 'full';
  expect(lengthOf({ ci: 3, full: 200 })).toBe(200);
});

test('a failure is run again by its seed', () => {
  expect(seedOf('1')).toBe('1');
  process.env[SEED_VARIABLE] = '77';
  expect(seedOf('1')).toBe('77');
});
