import { leafHash, nodeHash, treeHead } from './merkle.ts';

const hex = (text: string) => Buffer.from(text, 'hex');
// The reference leaves and roots of the certificate transparency project.
const leaves = ['', '00', '10', '2021', '3031', '40414243', '5051525354555657', '606162636465666768696a6b6c6d6e6f'];
const roots = [
  'e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855',
  '6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d',
  'fac54203e7cc696cf0dfcb42c92a1d9dbaf70ad9e621f4bd8d98662f00e3c125',
  'aeb6bcfe274b70a14fb067a5e5578264db0fa9b51af5e0ba159158f329e06e77',
  'd37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7',
  '4e3bbb1f7b478dcfe71fb631631519a3bca12c9aefca1612bfce4c13a86264d4',
  '76e67dadbcdf1e10e1b74ddc608abd2f98dfb16fbce75277b5232a127f2087ef',
  'ddb89be403809e325750d3d263cd78929c2942b7942a34b77e122c9594a74c8c',
  '5dc9da79a70659a9ad559cb701ded9a2ab9d823aad2f4960cfe370eff4604328',
];

/** RFC 6962 section 2.1, word for word. */
const byDefinition = (hashes: Buffer[]): Buffer => {
  if (hashes.length === 1) return hashes[0]!;
  let split = 1;
  while (split * 2 < hashes.length) split *= 2;
  return nodeHash(byDefinition(hashes.slice(0, split)), byDefinition(hashes.slice(split)));
};

describe('Merkle tree', () => {
  it.each(roots.map((root, size) => [size, root] as const))(
    'the head of %d leaves is the reference root',
    (size, root) => {
      expect(treeHead(leaves.slice(0, size).map((leaf) => leafHash(hex(leaf)))).toString('hex')).toBe(root);
    },
  );

  it('equals the recursive definition for every size up to 70', () => {
    const hashes = Array.from({ length: 70 }, (_, at) => leafHash(Buffer.from(`record ${at}`)));
    for (let size = 1; size <= hashes.length; size += 1) {
      expect(treeHead(hashes.slice(0, size))).toEqual(byDefinition(hashes.slice(0, size)));
    }
  });

  it('a node cannot pose as a leaf', () => {
    const [left, right] = [leafHash(hex('00')), leafHash(hex('10'))];
    expect(leafHash(Buffer.concat([left, right]))).not.toEqual(nodeHash(left, right));
  });

  it('does not change the hashes it is given, and gives a head of its own', () => {
    const only = leafHash(hex('00'));
    treeHead([only]).fill(0);
    expect(only).toEqual(leafHash(hex('00')));
  });
});
