import { deadLetters } from '@tillstream/messaging';
import { dataDirOf, openData, runCommand } from './open-data.ts';

const HELP = `npm run dead-letters -- list [GROUP] | show GROUP KEY | replay GROUP KEY   [--data DIR]

Lists the keys that are parked because one of their facts kept failing, shows why and since which position, and replays a
key's facts in order once the cause is mended. A running node replays it; without one it is asked for at the next start.`;

await runCommand(async () => {
  const args = process.argv.slice(2).filter((arg, at, all) => arg !== '--data' && all[at - 1] !== '--data');
  const [verb, group, key] = args;
  if (verb === undefined || verb === '--help' || (verb !== 'list' && (group === undefined || key === undefined))) {
    console.log(HELP);
    return verb === '--help' ? 0 : 2;
  }
  const data = await openData(dataDirOf(process.argv));
  const letters = deadLetters(data.pool);
  try {
    switch (verb) {
      case 'list': {
        const parked = await letters.list(group);
        console.log(parked.length === 0 ? 'no key is parked' : printable(parked));
        return 0;
      }
      case 'show':
        console.log(printable(await letters.show(group as string, key as string)));
        return 0;
      case 'replay': {
        const outcome = await letters.replay(group as string, key as string);
        console.log(printable(outcome));
        return outcome.kind === 'failed' ? 1 : 0;
      }
      default:
        console.log(HELP);
        return 2;
    }
  } finally {
    await data.close();
  }
});

const printable = (value: unknown): string =>
  JSON.stringify(value, (_name, part: unknown) => (typeof part === 'bigint' ? String(part) : part), 2);
