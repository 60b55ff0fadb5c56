import { parseArgs } from 'node:util';
import { verifyEventStore } from '@tillstream/event-store';
import { compareWithBackup } from '../backup/compare-backup.ts';
import { readManifest } from '../backup/manifest.ts';
import { openData, openFacts, progress, refuseForEventStoreDb, runCommand, type OpenData } from './open-data.ts';

const HELP = `npm run verify [-- --against BACKUP] [--data DIR]

Reads the whole event store again: positions and revisions without gaps, one key per stream, every record's leaf hash.
Names the first bad position and ends with 1; ends with 0 when everything is as it was appended.

What somebody with all rights cuts off together with the head, or writes anew with its hashes, only something kept elsewhere can
tell: with --against every fact of a backup must still stand where it stood.`;

await runCommand(async () => {
  const { values } = parseArgs({
    args: process.argv.slice(2),
    options: { against: { type: 'string' }, data: { type: 'string' }, help: { type: 'boolean', short: 'h' } },
  });
  if (values.help === true) {
    console.log(HELP);
    return 0;
  }
  if (values.against !== undefined) refuseForEventStoreDb('a backup');
  const data = await openData(values.data);
  try {
    const good = (await verified(data)) && (values.against === undefined || (await compared(data, values.against)));
    return good ? 0 : 1;
  } finally {
    await data.close();
  }
});

async function verified(data: OpenData): Promise<boolean> {
  const started = Date.now();
  const store = await openFacts(data);
  const found = await verifyEventStore(store, data.pool, (done, head) => progress(`${done}/${head}`)).finally(() =>
    store.close(),
  );
  const seconds = ((Date.now() - started) / 1000).toFixed(1);
  progress('');
  if (found.firstBad) {
    const { position, why } = found.firstBad;
    console.log(`BAD at position ${position}: ${why} (${found.facts} facts before it are good)`);
    return false;
  }
  console.log(`${found.facts} facts up to position ${found.head} verify in ${seconds} s`);
  return true;
}

async function compared(data: OpenData, folder: string): Promise<boolean> {
  const manifest = readManifest(folder);
  const deviation = await compareWithBackup(data.pool, folder, manifest);
  if (deviation) {
    console.log(`BAD at position ${deviation.position}: ${deviation.why}`);
    return false;
  }
  console.log(`all ${manifest.head} facts of the backup of ${manifest.madeAt} stand where they stood`);
  return true;
}
