import { describe, expect, it } from 'vitest';
import type { Hash } from '#server/ledger/hash.ts';
import { concatHashes } from '#server/ledger/hash-bytes.ts';
import {
  consistencyProof,
  inclusionProof,
  rootAt,
  verifyConsistency,
  verifyInclusion,
} from '#server/ledger/proof.ts';
import { edgePositions, growTree, TILE_WIDTH } from '#server/ledger/tile.ts';
import { sha256 } from '#server/sha256.ts';
import { base64, mth, path, subproof } from './naive-tree.ts';
import { SeededRandom } from '#test/support/seeded-random.ts';
import { TileShelf } from './tile-shelf.ts';

const leafHashes = (count: number): Hash[] =>
  Array.from({ length: count }, (_, i) => sha256(Buffer.from(`\0leaf ${i}`)));
const buffers = (hashes: readonly Hash[]): Buffer[] => hashes.map((hash) => Buffer.from(hash, 'base64'));

/** The hashes of the specification's tile: MTH(D[(n * 256 + i) * 256**l : (n * 256 + i + 1) * 256**l]). */
function naiveTile(leaves: readonly Buffer[], level: number, index: number): Buffer {
  const span = TILE_WIDTH ** level;
  const start = index * TILE_WIDTH * span;
  const end = Math.min(start + TILE_WIDTH * span, leaves.length);
  const nodes: Buffer[] = [];
  for (let at = start; at + span <= end; at += span) nodes.push(mth(leaves.slice(at, at + span)));
  return Buffer.concat(nodes);
}

