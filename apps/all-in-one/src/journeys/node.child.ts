import 'reflect-metadata';
import type { ForeignWorld } from '../demo/foreign-world.ts';
import { openNodeFolder } from '../host/data-folder.ts';
import { openNode } from '../host/node.ts';
import { startServices } from '../host/services.ts';
import { readNodeSettings } from '../host/settings.ts';
import type { ChildAnswer, ChildQuestion, ChildReady, ChildSettings, Numbered } from './child-node.ts';
import { anyPorts } from './journey-options.ts';

/** The node as a process of its own, to be killed. Says in one line where it is reached. */
const { folder, environment, world } = JSON.parse(process.argv[2] ?? '{}') as ChildSettings;
const settings = readNodeSettings({ ...environment });
const node = await openNode(settings, openNodeFolder(folder));
node.platform.lifecycle.stopOnSignals();
const services = await startServices(node, settings, anyPorts, world as ForeignWorld);
await services.ready();
const ready: ChildReady = { terminals: services.terminalAddress, adopted: node.embedded?.adopted ?? false };
process.stdout.write(`${JSON.stringify(ready)}\n`);

process.on('message', ({ n, question }: Numbered) => {
  const say = (answer: ChildAnswer): void => void process.send?.(answer);
  void answerTo(question).then(
    (value) => say({ n, value }),
    (error: Error) => say({ n, problem: error.message }),
  );
});

function answerTo(question: ChildQuestion): Promise<unknown> {
  const { work } = services;
  switch (question.ask) {
    case 'settled':
      return work.settled();
    case 'in-doubt':
      return work.inDoubt();
    case 'day-ended':
      return work.dayEnded(question.date);
    case 'paid-out':
      return work.paidOut(question.date);
    case 'api':
      return question.body === undefined
        ? services.api.get(question.path)
        : services.api.post(question.path, question.body);
    case 'clock': {
      const at = new Date(question.at);
      return node.clock.set({ at, rate: 1, holdAt: at });
    }
  }
}
