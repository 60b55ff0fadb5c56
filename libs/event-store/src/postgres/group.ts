import type { PendingAppend } from '../pending-append.ts';

/** How much one commit may carry. */
export const MAX_GROUP_FACTS = 2_000;
export const MAX_GROUP_BYTES = 4 * 1024 * 1024;

/**
 * What one commit asks of one stream: appends that follow on each other, stored together or not at all, and rivals, which expect the
 * same revision as the first and so can only have lost, or be the first append sent again.
 */
export interface StreamPart {
  readonly chain: PendingAppend[];
  readonly rivals: PendingAppend[];
}

/** The parts of one commit, each of another stream. */
export type Group = readonly StreamPart[];

/**
 * Takes from the front of the queue what fits into one commit, at most so many appends. What concerns a stream of the group but neither follows nor rivals
 * stays in the queue, in order.
 */
export function takeGroup(queue: PendingAppend[], most: number): Group {
  const parts = new Map<string, StreamPart>();
  const left: PendingAppend[] = [];
  let facts = 0;
  let bytes = 0;
  let taken = 0;
  for (const append of queue) {
    if (taken >= most) break;
    facts += append.records.length;
    bytes += append.bytes;
    if (taken > 0 && (facts > MAX_GROUP_FACTS || bytes > MAX_GROUP_BYTES)) break;
    taken += 1;
    const part = parts.get(append.stream);
    if (part === undefined) parts.set(append.stream, { chain: [append], rivals: [] });
    else if (follows(part, append)) part.chain.push(append);
    else if (append.expected === part.chain[0]?.expected) part.rivals.push(append);
    else left.push(append);
  }
  queue.splice(0, taken, ...left);
  return [...parts.values()];
}

function follows(part: StreamPart, append: PendingAppend): boolean {
  const last = part.chain.at(-1);
  return last !== undefined && append.expected === last.expected + last.records.length && append.key === last.key;
}

/** The arguments of `store.append_group`. */
export function groupArguments(group: Group): unknown[] {
  const appends: number[] = [];
  const revisions: number[] = [];
  const starts: number[] = [];
  const lengths: number[] = [];
  const records: Buffer[] = [];
  const leaves: Buffer[] = [];
  let start = 1;
  group.forEach(({ chain }, n) => {
    for (const { expected, records: own, leaves: ownLeaves } of chain) {
      own.forEach((record, m) => {
        appends.push(n + 1);
        revisions.push(expected + 1 + m);
        starts.push(start);
        lengths.push(record.length);
        start += record.length;
      });
      records.push(...own);
      leaves.push(...ownLeaves);
    }
  });
  const first = group.map(({ chain }) => chain[0] as PendingAppend);
  return [
    textArray(first.map(({ stream }) => stream)),
    numberArray(first.map(({ expected }) => expected)),
    numberArray(group.map(({ chain }) => chain.reduce((sum, { records: own }) => sum + own.length, 0))),
    textArray(first.map(({ key }) => key)),
    numberArray(appends),
    numberArray(revisions),
    numberArray(starts),
    numberArray(lengths),
    Buffer.concat(records),
    Buffer.concat(leaves),
  ];
}

// Array literals are made here: the client library's own way costs several times as much per element.
const numberArray = (numbers: readonly number[]): string => `{${numbers.join(',')}}`;
const textArray = (texts: readonly string[]): string =>
  `{${texts.map((text) => `"${text.replace(/["\\]/g, '\\$&')}"`).join(',')}}`;
