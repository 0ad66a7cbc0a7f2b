import { halved, isCount } from './count.ts';
import { frontierRoot, hashChildren } from './frontier.ts';
import { HASH_BYTES, type Hash, isHash, type Sha256 } from './hash.ts';
import { readHash } from './hash-bytes.ts';
import { TILE_HEIGHT, TILE_WIDTH } from './tile.ts';

/**
 * The first `width` hashes of a tile (C2SP tlog-tiles), laid one after another. A tile that has grown further
 * since may give more than that. Rejects where the tile cannot be read.
 */
export type ReadTile = (level: number, index: number, width: number) => Promise<Uint8Array>;

/**
 * The inclusion proof of a leaf in the tree of the first `size` leaves (RFC 6962 section 2.1.1), leaf's
 * sibling first. Rejects with a `RangeError` where the index is not below the size, with an `Error` where a
 * tile is too short.
 */
export async function inclusionProof(
  sha256: Sha256,
  readTile: ReadTile,
  { index, size }: { readonly index: number; readonly size: number },
): Promise<Hash[]> {
  if (!isCount(index) || !isCount(size) || index >= size)
    throw new RangeError(`No index ${index} in a tree of ${size}`);
  const siblings: Range[] = [];
  let start = 0;
  let end = size;
  while (end - start > 1) {
    const middle = start + splitPoint(end - start);
    if (index < middle) {
      siblings.push([middle, end]);
      end = middle;
    } else {
      siblings.push([start, middle]);
      start = middle;
    }
  }
  return rangeHashes(sha256, readTile, size, siblings.reverse());
}

/**
 * The consistency proof between the trees of the first `from` and the first `to` leaves (RFC 6962 section
 * 2.1.2): empty between equal trees. Rejects with a `RangeError` where `from` is 0 (there is nothing to
 * prove) or past `to`.
 */
export async function consistencyProof(
  sha256: Sha256,
  readTile: ReadTile,
  { from, to }: { readonly from: number; readonly to: number },
): Promise<Hash[]> {
  if (!isCount(from) || !isCount(to) || from === 0 || from > to)
    throw new RangeError(`No consistency from ${from} to ${to}`);
  const siblings: Range[] = [];
  let start = 0;
  let end = to;
  while (end !== from) {
    const middle = start + splitPoint(end - start);
    if (from <= middle) {
      siblings.push([middle, end]);
      end = middle;
    } else {
      siblings.push([start, middle]);
      start = middle;
    }
  }
  // Where the old tree is itself a subtree of the new one, the verifier has its root already.
  if (start > 0) siblings.push([start, end]);
  return rangeHashes(sha256, readTile, to, siblings.reverse());
}

/** The root of the tree of the first `size` leaves. Rejects with an `Error` where a tile is too short. */
export async function rootAt(sha256: Sha256, readTile: ReadTile, size: number): Promise<Hash> {
  if (!isCount(size)) throw new RangeError(`No tree of ${size} leaves`);
  if (size === 0) return frontierRoot(sha256, []);
  return new TileTree(sha256, readTile, size).rangeHash([0, size]);
}

/** Leaves from the first up to the second, which is not among them. */
type Range = readonly [start: number, end: number];

async function rangeHashes(
  sha256: Sha256,
  readTile: ReadTile,
  size: number,
  ranges: readonly Range[],
): Promise<Hash[]> {
  const tree = new TileTree(sha256, readTile, size);
  const hashes: Hash[] = [];
  for (const range of ranges) hashes.push(await tree.rangeHash(range));
  return hashes;
}

/** A tree of a given size in tiles; each tile is read once. */
class TileTree {
  private readonly sha256: Sha256;
  private readonly readTile: ReadTile;
  private readonly size: number;
  private readonly tiles = new Map<string, Uint8Array>();

  constructor(sha256: Sha256, readTile: ReadTile, size: number) {
    this.sha256 = sha256;
    this.readTile = readTile;
    this.size = size;
  }

  /**
   * MTH over a range that RFC 6962's recursion comes by: its binary ones are perfect subtrees, largest first.
   */
  async rangeHash([start, end]: Range): Promise<Hash> {
    const frontier: Hash[] = [];
    for (let at = start; at < end; ) {
      const [leaves, height] = largestPower(end - at);
      frontier.push(await this.subtreeHash(at, height));
      at += leaves;
    }
    return frontierRoot(this.sha256, frontier);
  }

