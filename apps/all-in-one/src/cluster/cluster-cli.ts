import 'reflect-metadata';
import { AnotherInstance } from '@tillstream/event-store/embedded';
import { BrokerUnavailable } from '@tillstream/messaging/broker';
import { SettingsInvalid } from '@tillstream/service-kit';
import { parseArguments } from '../arguments.ts';
import { compareWithNode } from './compare-with-node.ts';
import { runCluster } from './run-cluster.ts';

// Whoever read what we print may be gone, or its disk full; payments go on without a reader.
for (const stream of [process.stdout, process.stderr]) stream.on('error', () => undefined);

const parsed = parseArguments(process.argv.slice(2), 'cluster');
switch (parsed.is) {
  case 'help':
    console.log(parsed.text);
    break;
  case 'wrong':
    console.error([...parsed.problems, 'npm run cluster -- --help explains.'].join('\n'));
    process.exitCode = 2;
    break;
  case 'run':
    try {
      if (parsed.options.compare) process.exitCode = await compareWithNode(parsed.options);
      else await runCluster(parsed.options);
    } catch (error) {
      console.error(explain(error));
      // What was opened is closed by now; whatever still holds the process is not worth waiting for.
      process.exit(1);
    }
}

/** A person gets the sentence; the stack is in the log. */
function explain(error: unknown): string {
  const { message } = error as Error;
  const known = [SettingsInvalid, AnotherInstance, BrokerUnavailable].some((kind) => error instanceof kind);
  return known ? message : `The cluster could not go on: ${message}`;
}
