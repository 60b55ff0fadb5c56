import { lengthOf } from '@tillstream/event-store/testing';
import { kafkaForSpecs } from '@tillstream/messaging/testing';

/**
 * The journeys of the single node, unchanged, on a cluster with an instance of each service. An ordinary run takes a few; `npm run faults --
 * --cluster` takes all that look at the product from outside. The others stop, kill or copy the one process or its folder.
 */
const journeys = lengthOf({
  ci: ['worked-day', 'doubt', 'repeats'],
  full: [
    ...['clearing', 'debt-and-weekend', 'doubt', 'doubt-by-file', 'injection', 'keys', 'night', 'offline'],
    ...['page-client', 'pre-auth', 'repeats', 'restore', 'rows', 'worked-day'],
  ],
});

process.env['TILLSTREAM_JOURNEY_ON'] = 'cluster';
if ((await kafkaForSpecs()) === undefined)
  it.skip('no broker can be had, so no journey runs on the cluster', () => undefined);
else for (const name of journeys) await import(`./${name}.journey.spec.ts`);
