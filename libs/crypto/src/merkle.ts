import { createHash } from 'node:crypto';

const leafPrefix = Uint8Array.of(0x00);
const nodePrefix = Uint8Array.of(0x01);

/** SHA-256(0x00 ‖ record): the leaf of one stored record (RFC 6962 section 2.1, design 4 and 11). 32 bytes. */
export function leafHash(record: Uint8Array): Buffer {
  return createHash('sha256').update(leafPrefix).update(record).digest();
}

/** SHA-256(0x01 ‖ left ‖ right): a node above two hashes; the prefix keeps a node from posing as a leaf. 32 bytes. */
export function nodeHash(left: Uint8Array, right: Uint8Array): Buffer {
  return createHash('sha256').update(nodePrefix).update(left).update(right).digest();
}

/**
 * The tree head (Merkle tree hash, RFC 6962 section 2.1) over leaf hashes in store order. 32 bytes.
 * An empty list has the hash of nothing. Needs memory for one hash per level, whatever the number of leaves.
 */
export function treeHead(leafHashes: Iterable<Uint8Array>): Buffer {
  const complete: (Uint8Array | undefined)[] = []; // by level: the root of a full subtree that waits for its right sibling
  for (const leaf of leafHashes) {
    let hash = leaf;
    let level = 0;
    for (let left = complete[level]; left !== undefined; left = complete[level]) {
      hash = nodeHash(left, hash);
      complete[level] = undefined;
      level += 1;
    }
    complete[level] = hash;
  }
  let head: Uint8Array | undefined;
  for (const left of complete) {
    if (left !== undefined) head = head === undefined ? left : nodeHash(left, head);
  }
  return head === undefined ? createHash('sha256').digest() : Buffer.from(head);
}
