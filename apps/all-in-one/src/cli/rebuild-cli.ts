import { factVersions } from '@tillstream/domain/facts';
import { PostgresEventStore } from '@tillstream/event-store';
import { rebuildReadModels } from '@tillstream/service-kit';
import { readModels } from '../host/read-models.ts';
import { dataDirOf, openData, runCommand } from './open-data.ts';

const HELP = `npm run rebuild [-- --check] [--data DIR]

Replays the history from position 0 into schema read_next beside the live rows, compares every table at one position, and
swaps. With --check it compares and leaves the live rows alone. Ends with 1 when anything differed.`;

await runCommand(async () => {
  const args = process.argv.slice(2);
  if (args.includes('--help')) {
    console.log(HELP);
    return 0;
  }
  const data = await openData(dataDirOf(args));
  const store = await PostgresEventStore.open({ pool: data.pool, now: Date.now, versions: factVersions });
  try {
    const started = Date.now();
    const outcome = await rebuildReadModels({
      store,
      pool: data.pool,
      models: readModels,
      swap: !args.includes('--check'),
      onProgress: (model, position, head) => {
        if (process.stdout.isTTY) process.stdout.write(`\r\u001b[2K${model} ${position}/${head}`);
      },
    });
    if (process.stdout.isTTY) process.stdout.write('\r\u001b[2K');
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
