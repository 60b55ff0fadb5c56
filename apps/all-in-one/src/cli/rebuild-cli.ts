import { rebuildReadModels, rollBackReadModels } from '@tillstream/service-kit';
import { readModels } from '../host/read-models.ts';
import { dataDirOf, openData, openFacts, progress, runCommand } from './open-data.ts';

const HELP = `npm run rebuild [-- --check | --roll-back] [--data DIR]

Replays the history from position 0 into schema read_next beside the live rows, compares every table at one position, and
swaps. With --check it compares and leaves the live rows alone. With --roll-back the rows from before the last swap are
brought up to date, compared and swapped in again. Ends with 1 when anything differed.`;

await runCommand(async () => {
  const args = process.argv.slice(2);
  if (args.includes('--help')) {
    console.log(HELP);
    return 0;
  }
  const data = await openData(dataDirOf(args));
  const store = await openFacts(data);
  try {
    const started = Date.now();
    const parts = {
      ...{ store, pool: data.pool, models: readModels },
      onProgress: (model: string, position: bigint, head: bigint) => progress(`${model} ${position}/${head}`),
    };
    const outcome = args.includes('--roll-back')
      ? await rollBackReadModels(parts)
      : await rebuildReadModels({ ...parts, swap: !args.includes('--check') });
    progress('');
    for (const { table, rows, equal } of outcome.tables) {
      console.log(`${equal ? 'equal    ' : 'DIFFERENT'}  ${table}  ${rows.toLocaleString('en-US')} rows`);
    }
    const seconds = ((Date.now() - started) / 1000).toFixed(1);
    const verdict = outcome.equal ? 'the live rows were right' : 'the live rows were wrong';
    console.log(`${outcome.facts} facts replayed in ${seconds} s; ${verdict}${outcome.swapped ? '; swapped' : ''}`);
    return outcome.equal ? 0 : 1;
  } finally {
    await store.close();
    await data.close();
  }
});
