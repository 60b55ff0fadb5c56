import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { lengthOf, seedOf } from '@tillstream/event-store/testing';
import {
  check,
  FrameReader,
  IsoError,
  mask,
  networkProfile,
  openEnvelope,
  parseF54,
  parseF60,
  parseF61,
  parseF90,
  parseScanData,
  parseTlv,
  parseTotals,
  parseUploadEnd,
  parseUploadItems,
  peekLoosely,
  sealEnvelope,
  takeTags,
  terminalProfile,
  terminalTpdu,
  unpack,
  type IsoMessage,
  type Profile,
  type TerminalMessage,
} from '@tillstream/iso8583';
import { legalRequests, packedRequests, tlvSeeds } from './testing/fuzz-corpus.ts';
import { madeTlv, misled, mutated, SeededRandom } from './testing/fuzz-mutations.ts';
import { isServedPayment, servedPayments } from './translate/payments.ts';

/** Inputs: a short run every time, the whole length under `npm run faults -- 21`. */
const inputs = lengthOf({ ci: 60_000, full: 10_000_000 });
const deadlineMs = lengthOf({ ci: 120_000, full: 4 * 3_600_000 });
/** An input that takes longer than this when it is tried again counts as a hang; the figure itself goes to the report. */
const hangMs = 1_000;
const slowMs = 10;
const mostGrowthBytes = 50 * 1_048_576;
/** Each so-manieth input is read twice: its outcome must be the same word for word. */
const repeatedEach = 8;

const seed = Number(seedOf('20261124'));
const profiles = [terminalProfile, networkProfile('ascii'), networkProfile('bcd')] as const;
const corpora = profiles.map((profile) => packedRequests(profile as Profile));
const header = { application: '61', softwareMajor: '31', terminalStatus: '0', demand: '0', softwareMinor: '100000' };
const frames = (corpora[0] as Buffer[]).map((bytes) => sealEnvelope({ tpdu: terminalTpdu(), header }, bytes));
const texts = [
  '0102156C000000012345',
  '22000007000600',
  '0000070000021123',
  '0'.repeat(42),
  'A30046212',
  '0'.repeat(62),
];
const textReaders = [
  parseF54,
  parseF60,
  parseF61,
  parseF90,
  parseScanData,
  parseTotals,
  parseUploadItems,
  parseUploadEnd,
];

setFlagsFromString('--expose-gc');
const collect = runInNewContext('gc') as () => void;
const heapUsed = (): number => {
  collect();
  return process.memoryUsage().heapUsed;
};

/** One input and what reads it, made anew from the seed and its number. */
interface Case {
  readonly what: string;
  readonly bytes: Buffer;
  readonly read: () => unknown;
}

function caseOf(n: number): Case {
  const random = SeededRandom.ofCase(seed, n);
  switch (random.below(8)) {
    case 0:
    case 1: {
      const bytes = mutated(random, random.pick(frames), frames);
      const cuts = [random.below(bytes.length + 1), random.below(bytes.length + 1)].sort((a, b) => a - b);
      return { what: 'frame', bytes, read: () => readStream(bytes, cuts) };
    }
    case 2:
    case 3:
    case 4: {
      const at = random.below(profiles.length);
      const [profile, corpus] = [profiles[at] as Profile, corpora[at] as Buffer[]];
      const from = random.pick(corpus);
      const bytes =
        random.below(2) === 0 ? mutated(random, from, corpus) : misled(random, from, profile.digits === 'bcd');
      return { what: profile.name, bytes, read: () => readMessage(profile, bytes) };
    }
    case 5:
    case 6: {
      const bytes = random.below(2) === 0 ? madeTlv(random) : mutated(random, random.pick(tlvSeeds), tlvSeeds);
      return { what: 'TLV', bytes, read: () => [parseTlv(bytes), takeTags(bytes)] };
    }
    default: {
      const text = mutated(random, Buffer.from(random.pick(texts), 'latin1'), frames);
      const reader = random.pick(textReaders);
      return { what: reader.name, bytes: text, read: () => reader(text.toString('latin1')) };
    }
  }
}

/** A stream as it arrives in three pieces: every whole frame goes the way of a terminal's message. */
function readStream(bytes: Buffer, [first = 0, second = 0]: readonly number[]): unknown {
  const reader = new FrameReader();
  const read: unknown[] = [];
  for (const piece of [bytes.subarray(0, first), bytes.subarray(first, second), bytes.subarray(second)]) {
    reader.push(piece);
    for (let body = reader.next(); body !== undefined; body = reader.next()) {
      read.push(readMessage(terminalProfile as Profile, openEnvelope(body).message));
    }
    if (reader.pendingBytes > 2_050) throw new Error(`${reader.pendingBytes} bytes are held`);
  }
  return read;
}

