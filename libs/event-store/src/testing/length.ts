/** Variable that asks for the full length of a fault scenario: `full`. */
export const FAULTS_VARIABLE = 'TILLSTREAM_FAULTS';

/**
 * How long a spec goes on, how many rounds, inputs, seconds: `ci` in every ordinary run, `full` under `npm run faults`
 * (TILLSTREAM_FAULTS=full). Give deadlines by it too.
 */
export function lengthOf<T>({ ci, full }: { readonly ci: T; readonly full: T }): T {
  return process.env[FAULTS_VARIABLE] === 'full' ? full : ci;
}

/** Variable that asks for one seed again, as a failure printed it. */
export const SEED_VARIABLE = 'TILLSTREAM_SEED';

/**
 * The seed of a spec's random choices: TILLSTREAM_SEED when set, else the one given. Prints it in full runs, where the runner looks for
 * it; say it in every failure besides.
 */
export function seedOf(usual: string): string {
  const seed = process.env[SEED_VARIABLE] ?? usual;
  if (process.env[FAULTS_VARIABLE] === 'full') process.stdout.write(`seed ${seed}\n`);
  return seed;
}
