import kafkajs, { type GroupMember, type PartitionAssigner } from 'kafkajs';

const { MemberMetadata, MemberAssignment } = kafkajs.AssignerProtocol;
const VERSION = 1;

/**
 * Deals partitions out evenly and leaves each where it is when it can stay: whoever takes a key over has to load what it remembers of it, so a
 * partition that moves for nothing costs payments. Each member says what it holds when it joins.
 */
export const stickyAssigner =
  (held: () => readonly number[]): PartitionAssigner =>
  ({ cluster }) => ({
    name: 'tillstream-sticky',
    version: VERSION,
    protocol: ({ topics }) => ({
      name: 'tillstream-sticky',
      metadata: MemberMetadata.encode({ version: VERSION, topics, userData: Buffer.from(JSON.stringify(held())) }),
    }),
    assign: ({ members, topics }) => {
      const [topic] = topics;
      if (topic === undefined) return Promise.resolve([]);
      const partitions = cluster.findTopicPartitionMetadata(topic).map(({ partitionId }) => partitionId);
      const dealt = deal(new Map(members.map((member) => [member.memberId, heldBy(member)])), partitions);
      return Promise.resolve(
        [...dealt].map(([memberId, own]) => ({
          memberId,
          memberAssignment: MemberAssignment.encode({
            version: VERSION,
            assignment: { [topic]: [...own] },
            userData: Buffer.alloc(0),
          }),
        })),
      );
    },
  });

/** Gives every member the same partition of a topic; for a consumer that is alone in its group. */
export const fixedAssigner =
  (partition: number): PartitionAssigner =>
  () => ({
    name: 'tillstream-fixed',
    version: VERSION,
    protocol: ({ topics }) => ({
      name: 'tillstream-fixed',
      metadata: MemberMetadata.encode({ version: VERSION, topics, userData: Buffer.alloc(0) }),
    }),
    assign: ({ members, topics }) =>
      Promise.resolve(
        members.map(({ memberId }) => ({
          memberId,
          memberAssignment: MemberAssignment.encode({
            version: VERSION,
            assignment: Object.fromEntries(topics.map((topic) => [topic, [partition]])),
            userData: Buffer.alloc(0),
          }),
        })),
      ),
  });

/** Evenly, to within one; what a member holds stays with it as far as its share goes. @param held what each member says that it holds */
export function deal(
  held: ReadonlyMap<string, readonly number[]>,
  partitions: readonly number[],
): ReadonlyMap<string, readonly number[]> {
  const left = new Set(partitions);
  const least = Math.floor(partitions.length / Math.max(1, held.size));
  let more = partitions.length - least * held.size;
  // Who holds most comes first, so that the shares of one more go where they cost nothing.
  const members = [...held].sort(([a, ofA], [b, ofB]) => ofB.length - ofA.length || (a < b ? -1 : 1));
  const dealt = new Map<string, number[]>();
  for (const [member, own] of members) {
    const kept: number[] = [];
    for (const partition of own) {
      const hasRoom = kept.length < least || (kept.length === least && more > 0);
      if (!hasRoom || !left.delete(partition)) continue;
      if (kept.length === least) more -= 1;
      kept.push(partition);
    }
    dealt.set(member, kept);
  }
  const rest = [...left];
  for (const kept of dealt.values()) while (kept.length < least && rest.length > 0) kept.push(rest.shift() as number);
  for (const kept of dealt.values()) if (kept.length === least && rest.length > 0) kept.push(rest.shift() as number);
  return dealt;
}

function heldBy({ memberMetadata }: GroupMember): readonly number[] {
  try {
    const { userData } = MemberMetadata.decode(memberMetadata) ?? {};
    const held: unknown = JSON.parse((userData ?? Buffer.from('[]')).toString('utf8'));
    return Array.isArray(held) ? held.filter((one): one is number => Number.isSafeInteger(one)) : [];
  } catch {
    return [];
  }
}
