import { verifyStore } from '@tillstream/event-store';
import { dataDirOf, openData, runCommand } from './open-data.ts';

const HELP = `npm run verify [-- --data DIR]

Reads the whole event store again: positions and revisions without gaps, one key per stream, every record's leaf hash.
Names the first bad position and ends with 1; ends with 0 when everything is as it was appended.`;

await runCommand(async () => {
  const args = process.argv.slice(2);
  if (args.includes('--help')) {
    console.log(HELP);
    return 0;
  }
  const data = await openData(dataDirOf(args));
  try {
    const started = Date.now();
    const found = await verifyStore(data.pool, (done, head) => {
      if (process.stdout.isTTY) process.stdout.write(`\r${done}/${head}`);
    });
    const seconds = ((Date.now() - started) / 1000).toFixed(1);
    if (process.stdout.isTTY) process.stdout.write('\r');
    if (found.firstBad) {
      console.log(
        `BAD at position ${found.firstBad.position}: ${found.firstBad.why} (${found.facts} facts before it are good)`,
      );
      return 1;
    }
    console.log(`${found.facts} facts up to position ${found.head} verify in ${seconds} s`);
    return 0;
  } finally {
    await data.close();
  }
});
