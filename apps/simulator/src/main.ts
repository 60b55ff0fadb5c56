import type { FromSimulator, ToSimulator } from './protocol.ts';
import { Simulation } from './simulation.ts';

let simulation: Simulation | undefined;
let stopping = false;

function say(message: FromSimulator): void {
  if (process.connected) process.send?.(message);
}

async function stop(exitCode: number): Promise<void> {
  if (stopping) return;
  stopping = true;
  try {
    await simulation?.close();
  } finally {
    if (process.connected) process.disconnect();
    process.exit(exitCode);
  }
}

function started(): Simulation {
  if (simulation === undefined) throw new Error('nothing runs yet; expected a start message first');
  return simulation;
}

async function take(message: ToSimulator): Promise<void> {
  switch (message.type) {
    case 'start':
      if (simulation !== undefined) throw new Error('started already; expected one start message');
      simulation = new Simulation(message);
      say(await simulation.open());
      return;
    case 'fleet':
      await started().useFleet(message.terminals, message.gateway);
      return;
    case 'clock':
      started().clock.set(message);
      return;
    case 'trade-day': {
      const { date } = message;
      const report = await started().tradeDay(message, (progress) => say({ type: 'progress', date, progress }));
      if (!stopping) say({ type: 'day-done', report });
      return;
    }
    case 'end-clearing':
      say(started().endClearing(message));
      return;
    case 'stop':
      await stop(0);
      return;
    default:
      throw new Error('a message of no known type');
  }
}

if (process.send === undefined) {
  process.stderr.write(
    'This is the child of the node. Alone, use: npm run fleet -- --help, npm run terminal -- --help\n',
  );
  process.exit(2);
}
/** Start and fleet take their time; what comes after them waits, so that a day never begins before its terminals are there. */
let prepared: Promise<void> = Promise.resolve();

process.on('message', (message: ToSimulator) => {
  const failed = (error: unknown): void =>
    say({ type: 'failed', during: message.type, problem: error instanceof Error ? error.message : 'unknown' });
  const taken = prepared.then(() => take(message)).catch(failed);
  if (message.type === 'start' || message.type === 'fleet') prepared = taken;
});
// Without its parent nobody would ever stop it.
process.on('disconnect', () => void stop(0));
// Ctrl-C reaches the whole group; the parent drains first and then says stop.
process.on('SIGINT', () => undefined);
process.on('SIGTERM', () => void stop(0));
