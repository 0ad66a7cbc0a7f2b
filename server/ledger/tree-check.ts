import { decodeBase64, encodeBase64 } from './base64.ts';
import type { BreakList } from './break.ts';
import { emptyRoot, frontierLength, frontierRoot } from './frontier.ts';
import { HASH_BYTES, type Hash, isHash, type Sha256 } from './hash.ts';
import type { ReadTile } from './proof.ts';
import { type EdgeTile, edgePositions, growTree, TILE_WIDTH, type TileWrite, type TreeEdge } from './tile.ts';

/** A tree that was checked so far, as plain data: with it the check goes on in another process. */
export interface TreeCheckState {
  readonly size: number;
  readonly frontier: readonly string[];
  /** base64 of the partial tiles, lowest level first. */
  readonly edge: readonly string[];
  /** Pairs of a level and the nodes of its open tile that are spoiled. */
  readonly spoiled: readonly (readonly [level: number, nodes: readonly number[]])[];
}

/**
 * Grows a tree from the leaves that verification reads, and compares each tile with the stored one once it is
 * full. Holds a few tiles in memory, however large the ledger is.
 */
export class TreeCheck {
  private readonly sha256: Sha256;
  private readonly readTile: ReadTile;
  private readonly breaks: BreakList;
  private tree: TreeEdge = { size: 0, frontier: [], edge: [] };
  private currentRoot: Hash;
  private waiting: Hash[] = [];
  /** Full tiles that are not compared yet, in order. */
  private full: TileWrite[] = [];
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

  /** Roots of the perfect subtrees, largest first. */
  get frontier(): readonly Hash[] {
    this.grow();
    return this.tree.frontier;
  }

  /** Takes the next leaf. `compare` is due from time to time: full tiles wait for it. */
  append(leaf: Hash): void {
    this.waiting.push(leaf);
    if (this.size % TILE_WIDTH === 0) this.grow();
  }

  /** Root over the leaves so far. */
  root(): Hash {
    this.grow();
    return this.currentRoot;
  }

  /** Compares the tiles that became full. */
  async compare(): Promise<void> {
    const { full } = this;
    this.full = [];
    for (const tile of full) await this.compareOne(tile);
  }

  /** Compares the partial tiles at the right-hand edge too: the last thing to do. */
  async end(): Promise<void> {
    this.grow();
    await this.compare();
    const edge = [...this.tree.edge].sort((a, b) => a.level - b.level);
    for (const tile of edge) await this.compareOne(tile);
  }

  /** What `restore` takes. `compare` must have been called last. */
  state(): TreeCheckState {
    this.grow();
    const { size, frontier, edge } = this.tree;
    return {
      size,
      frontier,
      edge: [...edge].sort((a, b) => a.level - b.level).map(({ hashes }) => encodeBase64(hashes)),
      spoiled: [...this.spoiled].map(([level, nodes]) => [level, [...nodes]] as const),
    };
  }

  /** Goes on from there; `false`, and nothing is changed, where that is no state of a tree. */
  restore({ size, frontier, edge, spoiled }: TreeCheckState): boolean {
    const positions = edgePositions(size);
    const tiles: EdgeTile[] = [];
    for (const [i, { level, index, width }] of positions.entries()) {
      const hashes = decodeBase64(edge[i] ?? '');
      if (hashes === null || hashes.length !== width * HASH_BYTES) return false;
      tiles.push({ level, index, hashes });
    }
    const hashes = frontier.filter(isHash);
    if (edge.length !== positions.length || hashes.length !== frontier.length) return false;
    if (hashes.length !== frontierLength(size)) return false;
    this.tree = { size, frontier: hashes, edge: tiles };
    this.currentRoot = frontierRoot(this.sha256, hashes);
    for (const [level, nodes] of spoiled) this.spoiled.set(level, new Set(nodes));
    return true;
  }

  private grow(): void {
    if (this.waiting.length === 0) return;
    const grown = growTree(this.sha256, this.tree, this.waiting);
    this.waiting = [];
    const edge = new Map<number, EdgeTile>(this.tree.edge.map((tile) => [tile.level, tile]));
    for (const tile of grown.tiles) {
      if (tile.hashes.length === TILE_WIDTH * HASH_BYTES) {
        edge.delete(tile.level);
        this.full.push(tile);
      } else {
        edge.set(tile.level, tile);
      }
    }
    this.tree = { size: grown.size, frontier: grown.frontier, edge: [...edge.values()] };
    this.currentRoot = grown.root;
  }

  private async compareOne({ level, index, hashes }: TileWrite): Promise<void> {
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
