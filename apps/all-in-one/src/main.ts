import 'reflect-metadata';
import { AnotherInstance } from '@tillstream/event-store/embedded';
import { SettingsInvalid } from '@tillstream/service-kit';
import { parseArguments } from './arguments.ts';
import { run } from './run.ts';

// Whoever read what we print may be gone, or its disk full; payments go on without a reader.
for (const stream of [process.stdout, process.stderr]) stream.on('error', () => undefined);

const parsed = parseArguments(process.argv.slice(2));
switch (parsed.is) {
  case 'help':
    console.log(parsed.text);
    break;
  case 'wrong':
    console.error([...parsed.problems, 'npm start -- --help explains.'].join('\n'));
    process.exitCode = 2;
    break;
  case 'run':
    try {
      await run(parsed.options);
    } catch (error) {
      console.error(explain(error));
      // What was opened is closed by now; whatever still holds the process is not worth waiting for.
      process.exit(1);
    }
}

/** A person gets the sentence; the stack is in the log. */
function explain(error: unknown): string {
  if (error instanceof SettingsInvalid || error instanceof AnotherInstance) return error.message;
  return `Tillstream could not go on: ${(error as Error).message}`;
}
