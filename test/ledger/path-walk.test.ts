import { describe, expect, it } from 'vitest';
import type { Hash, Sha256 } from '#server/ledger/hash.ts';
import { createPathWalk, pathTiles } from '#server/ledger/path-walk.ts';
import { consistencyProof, inclusionProof, type ReadTile, rootAt } from '#server/ledger/proof.ts';
import { sha256 } from '#server/sha256.ts';
import { SeededRandom } from '#test/support/seeded-random.ts';
import { TileShelf } from './tile-shelf.ts';

function treeOf(size: number): TileShelf {
  const tree = new TileShelf();
  tree.append(Array.from({ length: size }, (_, i): Hash => sha256(Buffer.from(`\0leaf ${i}`))));
  return tree;
}

/** Counts what passes through. */
function counted(readTile: ReadTile): { readonly readTile: ReadTile; readonly reads: string[] } {
  const reads: string[] = [];
  return {
    reads,
    readTile: (level, index, width) => {
      reads.push(`${level}/${index}`);
      return readTile(level, index, width);
    },
  };
}

describe('a path walk', () => {
  it('gives the hashes of inclusionProof, and the root, for every index of every size up to 70', async () => {
    const { readTile } = treeOf(70);
    for (let size = 1; size <= 70; size++) {
      const walk = createPathWalk(sha256, readTile, size);
      for (let index = 0; index < size; index++) {
        expect(await walk.path(index)).toEqual(await inclusionProof(sha256, readTile, { index, size }));
      }
      expect(await walk.root()).toBe(await rootAt(sha256, readTile, size));
    }
  });

  it('gives them round every edge of tiles, and where indexes are left out', async () => {
    const tree = treeOf(70_000);
    const random = new SeededRandom(5);
    for (const size of [255, 256, 257, 511, 512, 513, 65_535, 65_536, 65_537, 65_793, 69_999, 70_000]) {
      const walk = createPathWalk(sha256, tree.readTile, size);
      for (let index = 0; index < size; index += 1 + random.below(size / 20)) {
        expect(await walk.path(index)).toEqual(await inclusionProof(sha256, tree.readTile, { index, size }));
      }
    }
  });

  it('gives them in any order', async () => {
    const { readTile } = treeOf(3_000);
    const random = new SeededRandom(6);
    const walk = createPathWalk(sha256, readTile, 2_999);
    for (let turn = 0; turn < 300; turn++) {
      const index = random.below(2_999);
      expect(await walk.path(index)).toEqual(await inclusionProof(sha256, readTile, { index, size: 2_999 }));
    }
  });

  it('reads each tile once or, at the right-hand edge, twice, and hashes once a leaf', async () => {
    const size = 20_000;
    const { readTile, reads } = counted(treeOf(size).readTile);
    let hashes = 0;
    const counting: Sha256 = (bytes) => {
      hashes += 1;
      return sha256(bytes);
    };
    const walk = createPathWalk(counting, readTile, size);
    for (let index = 0; index < size; index++) await walk.path(index);
    const times = new Map<string, number>();
    for (const read of reads) times.set(read, (times.get(read) ?? 0) + 1);
    expect(times.size).toBe(Math.ceil(size / 256) + 1);
    expect([...times].filter(([, count]) => count > 1).length).toBeLessThanOrEqual(3);
    expect(hashes).toBeLessThan(size * 1.1);
  });

  it('gives nothing from a tile that is too short, missing or cannot be read', async () => {
    const tree = treeOf(600);
    const short: ReadTile = async (level, index, width) =>
      (await tree.readTile(level, index, width)).subarray(0, 31);
    await expect(createPathWalk(sha256, short, 600).path(0)).rejects.toThrow(/instead of/);
    const none: ReadTile = async () => new Uint8Array(0);
    await expect(createPathWalk(sha256, none, 600).root()).rejects.toThrow(/instead of/);
    const broken: ReadTile = () => Promise.reject(new Error('the disk'));
    await expect(createPathWalk(sha256, broken, 600).path(0)).rejects.toThrow('the disk');
  });

  it('reads, as the proofs do, only tiles that can be told before', async () => {
    const tree = treeOf(70_000);
    const random = new SeededRandom(7);
    for (const size of [1, 2, 255, 256, 257, 512, 65_535, 65_536, 65_537, 66_000, 69_999, 70_000]) {
      const indexes = [0, size - 1, ...Array.from({ length: 10 }, () => random.below(size))];
      for (const index of indexes) {
        const { readTile, reads } = counted(tree.readTile);
        const walk = createPathWalk(sha256, readTile, size);
        await walk.path(index);
        await walk.root();
        await inclusionProof(sha256, readTile, { index, size });
        await consistencyProof(sha256, readTile, { from: index + 1, to: size });
        await rootAt(sha256, readTile, size);
        await rootAt(sha256, readTile, index + 1);
        const told = pathTiles(size, index);
        expect(reads.filter((read) => !told.some((at) => `${at.level}/${at.index}` === read))).toEqual([]);
        expect(told.length).toBeLessThanOrEqual(2 * 3);
        for (const { level, index: tile, width } of told) await tree.readTile(level, tile, width);
      }
    }
  });

  it('refuses what is no index of the tree, and no size', async () => {
    const { readTile } = treeOf(10);
    const walk = createPathWalk(sha256, readTile, 10);
    for (const index of [-1, 10, 1.5, Number.NaN]) {
      await expect(walk.path(index)).rejects.toThrow(RangeError);
    }
    for (const size of [-1, 1.5, 2 ** 53]) {
      expect(() => createPathWalk(sha256, readTile, size)).toThrow(RangeError);
    }
    const empty = createPathWalk(sha256, readTile, 0);
    await expect(empty.path(0)).rejects.toThrow(RangeError);
    expect(await empty.root()).toBe(await rootAt(sha256, readTile, 0));
  });
});
