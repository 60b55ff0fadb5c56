import type { Socket } from 'node:net';

/** Makes two sockets share one end: when either closes or fails, so does the other. They are in `open` as long as they live. */
export function couple(near: Socket, far: Socket, open: Set<Socket>): void {
  for (const [one, other] of [
    [near, far],
    [far, near],
  ] as const) {
    open.add(one);
    one.setNoDelay(true);
    one.on('error', () => one.destroy());
    one.on('close', () => {
      open.delete(one);
      other.destroy();
    });
  }
}
