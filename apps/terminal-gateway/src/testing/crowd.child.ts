import { connect } from 'node:net';
import { performance } from 'node:perf_hooks';
import type { CrowdOrder, CrowdReport } from './crowd.ts';

/** A terminal gives up an answer after this long, and its host after that many connections. */
const ANSWER_MS = 20_000;
const MOST_TRIES = 8;
const RECONNECT_MS = 500;
const REPORT_MS = 50;
/** The system looks longer and longer for a free port of one address: beyond a few thousand the storm would be its own brake. */
const PER_ADDRESS = 1_000;
/** As the first two bytes of a frame this is a length that a few more of it never fill. */
const TRICKLED = Buffer.of(1);

const order = JSON.parse(process.argv[2] as string) as CrowdOrder;
const frame = order.frame === undefined ? undefined : Buffer.from(order.frame, 'base64');
const seen = { standing: 0, answered: 0, closed: 0, reconnected: 0, givenUp: 0, shortestMs: Infinity, trouble: '' };
let replies: string[] = [];
let begun = 0;
let unfinished = 0;

/** Opens what may be opened: what is connecting, or waits for its answer, never exceeds what the listener's queue takes. */
function fill(): void {
  while (begun < order.count && unfinished < order.atOnce) {
    begun += 1;
    unfinished += 1;
    open(begun - 1, 1);
  }
}

function settle(): void {
  unfinished -= 1;
  fill();
}

function open(n: number, tries: number): void {
  const localAddress = `127.0.${1 + Math.floor(n / PER_ADDRESS)}.1`;
  const socket = connect({ host: '127.0.0.1', port: order.port, localAddress });
  let stoodAt = 0;
  let hasSettled = false;
  let trickle: NodeJS.Timeout | undefined;
  const done = (): void => {
    hasSettled = true;
    socket.setTimeout(0);
    settle();
  };
  socket.setTimeout(ANSWER_MS, () => socket.destroy(new Error('no answer in time')));
  socket.once('connect', () => {
    stoodAt = performance.now();
    seen.standing += 1;
    if (frame !== undefined) return void socket.write(frame);
    done();
    if (order.trickleMs !== undefined && n % 2 === 0) {
      socket.write(TRICKLED);
      trickle = setInterval(() => socket.write(TRICKLED), order.trickleMs);
    }
  });
  socket.once('data', (answer: Buffer) => {
    if (frame === undefined) return;
    seen.answered += 1;
    replies.push(answer.toString('base64'));
    done();
  });
  socket.on('error', ({ message }) => (seen.trouble = message));
  socket.once('close', () => {
    clearInterval(trickle);
    if (stoodAt > 0) seen.standing -= 1;
    if (hasSettled) {
      seen.closed += 1;
      seen.shortestMs = Math.min(seen.shortestMs, performance.now() - stoodAt);
    } else if (tries < MOST_TRIES) {
      seen.reconnected += 1;
      setTimeout(() => open(n, tries + 1), RECONNECT_MS);
    } else {
      seen.givenUp += 1;
      settle();
    }
  });
}

setInterval(() => {
  process.send?.({ ...seen, shortestMs: Math.floor(Math.min(seen.shortestMs, 1e9)), replies } satisfies CrowdReport);
  replies = [];
}, REPORT_MS);
process.once('disconnect', () => process.exit());
fill();
