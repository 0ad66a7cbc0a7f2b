import { frontierLength, frontierRoot, hashChildrenAt } from './frontier.ts';
import { HASH_BYTES, type Hash, type Sha256 } from './hash.ts';
import { readHash, writeHash } from './hash-bytes.ts';

/** Levels of the tree that one tile spans (C2SP tlog-tiles). */
export const TILE_HEIGHT = 8;
/** Hashes in a full tile. */
export const TILE_WIDTH = 256;

/** Room for the frontier of any tree up to 2^53 leaves and the leaf on top. */
const STACK_MAX = 56;

/** The partial tile at the right-hand edge of a level: its hashes laid one after another. */
export interface EdgeTile {
  readonly level: number;
  readonly index: number;
  readonly hashes: Uint8Array;
}

/** A tile with its whole content after an append. */
export type TileWrite = EdgeTile;

/** Where a tile lies, and how many hashes it has. */
export interface TilePosition {
  readonly level: number;
  readonly index: number;
  readonly width: number;
}

/** All that an append needs of the tree before it. */
export interface TreeEdge {
  readonly size: number;
  /** Roots of the perfect subtrees, largest first. */
  readonly frontier: readonly Hash[];
  /** The partial tiles at `edgePositions(size)`, in any order. */
  readonly edge: readonly EdgeTile[];
}

export interface GrownTree {
  readonly size: number;
  readonly root: Hash;
  readonly frontier: readonly Hash[];
  /** Every tile that the append changed, each once, lowest level first, from left to right. */
  readonly tiles: readonly TileWrite[];
}

/** The partial tiles (1 to 255 hashes wide) of a tree of this size, lowest level first. */
export function edgePositions(size: number): TilePosition[] {
  const positions: TilePosition[] = [];
  for (let level = 0, nodes = size; nodes > 0; level++, nodes = Math.floor(nodes / TILE_WIDTH)) {
    const width = nodes % TILE_WIDTH;
    if (width > 0) positions.push({ level, index: Math.floor(nodes / TILE_WIDTH), width });
  }
  return positions;
}

/**
 * Appends leaves to a tree: its new root and frontier, and the tiles to write (C2SP tlog-tiles layout). Costs
 * one node hash a leaf on average, and reads nothing but the edge. Throws an `Error` where `from` contradicts
 * itself.
 */
export function growTree(sha256: Sha256, from: TreeEdge, leaves: readonly Hash[]): GrownTree {
  const stack = openStack(from);
  let height = from.frontier.length;
  const edges = new TileEdges(from, leaves.length);
  let size = from.size;
  for (const leaf of leaves) {
    writeHash(leaf, stack, height * HASH_BYTES);
    edges.put(0, size, stack, height * HASH_BYTES);
    height += 1;
    // Each binary one at the end of the size is a perfect subtree; the new one completes it into the next.
    let position = size;
    for (let level = 1; position % 2 === 1; level++) {
      height -= 1;
      const at = (height - 1) * HASH_BYTES;
      writeHash(hashChildrenAt(sha256, stack, at), stack, at);
      position = (position - 1) / 2;
      if (level % TILE_HEIGHT === 0) edges.put(level / TILE_HEIGHT, position, stack, at);
    }
    size += 1;
  }
  const frontier = Array.from({ length: height }, (_, i) => readHash(stack, i * HASH_BYTES));
  return {
    size,
    root: frontierRoot(sha256, frontier),
    frontier,
    tiles: edges.tiles(),
  };
}

function openStack(from: TreeEdge): Uint8Array {
  if (from.frontier.length !== frontierLength(from.size)) {
    throw new Error(`A tree of ${from.size} leaves has no frontier of ${from.frontier.length} hashes`);
  }
  const stack = new Uint8Array(STACK_MAX * HASH_BYTES);
  for (const [i, hash] of from.frontier.entries()) writeHash(hash, stack, i * HASH_BYTES);
  return stack;
}

interface OpenTile {
  readonly index: number;
  readonly hashes: Uint8Array;
  width: number;
}

/** The tile at the right-hand edge of each level, and those that were completed on the way. */
class TileEdges {
  private readonly before = new Map<number, EdgeTile>();
  private readonly open: (OpenTile | null)[] = [];
  private readonly done: TileWrite[] = [];
  private readonly leafCount: number;

  constructor(from: TreeEdge, leafCount: number) {
    this.leafCount = leafCount;
    const given = new Map(from.edge.map((tile) => [tile.level, tile]));
    for (const { level, index, width } of edgePositions(from.size)) {
      const tile = given.get(level);
      if (tile === undefined || tile.index !== index || tile.hashes.length !== width * HASH_BYTES) {
        throw new Error(
          `The edge of a tree of ${from.size} leaves lacks tile ${level}/${index} of ${width} hashes`,
        );
      }
      this.before.set(level, tile);
    }
  }

  /**
   * Puts the node at `position` of a tile level, which must be the level's next; its hash is copied from
   * `source`.
   */
  put(level: number, position: number, source: Uint8Array, at: number): void {
    const tile = this.open[level] ?? this.start(level, position);
    const to = tile.width * HASH_BYTES;
    for (let i = 0; i < HASH_BYTES; i++) tile.hashes[to + i] = source[at + i] ?? 0;
    tile.width += 1;
    if (tile.width < TILE_WIDTH) return;
    this.done.push({ level, index: tile.index, hashes: tile.hashes });
    this.open[level] = null;
  }

  private start(level: number, position: number): OpenTile {
    const width = position % TILE_WIDTH;
    const more = Math.floor(this.leafCount / TILE_WIDTH ** level) + 1;
    const hashes = new Uint8Array(Math.min(TILE_WIDTH, width + more) * HASH_BYTES);
    // A tile that starts in the middle goes on from the edge; only the first of a level can.
    const before = width === 0 ? undefined : this.before.get(level);
    if (before !== undefined) hashes.set(before.hashes);
    const tile = { index: Math.floor(position / TILE_WIDTH), hashes, width };
    this.open[level] = tile;
    return tile;
  }

  tiles(): TileWrite[] {
    const tiles = [...this.done];
    for (const [level, tile] of this.open.entries()) {
      if (tile)
        tiles.push({
          level,
          index: tile.index,
          hashes: tile.hashes.slice(0, tile.width * HASH_BYTES),
        });
    }
    return tiles.sort((a, b) => a.level - b.level || a.index - b.index);
  }
}
