import { randomBytes } from 'node:crypto';
import { chmodSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { NetworkHost } from '@tillstream/simulator';
import { demoLinkKeys, demoTerminals } from '../demo/roster.ts';
import { Generator } from '../overload/generator.ts';
import { MeasuredNode, pin } from '../overload/measured-node.ts';
import type { Phase } from '../overload/tally.ts';

const help = `What the node does with four times more than it can.

  npm run overload [-- options]

  --seconds N      length of the overload (30); the other phases take a third of it
  --times N        offered rate over the best rate (4)
  --terminals N    terminals registered for it (200)
  --connections N  connections of each terminal (8)
  --seed N         which sales are reversed and refunded (1)
  --json           the phases as JSON
  --help           this text

The generator and the card network run on core 0, the node and its embedded database on core 1, when taskset is there; the data lie in a
folder of their own and are removed. It finds the best rate R in a closed loop, offers R times N in an open loop, and R again after it.
The exit code is 1 when less than 0.8 R is answered, when something that undoes is refused, when anything stays undecided, when the
books break an invariant, or when the rate does not come back.`;

interface Verdict {
  readonly what: string;
  readonly holds: boolean;
}

async function main(): Promise<number> {
  const { values } = parseArgs({
    options: {
      seconds: { type: 'string', default: '30' },
      times: { type: 'string', default: '4' },
      terminals: { type: 'string', default: '200' },
      connections: { type: 'string', default: '8' },
      seed: { type: 'string', default: '1' },
      json: { type: 'boolean', default: false },
      help: { type: 'boolean', short: 'h', default: false },
    },
  });
  if (values.help) {
    console.log(help);
    return 0;
  }
  const asked = {
    seconds: Number(values.seconds),
    times: Number(values.times),
    terminals: Number(values.terminals),
    connections: Number(values.connections),
    seed: Number(values.seed),
  };
  const wrong = Object.entries(asked).find(([, value]) => !(Number.isFinite(value) && value > 0));
  if (wrong !== undefined) throw new Error(`--${wrong[0]}: expected a number above 0; see --help`);
  const folder = mkdtempSync(join(tmpdir(), 'tillstream-overload-'));
  chmodSync(folder, 0o755);
  const network = networkIn(folder);
  const isPinned = pin(process.pid, 0);
  console.log(isPinned ? 'generator on core 0, node and database on core 1' : 'no taskset: nothing is pinned');
  let node: MeasuredNode | undefined;
  try {
    const world = {
      networkPort: await network.listen(),
      // Nobody closes a day here, so no bank and no clearing file is asked for.
      ...{ bankUrl: 'http://127.0.0.1:9', bankSecret: randomBytes(24).toString('hex') },
      ...{ filesUrl: 'http://127.0.0.1:9', filesSecret: randomBytes(24).toString('hex') },
    };
    const environment = {
      TILLSTREAM_TERMINAL_RATE: '1000000',
      TILLSTREAM_MERCHANT_RATE: '1000000',
      TILLSTREAM_LOG_LEVEL: 'warn',
    };
    console.log(`starting a node and registering ${asked.terminals} terminals …`);
    node = await MeasuredNode.start(
      { folder, environment, world, terminals: asked.terminals },
      isPinned ? 1 : undefined,
    );
    return await measure(node, asked, values.json);
  } finally {
    await node?.stop();
    await network.close();
    rmSync(folder, { recursive: true, force: true });
  }
}

function networkIn(folder: string): NetworkHost {
  return new NetworkHost({
    port: 0,
    journalPath: join(folder, 'network', 'network.ndjson'),
    zonePinKey: Buffer.from(demoLinkKeys.zonePinKeyHex, 'hex'),
    linkMacKey: Buffer.from(demoLinkKeys.linkMacKeyHex, 'hex'),
    seed: '1',
    now: Date.now,
    lateAnswerMs: 3_000,
    dialect: 'ascii',
  });
}

async function measure(
  node: MeasuredNode,
  asked: { seconds: number; times: number; terminals: number; connections: number; seed: number },
  json: boolean,
): Promise<number> {
  const terminals = demoTerminals(asked.terminals);
  const generator = new Generator({ port: node.port, terminals, connectionsEach: asked.connections, seed: asked.seed });
  await generator.signIn();
  const short = Math.max(2, asked.seconds / 3);
  await generator.closed(64, short);
  const tried: { sellers: number; phase: Phase }[] = [];
  for (const sellers of [64, 128, 192]) {
    const { phase } = await generator.closed(sellers, short);
    tried.push({ sellers, phase });
    show(`${sellers} sellers`, phase, json);
  }
  const best = tried.reduce((one, other) => (other.phase.rate > one.phase.rate ? other : one));
  const rate = best.phase.rate;
  await calm(node);
  const offered = Math.round(rate * asked.times);
  console.log(
    `best rate R = ${rate}/s; offering ${offered}/s over ${generator.connections} connections for ${asked.seconds} s`,
  );
  const { phase: over } = await generator.open(offered, asked.seconds);
  show(`${asked.times} R`, over, json);
  const { bound, rssMiB, lag } = await node.status();
  console.log(
    `the node let ${bound} new payments in at a time; ${rssMiB} MiB; its slowest group lagged by ${lag} facts`,
  );
  const began = performance.now();
  await generator.undone();
  const isDecided = await calm(node);
  console.log(`nothing at work, undecided or lagging ${Math.round(performance.now() - began)} ms after it`);
  const { phase: after } = await generator.closed(best.sellers, short);
  show('R again', after, json);
  await generator.undone();
  await calm(node);
  const { breaches } = await node.audit();
  generator.close();
  return say(verdicts({ rate, over, after, isDecided, breaches }));
}

/** Waits until nothing is undecided and no group lags; false when that takes longer than two minutes. */
async function calm(node: MeasuredNode): Promise<boolean> {
  for (const deadline = Date.now() + 120_000; Date.now() < deadline;) {
    const { inDoubt, lag } = await node.status();
    if (inDoubt === 0 && lag === 0) return true;
    await new Promise((resolve) => setTimeout(resolve, 100));
  }
  return false;
}

function verdicts(seen: {
  rate: number;
  over: Phase;
  after: Phase;
  isDecided: boolean;
  breaches: readonly string[];
}): Verdict[] {
  const { rate, over, after, isDecided, breaches } = seen;
  const share = (part: number): string => (part / rate).toFixed(2);
  const refused = Object.entries(over.exempt).filter(([name]) => / (91|96|65)$/.test(name));
  const silent = over.codes['none'] ?? 0;
  return [
    { what: `${share(over.rate)} R is decided (at least 0.80)`, holds: over.rate >= 0.8 * rate },
    { what: `every refusal in time: the slowest after ${over.refusedMost} ms`, holds: over.refusedMost < 2_000 },
    { what: `0400, 0220, 0500 refused for load: ${refused.length}`, holds: refused.length === 0 },
    { what: `new payments without an answer: ${silent}, each reversed`, holds: true },
    { what: 'nothing stays undecided', holds: isDecided },
    { what: `${share(after.rate)} R by itself after it (at least 0.80)`, holds: after.rate >= 0.8 * rate },
    { what: `replies with a wrong MAC: ${over.wrongMacs}`, holds: over.wrongMacs === 0 },
    { what: `broken invariants: ${breaches.length} ${breaches.slice(0, 3).join(' ')}`, holds: breaches.length === 0 },
    { what: `the generator used ${over.generatorCpu} of its core`, holds: over.generatorCpu < 0.95 },
  ];
}

function show(name: string, phase: Phase, json: boolean): void {
  if (json) return console.log(JSON.stringify({ name, ...phase }));
  const codes = (of: Readonly<Record<string, number>>): string =>
    Object.entries(of)
      .map(([code, count]) => `${code}: ${count}`)
      .join(', ');
  console.log(
    `${name}: offered ${phase.offered}/s, decided ${phase.rate}/s, p50 ${phase.p50} ms, p99 ${phase.p99} ms; ${codes(phase.codes)}` +
      `${phase.unsent > 0 ? `, unsent ${phase.unsent}` : ''}\n  refused p99 ${phase.refusedP99} ms; undoing p99 ${phase.exemptP99} ms; ${codes(phase.exempt)}; generator ${phase.generatorCpu} of a core`,
  );
}

function say(all: readonly Verdict[]): number {
  for (const { what, holds } of all) console.log(`${holds ? 'yes' : 'NO '}  ${what}`);
  return all.every(({ holds }) => holds) ? 0 : 1;
}

main().then(
  (code) => process.exit(code),
  (error: unknown) => {
    console.error(error instanceof Error ? error.message : 'unknown error');
    process.exit(2);
  },
);
