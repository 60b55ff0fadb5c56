import { observedCommands } from './observed-commands.ts';

describe('a watched sender of commands', () => {
  it.each([true, false])('says as its driver does whether commands may be handed over again (%s)', (mayRepeat) => {
    const request = () => Promise.resolve({ kind: 'unknown' as const });
    expect(observedCommands({ request, inFlight: () => 3, mayRepeat })).toMatchObject({ mayRepeat });
  });
});
