import { parseArgs } from 'node:util';
import { isEventStoreDb, shownAddress } from '@tillstream/event-store';
import { readModels } from '../host/read-models.ts';
import { readNodeSettings } from '../host/settings.ts';
import { moveStore } from '../move/move-store.ts';
import { openData, progress, runCommand } from './open-data.ts';

const HELP = `npm run move-store -- --to ADDRESS [--data DIR]

ADDRESS may also be given by EVENT_STORE_URL, which keeps its password out of the list of processes.

Copies the history of a stopped node from PostgreSQL to an EventStoreDB that holds nothing of ours (esdb://user:password@host:2113?tls=true),
with the same bytes in the same order, compares every record, and puts every group behind the import. Rows, vault and counters stay in
PostgreSQL. Refused while a key is parked or a group has not taken in everything. Killed at any moment, run it again: it goes on.

Afterwards start the node with EVENT_STORE_URL=ADDRESS. The old facts stay where they are, and no node opens them any more.`;

await runCommand(async () => {
  const { values } = parseArgs({
    args: process.argv.slice(2),
    options: { to: { type: 'string' }, data: { type: 'string' }, help: { type: 'boolean', short: 'h' } },
  });
  const to = values.to ?? readNodeSettings(process.env).eventStore?.reveal();
  if (values.help === true || to === undefined) {
    console.log(HELP);
    return values.help === true ? 0 : 2;
  }
  if (!isEventStoreDb(to)) throw new Error('--to: give esdb://… or esdb+discover://…');
  const data = await openData(values.data);
  try {
    await data.alone();
    const started = Date.now();
    const report = await moveStore({ pool: data.pool, to, models: readModels, onProgress: progress });
    progress('');
    const seconds = ((Date.now() - started) / 1000).toFixed(1);
    console.log(`moved    ${report.facts} facts of store ${report.from} to store ${report.to} in ${seconds} s`);
    if (report.found > 0n) console.log(`found    ${report.found} of them there from an earlier try`);
    console.log(`checked  every record is the same bytes in the same order, and every leaf hash verifies`);
    console.log(`groups   ${report.groups} go on behind the import; ${report.tables} tables were filled anew`);
    console.log(`next     start the node with EVENT_STORE_URL, the address of ${shownAddress(to)}`);
    return 0;
  } finally {
    await data.close();
  }
});