describe('the tree', () => {
  it('has the roots and proofs of RFC 6962 for every size, index and pair up to 40', async () => {
    const leaves = leafHashes(40);
    const plain = buffers(leaves);
    const tree = new TileShelf();
    for (let size = 1; size <= leaves.length; size++) {
      tree.append(leaves.slice(size - 1, size));
      const root = tree.root;
      expect(root).toBe(mth(plain.slice(0, size)).toString('base64'));
      for (let index = 0; index < size; index++) {
        const hashes = await inclusionProof(sha256, tree.readTile, { index, size });
        expect(hashes).toEqual(base64(path(index, plain.slice(0, size))));
        const leafHash = leaves[index] as Hash;
        expect(verifyInclusion(sha256, { index, size, leafHash, hashes, root })).toBe(true);
      }
      for (let from = 1; from <= size; from++) {
        const hashes = await consistencyProof(sha256, tree.readTile, { from, to: size });
        expect(hashes).toEqual(base64(subproof(from, plain.slice(0, size))));
        const fromRoot = mth(plain.slice(0, from)).toString('base64');
        expect(verifyConsistency(sha256, { from, to: size, fromRoot, toRoot: root, hashes })).toBe(true);
      }
    }
  });

  it('grown to 70,000 leaves in random batches is that of RFC 6962: tiles, roots, proofs', async () => {
    const random = new SeededRandom(1);
    const leaves = leafHashes(70_000);
    const plain = buffers(leaves);
    const tree = new TileShelf();
    while (tree.size < leaves.length) {
      const batch = random.pick([1, 2, 7, 255, 256, 257, 500, 1_000, 5_000, 20_000]);
      tree.append(leaves.slice(tree.size, tree.size + 1 + random.below(batch)));
    }
    expect(tree.root).toBe(mth(plain).toString('base64'));
    // The example of the tlog-tiles specification: 273 + 1 + 1 + 1 + 1 tiles for 70,000 leaves.
    expect(tree.tiles.size).toBe(277);
    for (const [key, hashes] of tree.tiles) {
      const [level = 0, index = 0] = key.split('/').map(Number);
      expect(naiveTile(plain, level, index).equals(hashes), key).toBe(true);
    }
    const sizes = [
      65_535,
      65_536,
      65_537,
      69_888,
      70_000,
      ...Array.from({ length: 4 }, () => 1 + random.below(70_000)),
    ];
    for (const size of sizes) {
      const root = await rootAt(sha256, tree.readTile, size);
      expect(root).toBe(mth(plain.slice(0, size)).toString('base64'));
      const index = random.below(size);
      const hashes = await inclusionProof(sha256, tree.readTile, { index, size });
      expect(hashes).toEqual(base64(path(index, plain.slice(0, size))));
      const from = 1 + random.below(size);
      const between = await consistencyProof(sha256, tree.readTile, { from, to: size });
      expect(between).toEqual(base64(subproof(from, plain.slice(0, size))));
    }
  });

  it('refuses every proof with a bit, a hash, an index or a size changed', async () => {
    const random = new SeededRandom(2);
    const tree = new TileShelf();
    const leaves = leafHashes(1_000);
    tree.append(leaves);
    for (let round = 0; round < 60; round++) {
      const size = 2 + random.below(999);
      const index = random.below(size);
      const root = await rootAt(sha256, tree.readTile, size);
      const hashes = await inclusionProof(sha256, tree.readTile, { index, size });
      const claim = { index, size, leafHash: leaves[index] as Hash, hashes, root };
      const at = random.below(hashes.length);
      const other = leaves[(index + 1) % 1_000] as Hash;
      const refused = [
        { ...claim, index: index ^ 1 },
        { ...claim, leafHash: other },
        { ...claim, hashes: hashes.with(at, other) },
        { ...claim, hashes: hashes.slice(1) },
        { ...claim, hashes: [...hashes, other] },
        { ...claim, hashes: hashes.map((hash) => hash.slice(0, -1)) },
        { ...claim, root: other },
        { ...claim, size: index },
      ];
      for (const changed of refused) expect(verifyInclusion(sha256, changed)).toBe(false);
    }
  });

  it('knows the partial tiles of every size', () => {
    expect(edgePositions(0)).toEqual([]);
    expect(edgePositions(256)).toEqual([{ level: 1, index: 0, width: 1 }]);
    expect(edgePositions(70_000)).toEqual([
      { level: 0, index: 273, width: 112 },
      { level: 1, index: 1, width: 17 },
      { level: 2, index: 0, width: 1 },
    ]);
  });

  it('writes each changed tile once, and none that did not change', () => {
    const tree = new TileShelf();
    tree.append(leafHashes(300));
    const { tiles } = growTree(sha256, tree.edge(), leafHashes(2));
    expect(tiles.map(({ level, index, hashes }) => [level, index, hashes.length / 32])).toEqual([[0, 1, 46]]);
    const { size, root, frontier } = tree;
    expect(growTree(sha256, tree.edge(), [])).toEqual({ size, root, frontier, tiles: [] });
  });

  it('refuses a head that contradicts itself', () => {
    const tree = new TileShelf();
    tree.append(leafHashes(300));
    const edge = tree.edge();
    expect(() => growTree(sha256, { ...edge, size: 301 }, [])).toThrow('frontier');
    expect(() => growTree(sha256, { ...edge, edge: [] }, [])).toThrow('edge');
    const short = edge.edge.map((tile) => ({ ...tile, hashes: tile.hashes.subarray(32) }));
    expect(() => growTree(sha256, { ...edge, edge: short }, [])).toThrow('edge');
  });

  it('refuses to prove what is not there, and tiles that are too short', async () => {
    const tree = new TileShelf();
    tree.append(leafHashes(10));
    const { readTile } = tree;
    for (const [index, size] of [
      [10, 10],
      [-1, 10],
      [0.5, 10],
      [0, 0],
    ] as const) {
      await expect(inclusionProof(sha256, readTile, { index, size })).rejects.toThrow(RangeError);
    }
    for (const [from, to] of [
      [0, 10],
      [7, 6],
      [1, Number.NaN],
    ] as const) {
      await expect(consistencyProof(sha256, readTile, { from, to })).rejects.toThrow(RangeError);
    }
    await expect(rootAt(sha256, readTile, 11)).rejects.toThrow('No tile');
    const short = async (): Promise<Uint8Array> => concatHashes(leafHashes(9));
    await expect(rootAt(sha256, short, 10)).rejects.toThrow('instead of 10');
  });
});