  /** Root of the perfect subtree of 2^height leaves that begins at `start`. */
  private async subtreeHash(start: number, height: number): Promise<Hash> {
    const level = Math.floor(height / TILE_HEIGHT);
    const position = start / TILE_WIDTH ** level;
    const tile = await this.tile(level, Math.floor(position / TILE_WIDTH));
    return fold(this.sha256, tile, position % TILE_WIDTH, 2 ** (height % TILE_HEIGHT));
  }

  private async tile(level: number, index: number): Promise<Uint8Array> {
    const key = `${level}/${index}`;
    const known = this.tiles.get(key);
    if (known) return known;
    const nodes = Math.floor(this.size / TILE_WIDTH ** level);
    const width = Math.min(TILE_WIDTH, nodes - index * TILE_WIDTH);
    const tile = await this.readTile(level, index, width);
    if (tile.length < width * HASH_BYTES) {
      throw new Error(`Tile ${key} has ${tile.length / HASH_BYTES} hashes instead of ${width}`);
    }
    this.tiles.set(key, tile);
    return tile;
  }
}

/** Root over `count` (a power of two) hashes of a tile from `at` on. */
function fold(sha256: Sha256, tile: Uint8Array, at: number, count: number): Hash {
  if (count === 1) return readHash(tile, at * HASH_BYTES);
  const half = count / 2;
  return hashChildren(sha256, fold(sha256, tile, at, half), fold(sha256, tile, at + half, half));
}

/** The largest power of two up to `count`, and its exponent. */
function largestPower(count: number): [power: number, exponent: number] {
  let power = 1;
  let exponent = 0;
  while (power * 2 <= count) {
    power *= 2;
    exponent += 1;
  }
  return [power, exponent];
}

/** The largest power of two below `count` (RFC 6962's k). */
function splitPoint(count: number): number {
  const [power] = largestPower(count);
  return power === count ? power / 2 : power;
}

/** What an inclusion proof claims; the texts may come from anywhere. */
export interface InclusionClaim {
  readonly index: number;
  readonly size: number;
  readonly leafHash: string;
  readonly hashes: readonly string[];
  readonly root: string;
}

/** Whether the leaf is in the tree at that index (RFC 9162 section 2.1.3.2). Never throws. */
export function verifyInclusion(sha256: Sha256, claim: InclusionClaim): boolean {
  const { index, size, leafHash, hashes, root } = claim;
  if (!isCount(index) || !isCount(size) || index >= size || !isHash(leafHash)) return false;
  let node = index;
  let last = size - 1;
  let hash: Hash = leafHash;
  for (const sibling of hashes) {
    if (last === 0 || !isHash(sibling)) return false;
    if (node % 2 === 1 || node === last) {
      hash = hashChildren(sha256, sibling, hash);
      while (node % 2 === 0 && node !== 0) [node, last] = [halved(node), halved(last)];
    } else {
      hash = hashChildren(sha256, hash, sibling);
    }
    [node, last] = [halved(node), halved(last)];
  }
  return last === 0 && hash === root;
}

/** What a consistency proof claims; the texts may come from anywhere. */
export interface ConsistencyClaim {
  readonly from: number;
  readonly to: number;
  readonly fromRoot: string;
  readonly toRoot: string;
  readonly hashes: readonly string[];
}

/**
 * Whether the larger tree begins with the whole smaller one (RFC 9162 section 2.1.4.2). From the
 * empty tree there is no proof, because every tree begins with it. Never throws.
 */
export function verifyConsistency(sha256: Sha256, claim: ConsistencyClaim): boolean {
  const { from, to, fromRoot, toRoot, hashes } = claim;
  if (!isCount(from) || !isCount(to) || from === 0 || from > to) return false;
  if (from === to) return hashes.length === 0 && fromRoot === toRoot;
  if (hashes.length === 0 || !hashes.every(isHash) || !isHash(fromRoot)) return false;
  // The old root is left out of the proof where it is a node of the new tree.
  const nodes = largestPower(from)[0] === from ? [fromRoot, ...hashes] : hashes;
  let node = from - 1;
  let last = to - 1;
  while (node % 2 === 1) [node, last] = [halved(node), halved(last)];
  const [first, ...siblings] = nodes;
  if (first === undefined) return false;
  let old = first;
  let now = first;
  for (const sibling of siblings) {
    if (last === 0) return false;
    if (node % 2 === 1 || node === last) {
      old = hashChildren(sha256, sibling, old);
      now = hashChildren(sha256, sibling, now);
      while (node % 2 === 0 && node !== 0) [node, last] = [halved(node), halved(last)];
    } else {
      now = hashChildren(sha256, now, sibling);
    }
    [node, last] = [halved(node), halved(last)];
  }
  return last === 0 && old === fromRoot && now === toRoot;
}
