import type { BreakList } from './break.ts';
import { emptyRoot } from './frontier.ts';
import { HASH_BYTES, type Hash, type Sha256 } from './hash.ts';
import type { ReadTile } from './proof.ts';
import { type EdgeTile, growTree, TILE_WIDTH, type TileWrite, type TreeEdge } from './tile.ts';

/**
 * Grows a tree from the leaves that verification reads, and compares each tile with the stored one as soon as
 * it is full. Holds a few tiles in memory, however large the ledger is.
 */
export class TreeCheck {
  private readonly sha256: Sha256;
  private readonly readTile: ReadTile;
  private readonly breaks: BreakList;
  private tree: TreeEdge = { size: 0, frontier: [], edge: [] };
  private currentRoot: Hash;
  private waiting: Hash[] = [];
  /**
   * By level: nodes of the open tile that differ because a tile below them does, which is reported already.
   */
  private readonly spoiled = new Map<number, Set<number>>();

  constructor(sha256: Sha256, readTile: ReadTile, breaks: BreakList) {
    this.sha256 = sha256;
    this.readTile = readTile;
    this.breaks = breaks;
    this.currentRoot = emptyRoot(sha256);
  }

  /** Leaves so far. */
  get size(): number {
    return this.tree.size + this.waiting.length;
  }

  /** Takes the next leaf. Gives `null` where there is nothing to wait for, which is so for most leaves. */
  append(leaf: Hash): Promise<void> | null {
    this.waiting.push(leaf);
    return this.size % TILE_WIDTH === 0 ? this.grow() : null;
  }

  /** Root over the leaves so far. */
  async root(): Promise<Hash> {
    await this.grow();
    return this.currentRoot;
  }

  /** Compares the partial tiles at the right-hand edge: the last thing to do. */
  async end(): Promise<void> {
    await this.grow();
    const edge = [...this.tree.edge].sort((a, b) => a.level - b.level);
    for (const tile of edge) await this.compare(tile);
  }

  private async grow(): Promise<void> {
    if (this.waiting.length === 0) return;
    const grown = growTree(this.sha256, this.tree, this.waiting);
    this.waiting = [];
    const edge = new Map<number, EdgeTile>(this.tree.edge.map((tile) => [tile.level, tile]));
    for (const tile of grown.tiles) {
      if (tile.hashes.length === TILE_WIDTH * HASH_BYTES) {
        edge.delete(tile.level);
        await this.compare(tile);
      } else {
        edge.set(tile.level, tile);
      }
    }
    this.tree = { size: grown.size, frontier: grown.frontier, edge: [...edge.values()] };
    this.currentRoot = grown.root;
  }

  private async compare({ level, index, hashes }: TileWrite): Promise<void> {
    const width = hashes.length / HASH_BYTES;
    const spoiled = this.spoiled.get(level);
    this.spoiled.delete(level);
    const stored = await this.stored(level, index, width);
    let differs = false;
    for (let at = 0; at < width; at++) {
      if (stored !== null && sameHash(stored, hashes, at)) continue;
      differs = true;
      if (stored === null || spoiled?.has(at)) continue;
      const leaf = (index * TILE_WIDTH + at) * TILE_WIDTH ** level;
      const what = level === 0 ? 'the leaf' : `the node of ${TILE_WIDTH ** level} leaves`;
      this.breaks.add('ROOT_MISMATCH', leaf, `${what} in tile ${level}/${index} is not that of the records`);
    }
    // An absent tile spoils no other: its parent is computed from the records, not from it.
    if (differs && stored !== null && width === TILE_WIDTH) this.spoil(level + 1, index % TILE_WIDTH);
  }

  private async stored(level: number, index: number, width: number): Promise<Uint8Array | null> {
    try {
      const tile = await this.readTile(level, index, width);
      if (tile.length >= width * HASH_BYTES) return tile;
    } catch {
      // A tile that cannot be read is reported like one that is too short.
    }
    const leaf = index * TILE_WIDTH ** (level + 1);
    this.breaks.add('ROOT_MISMATCH', leaf, `tile ${level}/${index} of ${width} hashes cannot be read`);
    return null;
  }

  private spoil(level: number, at: number): void {
    const nodes = this.spoiled.get(level) ?? new Set();
    nodes.add(at);
    this.spoiled.set(level, nodes);
  }
}

/** Whether two tiles have the same hash in one place. */
function sameHash(a: Uint8Array, b: Uint8Array, place: number): boolean {
  for (let i = place * HASH_BYTES; i < (place + 1) * HASH_BYTES; i++) {
    if (a[i] !== b[i]) return false;
  }
  return true;
}
