import { resolve } from 'node:path';
import { parseArgs } from 'node:util';
import { restoreNode, type RestoreReport } from '../backup/restore-node.ts';
import { readManifest } from '../backup/manifest.ts';
import { readTarget } from '../backup/check-backup.ts';
import { checkMasterKey } from '../backup/restore-backup.ts';
import { masterKeyFile, openNodeFolder, storedMasterKey } from '../host/data-folder.ts';
import { readNodeSettings } from '../host/settings.ts';
import { openData, progress, refuseForEventStoreDb, runCommand } from './open-data.ts';

const HELP = `npm run restore -- --from BACKUP [--to POSITION|TIME] [--data DIR]

Puts a backup into an empty data folder (or the empty database of DATABASE_URL), whole or up to a position or time: "2026-11-23 14:30:00"
is Shanghai time. Every leaf hash is checked before anything is written; then the rows are filled from the history and the
invariants checked. Killed at any moment it leaves the database empty or restored.

It needs the master key of the node that the backup was made of: TILLSTREAM_MASTER_KEY, or its keys/master.key copied into keys of the
new data folder. apps/all-in-one/README.md says what an earlier point in time means for payments that came after it.`;

await runCommand(async () => {
  const { values } = parseArgs({
    args: process.argv.slice(2),
    options: {
      from: { type: 'string' },
      to: { type: 'string' },
      data: { type: 'string' },
      help: { type: 'boolean', short: 'h' },
    },
  });
  if (values.help === true || values.from === undefined) {
    console.log(HELP);
    return values.help === true ? 0 : 2;
  }
  refuseForEventStoreDb('a backup');
  const from = resolve(values.from);
  const manifest = readManifest(from);
  const target = readTarget(values.to);
  const folder = openNodeFolder(values.data);
  const { masterKey } = readNodeSettings(process.env);
  const master = masterKey ? Buffer.from(masterKey.reveal(), 'hex') : storedMasterKey(folder);
  if (master === undefined)
    throw new Error(
      `the backup is of use only with the master key of its node: set TILLSTREAM_MASTER_KEY, or copy its keys/master.key to ${masterKeyFile(folder)}`,
    );
  checkMasterKey(manifest, master);
  const data = await openData(values.data);
  try {
    await data.alone();
    const started = Date.now();
    const report = await restoreNode({ pool: data.pool, from, manifest, target, onProgress: progress });
    progress('');
    say(report, (Date.now() - started) / 1000);
    return report.invariants?.breaches.length === 0 && report.badPosition === undefined ? 0 : 1;
  } finally {
    await data.close();
  }
});

function say(report: RestoreReport, seconds: number): void {
  const { upTo, head, lastAt, store, rows, filled, invariants, badPosition, clockAt } = report;
  const breaches = invariants?.breaches ?? [];
  console.log(
    `restored    ${upTo} facts of store ${store} in ${seconds.toFixed(1)} s; the last is of ${lastAt ?? 'no time'}`,
  );
  if (upTo < head)
    console.log(
      `left out    ${head - upTo} facts after it: what terminals, network and bank did then is not in these books (README, "An earlier point")`,
    );
  console.log(
    `vault       ${Object.entries(rows)
      .map(([table, count]) => `${table} ${count}`)
      .join(', ')}`,
  );
  console.log(`store       ${badPosition ?? 'every position, revision, key and leaf hash verifies'}`);
  for (const { model, upTo: at, stopped } of filled)
    if (stopped !== undefined) console.log(`rows        ${model} stopped at position ${at}: ${stopped}`);
  console.log(`rows        ${filled.length} read models filled from the history`);
  if (invariants === undefined) console.log('invariants  nothing to check: no fact yet');
  else if (breaches.length === 0)
    console.log(
      `invariants  hold at position ${invariants.position.position}; ${invariants.pending} facts wait for the ledger, which goes on at the next start`,
    );
  else for (const { invariant, rule, detail } of breaches) console.log(`BROKEN      ${invariant} ${rule}: ${detail}`);
  console.log(`clock       stands at ${clockAt} or later; numbers go on beyond every number given before`);
  console.log('persons     no fact of this version erases one, so there is no erasure to do again');
}
