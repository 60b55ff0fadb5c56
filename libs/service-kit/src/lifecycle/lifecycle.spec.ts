import { Lifecycle, stopOrder } from './lifecycle.ts';

const signals = () => {
  const listeners = new Map<string, () => void>();
  const exits: number[] = [];
  let exited: () => void = () => undefined;
  const ended = new Promise<void>((resolve) => (exited = resolve));
  return {
    exits,
    ended,
    send: (signal: string) => listeners.get(signal)?.(),
    source: {
      on: (signal: string, listener: () => void) => listeners.set(signal, listener),
      exit: (code: number) => {
        exits.push(code);
        exited();
      },
    },
  };
};

it('stops in order, each order only after the one before, and once', async () => {
  const lifecycle = new Lifecycle();
  const stopped: string[] = [];
  lifecycle.onStop('pool', stopOrder.database, () => void stopped.push('pool'));
  lifecycle.onStop('feeds', stopOrder.feeds, async () => void stopped.push('feeds'));
  lifecycle.onStop('port', stopOrder.intake, async () => {
    await Promise.resolve();
    stopped.push('port');
  });
  await Promise.all([lifecycle.stop('end'), lifecycle.stop('again')]);
  expect(stopped).toEqual(['port', 'feeds', 'pool']);
  expect(() => lifecycle.onStop('late', 1, () => undefined)).toThrow('the stop has begun');
});

it('goes on when a step fails or hangs, and says which', async () => {
  const lifecycle = new Lifecycle({ deadlineMs: 1 });
  let reached = false;
  lifecycle.onStop('fails', 1, () => Promise.reject(new Error('no')));
  lifecycle.onStop('hangs', 2, () => new Promise(() => undefined));
  lifecycle.onStop('last', 3, () => void (reached = true));
  const { failed } = await lifecycle.stop('end');
  expect(failed).toEqual([
    { name: 'fails', why: 'no' },
    { name: 'hangs', why: 'did not end within 1 ms' },
  ]);
  expect(reached).toBe(true);
});

it('ends with 0 after the first signal once everything has stopped', async () => {
  const lifecycle = new Lifecycle();
  const { source, send, exits, ended } = signals();
  lifecycle.stopOnSignals(source);
  send('SIGTERM');
  await ended;
  expect(exits).toEqual([0]);
});

it('ends at once at the second signal', () => {
  const lifecycle = new Lifecycle();
  lifecycle.onStop('hangs', 1, () => new Promise(() => undefined), 5);
  const { source, send, exits } = signals();
  lifecycle.stopOnSignals(source);
  send('SIGINT');
  send('SIGINT');
  expect(exits).toEqual([130]);
});
