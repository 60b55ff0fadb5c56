import { Turns } from './turns.ts';

describe('turns', () => {
  it('let work go one after the other in the order of asking, also after a failure', async () => {
    const turns = new Turns(10);
    const seen: string[] = [];
    const work = (name: string, fails = false) =>
      turns.take(async () => {
        seen.push(`${name} begins`);
        await Promise.resolve();
        seen.push(`${name} ends`);
        if (fails) throw new Error(name);
        return name;
      });
    const done = await Promise.allSettled([work('a'), work('b', true), work('c')]);
    expect(done.map(({ status }) => status)).toEqual(['fulfilled', 'rejected', 'fulfilled']);
    expect(seen).toEqual(['a begins', 'a ends', 'b begins', 'b ends', 'c begins', 'c ends']);
  });

  it('refuse as busy what is more than may wait, and take more when there is room again', async () => {
    const turns = new Turns(2);
    const { promise: held, resolve: release } = Promise.withResolvers<void>();
    const waiting = [turns.take(() => held), turns.take(() => held)];
    await expect(turns.take(() => held)).rejects.toMatchObject({ problem: { status: 503, code: 'busy' } });
    release();
    await Promise.all(waiting);
    await expect(turns.take(async () => 'room')).resolves.toBe('room');
  });
});