/** Everything that is read of a message from the MAC check to the command, and what a log would show of it. */
function readMessage(profile: Profile, bytes: Buffer): unknown {
  const walked = peekLoosely(profile, bytes);
  const message = unpack(profile, bytes) as IsoMessage;
  const shown = mask(profile, message);
  const spec = check(profile, message);
  const parts =
    profile === (terminalProfile as Profile) && isServedPayment(spec.id)
      ? servedPayments[spec.id].parts((message as TerminalMessage).fields)
      : null;
  return [walked.mti, spec.id, Object.keys(message.fields), shown, parts];
}

/** How an input ends, in words; anything but a value or an IsoError is a defect and is thrown. */
function outcomeOf(read: () => unknown): string {
  try {
    return JSON.stringify(read());
  } catch (error) {
    if (error instanceof IsoError) return error.message;
    throw error;
  }
}

function timed(read: () => unknown): { readonly outcome: string; readonly ms: number } {
  const began = performance.now();
  const outcome = outcomeOf(read);
  return { outcome, ms: performance.now() - began };
}

/** Makes and reads the n-th input; a defect names it by seed and bytes. */
function examined(n: number) {
  const { what, bytes, read } = caseOf(n);
  const name = (): string => `input ${n} of seed ${seed} (${what}): ${bytes.toString('hex')}`;
  try {
    return { name, read, ...timed(read) };
  } catch (error) {
    throw new Error(`${name()} ended with ${String(error)}`, { cause: error });
  }
}

interface FuzzFigures {
  refused: number;
  slowest: number;
  slow: number;
  slowestAtBest: number;
}

/** The figures of a full run so far, for the report. */
function tell(
  done: number,
  { refused, slowest, slow, slowestAtBest }: FuzzFigures,
  began: number,
  growth: number,
): void {
  if (inputs <= 1_000_000) return;
  const seconds = (performance.now() - began) / 1_000;
  process.stdout.write(
    `figures: ${done} inputs, ${refused} refused, ${seconds.toFixed(0)} s (${(done / seconds).toFixed(0)}/s), slowest ` +
      `${slowest.toFixed(2)} ms, ${slow} above ${slowMs} ms of which the slowest takes ${slowestAtBest.toFixed(3)} ms by itself, ` +
      `heap ${(growth / 1_048_576).toFixed(1)} MiB more; seed ${seed}\n`,
  );
}

/** What an input takes by itself, without the pause of a collection or another process that fell into it. */
const atBest = (read: () => unknown): number => Math.min(...[1, 2, 3, 4, 5].map(() => timed(read).ms));

it.each(profiles as readonly Profile[])(
  'the corpus has every request of the $name profile, and each is legal',
  (profile) => {
    const seen = legalRequests(profile).map((message) => check(profile, message).id);
    expect(new Set(seen)).toEqual(new Set(profile.messages.map(({ id }) => id)));
  },
);

it(
  `${inputs.toLocaleString('en')} malformed frames, messages and chip data end as a value or an IsoError, alike each time, in time and memory (seed ${seed})`,
  () => {
    const figures: FuzzFigures = { refused: 0, slowest: 0, slow: 0, slowestAtBest: 0 };
    for (let n = 0; n < 20_000; n += 1) examined(n);
    const before = heapUsed();
    const began = performance.now();
    for (let n = 0; n < inputs; n += 1) {
      const { name, read, outcome, ms } = examined(n);
      if (!/^[[{\d]/.test(outcome)) figures.refused += 1;
      if (ms > figures.slowest) figures.slowest = ms;
      if (ms > slowMs) {
        const best = atBest(read);
        figures.slow += 1;
        figures.slowestAtBest = Math.max(figures.slowestAtBest, best);
        if (best > hangMs) throw new Error(`${name()} took ${best} ms`);
      }
      if (n > 0 && n % 1_000_000 === 0) tell(n, figures, began, heapUsed() - before);
      if (n % repeatedEach === 0 && outcomeOf(read) !== outcome) throw new Error(`${name()} ended another way`);
    }
    const growth = heapUsed() - before;
    tell(inputs, figures, began, growth);
    expect(figures.refused).toBeGreaterThan(inputs / 4);
    expect(growth).toBeLessThan(mostGrowthBytes);
  },
  deadlineMs,
);
