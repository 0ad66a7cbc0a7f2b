import { halved } from '#server/ledger/count.ts';
import { hashChildren } from '#server/ledger/frontier.ts';
import { type Hash, isHash, type Sha256 } from '#server/ledger/hash.ts';
import type { SeenCheckpoint } from './pack-outcome.ts';
import { PROOF_LENGTH_MAX } from './record-line.ts';
import type { SeenRoots } from './seen-roots.ts';

/** One step of a path: a node, and the sibling that it is hashed with. */
interface Step {
  node: number;
  hash: string;
  sibling: string;
  /** Whether the sibling is on the left. */
  isRight: boolean;
}

/**
 * Verifies inclusion paths to one root (RFC 9162 section 2.1.3.2). Neighbours share most of their paths:
 * where one comes to a node that the one before it came by, the rest is compared instead of hashed again,
 * so that records in order cost about two hashes each.
 */
export class PathCheck {
  private readonly sha256: Sha256;
  private readonly tree: SeenCheckpoint;
  private readonly roots: SeenRoots;
  /** Of the last path that verified, by level; levels without a step in it have node −1. */
  private readonly last: Step[] = Array.from({ length: PROOF_LENGTH_MAX + 1 }, emptyStep);
  private readonly path: Step[] = Array.from({ length: PROOF_LENGTH_MAX + 1 }, emptyStep);

  constructor(sha256: Sha256, tree: SeenCheckpoint, roots: SeenRoots) {
    this.sha256 = sha256;
    this.tree = tree;
    this.roots = roots;
  }

  /** Whether the leaf is in the tree at that index. Never throws. */
  check(index: number, leafHash: Hash, proof: readonly string[]): boolean {
    const { size, root } = this.tree;
    if (!Number.isSafeInteger(index) || index < 0 || index >= size) return false;
    let node = index;
    let end = size - 1;
    let level = 0;
    let hash = leafHash;
    const { path } = this;
    for (let i = 0; i < proof.length; i++) {
      const sibling = proof[i] ?? '';
      if (end === 0) return false;
      // At the ragged edge a node has no sibling on some levels: it goes up until it is on the right.
      while (node === end && node % 2 === 0 && node !== 0) {
        node /= 2;
        end = halved(end);
        path[level++]!.node = -1;
      }
      const before = this.last[level]!;
      if (before.node === node && before.hash === hash) {
        // The same node leads to the root by the same siblings only.
        if (!this.goesOnAs(level, proof, i)) return false;
        this.keep(level);
        return true;
      }
      if (!isHash(sibling)) return false;
      const step = path[level]!;
      step.node = node;
      step.hash = hash;
      step.sibling = sibling;
      step.isRight = node % 2 === 1;
      hash = step.isRight
        ? hashChildren(this.sha256, sibling, hash)
        : hashChildren(this.sha256, hash, sibling);
      node = halved(node);
      end = halved(end);
      level += 1;
    }
    if (end !== 0 || hash !== root) return false;
    this.keepWhole(level);
    return true;
  }

  /** Whether the last path's siblings from this level on are the proof's from `at` on. */
  private goesOnAs(level: number, proof: readonly string[], at: number): boolean {
    let next = at;
    for (let above = level; above < this.last.length; above++) {
      const { node, sibling } = this.last[above]!;
      if (node === -1) continue;
      if (proof[next] !== sibling) return false;
      next += 1;
    }
    return next === proof.length;
  }

  /** Makes the lower part of this path, up to `levels`, that of the last one; the rest is the same. */
  private keep(levels: number): void {
    const { last, path, roots } = this;
    for (let level = 0; level < levels; level++) {
      const step = path[level]!;
      path[level] = last[level]!;
      last[level] = step;
      if (!roots.isNeeded || step.node === -1) continue;
      // Verified by now: a hash and a sibling that was looked at.
      roots.offer(level, step.node, step.hash as Hash);
      roots.offer(level, step.isRight ? step.node - 1 : step.node + 1, step.sibling as Hash);
    }
  }

  private keepWhole(levels: number): void {
    this.keep(levels);
    for (let level = levels; level < this.last.length; level++) this.last[level]!.node = -1;
  }
}

function emptyStep(): Step {
  return { node: -1, hash: '', sibling: '', isRight: false };
}
