import { emptyRoot, frontierRoot } from '#server/ledger/frontier.ts';
import type { Hash, Sha256 } from '#server/ledger/hash.ts';
import type { SeenCheckpoint, SeenOutcome } from './pack-outcome.ts';

interface Position {
  readonly level: number;
  readonly node: number;
}

/**
 * Finds out the roots that a tree had at smaller sizes, from nodes of the tree that came by in verified
 * paths. A smaller tree is made of few perfect subtrees, each of which is a node of the larger one, too.
 */
export class SeenRoots {
  /** Whether there is anything to collect. */
  readonly isNeeded: boolean;
  private readonly sha256: Sha256;
  private readonly tree: SeenCheckpoint;
  private readonly seen: readonly SeenCheckpoint[];
  /** By level: the nodes that are needed, with their hashes where they came by. */
  private readonly needed: Map<number, Hash | null>[] = [];

  /** @param tree the tree that the paths lead to */
  constructor(sha256: Sha256, tree: SeenCheckpoint, seen: readonly SeenCheckpoint[]) {
    this.sha256 = sha256;
    this.tree = tree;
    this.seen = seen;
    for (const { size } of seen) {
      if (size >= tree.size) continue;
      for (const { level, node } of frontierOf(size)) this.levelOf(level).set(node, null);
    }
    this.isNeeded = this.needed.some((nodes) => nodes.size > 0);
  }

  /** Takes a node of the tree: the root of its leaves from `node * 2^level` on. It must be verified. */
  offer(level: number, node: number, hash: Hash): void {
    const nodes = this.needed[level];
    if (nodes?.has(node)) nodes.set(node, hash);
  }

  outcome(): SeenOutcome[] {
    return this.seen.map(({ size, root }) => {
      const found = this.rootAt(size);
      return { size, root, state: found === null ? 'UNKNOWN' : found === root ? 'SAME' : 'DIFFERS' };
    });
  }

  private rootAt(size: number): Hash | null {
    if (size === this.tree.size) return this.tree.root;
    if (size > this.tree.size) return null;
    if (size === 0) return emptyRoot(this.sha256);
    const frontier: Hash[] = [];
    for (const { level, node } of frontierOf(size)) {
      const hash = this.levelOf(level).get(node) ?? null;
      if (hash === null) return null;
      frontier.push(hash);
    }
    return frontierRoot(this.sha256, frontier);
  }

  private levelOf(level: number): Map<number, Hash | null> {
    for (let next = this.needed.length; next <= level; next++) this.needed.push(new Map());
    return this.needed[level] ?? new Map<number, Hash | null>();
  }
}

/** The perfect subtrees that a tree of this size is made of, largest first. */
function frontierOf(size: number): Position[] {
  const positions: Position[] = [];
  let nodes = size;
  for (let level = 0; nodes > 0; level++) {
    if (nodes % 2 === 1) positions.unshift({ level, node: nodes - 1 });
    nodes = Math.floor(nodes / 2);
  }
  return positions;
}
