import { setTimeout as pause } from 'node:timers/promises';
import { migrateVault, platformSecrets, rotateCardKey, SETTLE_MS, systemMachineClock } from '@tillstream/service-kit';
import { openNodeFolder } from '../host/data-folder.ts';
import { masterOf } from '../host/node.ts';
import { readNodeSettings } from '../host/settings.ts';
import { dataDirOf, openData, runCommand } from './open-data.ts';

const HELP = `npm run rotate-data-key [-- --data DIR]

Encrypts every card number of the vault under a new data key, beside a running node or by itself, and destroys the keys before it.
Payments go on; tokens and fingerprints stay. A rotation that was cut off is brought to its end first, without another key.`;

await runCommand(async () => {
  const args = process.argv.slice(2);
  if (args.includes('--help')) {
    console.log(HELP);
    return 0;
  }
  const data = await openData(dataDirOf(args));
  try {
    await migrateVault(data.pool);
    const master = masterOf(readNodeSettings(process.env), openNodeFolder(dataDirOf(args)));
    const { cardKeys: keys, vaultCipher: cipher, vault } = platformSecrets(master, data.pool, systemMachineClock);
    console.log(`Waiting ${SETTLE_MS / 1000} s and more until every process can read the new key ...`);
    const outcome = await rotateCardKey({
      ...{ keys, cipher, cards: vault.cards, pause },
      onProgress: (rows) => {
        if (process.stdout.isTTY) process.stdout.write(`\r\u001b[2K${rows} rows`);
      },
    });
    if (process.stdout.isTTY) process.stdout.write('\r\u001b[2K');
    const { version, madeNew, rows, destroyed } = outcome;
    console.log(
      `Every card row is under data key ${version}${madeNew ? '' : ' (a rotation that was cut off has ended)'}.`,
    );
    console.log(`${rows} rows written anew, ${destroyed} older keys destroyed.`);
    return 0;
  } finally {
    await data.close();
  }
});
