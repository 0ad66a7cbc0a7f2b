import { emptyRoot, hashChildren, hashChildrenAt } from './frontier.ts';
import { HASH_BYTES, type Hash, type Sha256 } from './hash.ts';
import { readHash, writeHash } from './hash-bytes.ts';
import type { ReadTile } from './proof.ts';
import { TILE_HEIGHT, TILE_WIDTH, type TilePosition } from './tile.ts';

/** Gives inclusion paths of one tree, one after another. */
export interface PathWalk {
  /**
   * The inclusion proof of a leaf: the same hashes as `inclusionProof` gives. Any order is right; in
   * ascending order each tile is read once, and a path costs one hash on average where no index is left out.
   * One call at a time. Rejects with a `RangeError` where the index is not below the size, with an `Error`
   * where a tile is too short or cannot be read.
   */
  path(index: number): Promise<Hash[]>;
  /** The root that all the paths lead to. Rejects as `path` does. */
  root(): Promise<Hash>;
}

/**
 * Starts a walk over the tree of the first `size` leaves (whole number up to 2^53−1). It keeps one tile of
 * each level with its inner nodes, 16 KiB each and at most seven, and the last path; what `readTile` gave
 * must not change afterwards. Throws a `RangeError` where the size is none.
 */
export function createPathWalk(sha256: Sha256, readTile: ReadTile, size: number): PathWalk {
  if (!Number.isSafeInteger(size) || size < 0) throw new RangeError(`No tree of ${size} leaves`);
  return new TilePathWalk(sha256, readTile, size);
}

/**
 * The tiles that the path of a leaf, and the root, are made of: at most 14, for whoever reads them at once.
 * The consistency proof of a smaller tree is made of those of its last leaf. Takes an index below the size.
 */
export function pathTiles(size: number, index: number): TilePosition[] {
  const positions: TilePosition[] = [];
  for (let level = 0, nodes = size; nodes > 0; level++, nodes = Math.floor(nodes / TILE_WIDTH)) {
    const last = Math.floor((nodes - 1) / TILE_WIDTH);
    const onPath = Math.floor(index / TILE_WIDTH ** (level + 1));
    if (onPath < last) positions.push({ level, index: onPath, width: TILE_WIDTH });
    positions.push({ level, index: last, width: nodes - last * TILE_WIDTH });
  }
  return positions;
}

/** A hash at a position of its height; the height is where it lies in a list. */
interface PlacedHash {
  readonly position: number;
  readonly hash: Hash;
}

/** A tile with the nodes above its hashes: `heights[h]` holds those of height h, one after another. */
interface GrownTile {
  readonly index: number;
  readonly heights: readonly Uint8Array[];
}

class TilePathWalk implements PathWalk {
  private readonly sha256: Sha256;
  private readonly readTile: ReadTile;
  private readonly size: number;
  /** The tile of each level that was read last. */
  private readonly tiles: GrownTile[] = [];
  /** The sibling of each height that was asked for last: it stays for 2^height leaves. */
  private readonly siblings: PlacedHash[] = [];
  /** The last node of each height, from the leaves up: the only ones that need not be perfect subtrees. */
  private edge: readonly Hash[] | null = null;

  constructor(sha256: Sha256, readTile: ReadTile, size: number) {
    this.sha256 = sha256;
    this.readTile = readTile;
    this.size = size;
  }

  async path(index: number): Promise<Hash[]> {
    if (!Number.isSafeInteger(index) || index < 0 || index >= this.size) {
      throw new RangeError(`No index ${index} in a tree of ${this.size}`);
    }
    const path: Hash[] = [];
    let node = index;
    let last = this.size - 1;
    for (let height = 0; last > 0; height++) {
      // A last node that is a left child has no sibling: it is the node above it, too.
      if (node % 2 === 1 || node < last) {
        const position = node % 2 === 1 ? node - 1 : node + 1;
        const known = this.siblings[height];
        path.push(known?.position === position ? known.hash : await this.sibling(height, position));
      }
      node = Math.floor(node / 2);
      last = Math.floor(last / 2);
    }
    return path;
  }

  async root(): Promise<Hash> {
    if (this.size === 0) return emptyRoot(this.sha256);
    this.edge ??= await this.readEdge();
    return this.edge.at(-1) ?? emptyRoot(this.sha256);
  }

  private async sibling(height: number, position: number): Promise<Hash> {
    const isLast = (position + 1) * 2 ** height >= this.size;
    const hash = isLast ? await this.edgeNode(height) : await this.perfectNode(height, position);
    this.siblings[height] = { position, hash };
    return hash;
  }

  private async edgeNode(height: number): Promise<Hash> {
    this.edge ??= await this.readEdge();
    const hash = this.edge[height];
    if (hash === undefined) throw new Error(`A tree of ${this.size} has no node of height ${height}`);
    return hash;
  }

  private async readEdge(): Promise<Hash[]> {
    let last = this.size - 1;
    let hash = await this.perfectNode(0, last);
    const edge = [hash];
    for (let height = 0; last > 0; height++) {
      if (last % 2 === 1) hash = hashChildren(this.sha256, await this.perfectNode(height, last - 1), hash);
      edge.push(hash);
      last = Math.floor(last / 2);
    }
    return edge;
  }

  /** Root of the perfect subtree at a position of its height, counted from the left. */
  private async perfectNode(height: number, position: number): Promise<Hash> {
    const level = Math.floor(height / TILE_HEIGHT);
    const inTile = height % TILE_HEIGHT;
    const across = TILE_WIDTH / 2 ** inTile;
    const index = Math.floor(position / across);
    const known = this.tiles[level];
    const tile = known?.index === index ? known : await this.grow(level, index);
    const nodes = tile.heights[inTile];
    if (nodes === undefined) throw new Error(`A tile has no height ${inTile}`);
    return readHash(nodes, (position % across) * HASH_BYTES);
  }

  /** Reads a tile and makes the nodes above its hashes. */
  private async grow(level: number, index: number): Promise<GrownTile> {
    const nodes = Math.floor(this.size / TILE_WIDTH ** level);
    const width = Math.min(TILE_WIDTH, nodes - index * TILE_WIDTH);
    const hashes = await this.readTile(level, index, width);
    if (hashes.length < width * HASH_BYTES) {
      throw new Error(`Tile ${level}/${index} has ${hashes.length / HASH_BYTES} hashes instead of ${width}`);
    }
    const heights = [hashes.subarray(0, width * HASH_BYTES)];
    let below = hashes;
    for (let height = 1, count = width >> 1; height < TILE_HEIGHT && count > 0; height++, count >>= 1) {
      const above = new Uint8Array(count * HASH_BYTES);
      for (let i = 0; i < count; i++) {
        writeHash(hashChildrenAt(this.sha256, below, 2 * i * HASH_BYTES), above, i * HASH_BYTES);
      }
      heights.push(above);
      below = above;
    }
    const tile = { index, heights };
    this.tiles[level] = tile;
    return tile;
  }
}
