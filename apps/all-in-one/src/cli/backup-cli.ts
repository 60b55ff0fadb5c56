import { parseArgs } from 'node:util';
import { writeBackup } from '../backup/write-backup.ts';
import { masterKeyFile, openNodeFolder, storedMasterKey } from '../host/data-folder.ts';
import { readNodeSettings } from '../host/settings.ts';
import { openData, progress, refuseForEventStoreDb, runCommand } from './open-data.ts';

const HELP = `npm run backup -- --to FOLDER [--data DIR]

Writes a backup beside the running node, or of a stopped one: every fact up to now with its bytes and hashes, the vault as it is
encrypted, counters, business clock, and where each group stands. A FOLDER that is not there becomes the backup; in one that is there a folder
named by time and head is made. A backup that was killed leaves nothing that a restore would take.

The master key is in no backup: keep keys/master.key of the data folder, or TILLSTREAM_MASTER_KEY, apart from it.`;

await runCommand(async () => {
  const { values } = parseArgs({
    args: process.argv.slice(2),
    options: { to: { type: 'string' }, data: { type: 'string' }, help: { type: 'boolean', short: 'h' } },
  });
  if (values.help === true || values.to === undefined) {
    console.log(HELP);
    return values.help === true ? 0 : 2;
  }
  refuseForEventStoreDb('a backup');
  const folder = openNodeFolder(values.data);
  const { masterKey } = readNodeSettings(process.env);
  const master = masterKey ? Buffer.from(masterKey.reveal(), 'hex') : storedMasterKey(folder);
  if (master === undefined)
    throw new Error(
      `${masterKeyFile(folder)} is not there and TILLSTREAM_MASTER_KEY is not set; is this the data folder of a node?`,
    );
  const data = await openData(values.data);
  try {
    const started = Date.now();
    const { folder: made, manifest } = await writeBackup({
      ...{ pool: data.pool, to: values.to, master, now: started },
      onProgress: (done, head) => progress(`${done}/${head} facts`),
    });
    progress('');
    const mb = manifest.parts.reduce((sum, { bytes }) => sum + bytes, 0) / 1_000_000;
    const rows = manifest.parts.reduce((sum, part) => sum + (part.holds === 'facts' ? 0 : part.rows), 0);
    const seconds = ((Date.now() - started) / 1000).toFixed(1);
    console.log(`backup  ${made}`);
    console.log(
      `holds   ${manifest.head} facts of store ${manifest.store}, ${rows} rows of vault and state; ${mb.toFixed(1)} MB in ${seconds} s`,
    );
    console.log(`last    ${manifest.lastAt ?? 'no fact yet'}`);
    console.log(`needs   the master key of this node, which is not in it`);
    return 0;
  } finally {
    await data.close();
  }
});
