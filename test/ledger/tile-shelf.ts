import { HASH_BYTES, type Hash } from '#server/ledger/hash.ts';
import type { ReadTile } from '#server/ledger/proof.ts';
import { edgePositions, growTree, type TreeEdge } from '#server/ledger/tile.ts';
import { sha256 } from '#server/sha256.ts';

/** A tree kept the way a storage keeps it: a head, and the newest content of each tile. */
export class TileShelf {
  readonly tiles = new Map<string, Uint8Array>();
  size = 0;
  frontier: readonly Hash[] = [];
  root: Hash = sha256(new Uint8Array(0));

  append(leaves: readonly Hash[]): void {
    const grown = growTree(sha256, this.edge(), leaves);
    for (const { level, index, hashes } of grown.tiles) this.tiles.set(`${level}/${index}`, hashes);
    ({ size: this.size, root: this.root, frontier: this.frontier } = grown);
  }

  edge(): TreeEdge {
    const edge = edgePositions(this.size).map(({ level, index, width }) => {
      const hashes = this.tiles.get(`${level}/${index}`) ?? new Uint8Array(0);
      return { level, index, hashes: hashes.subarray(0, width * HASH_BYTES) };
    });
    return { size: this.size, frontier: this.frontier, edge };
  }

  readonly readTile: ReadTile = async (level, index, width) => {
    const hashes = this.tiles.get(`${level}/${index}`);
    if (!hashes || hashes.length < width * HASH_BYTES)
      throw new Error(`No tile ${level}/${index} of ${width}`);
    return hashes.subarray(0, width * HASH_BYTES);
  };
}
