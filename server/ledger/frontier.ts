import { HASH_BYTES, type Hash, type Sha256 } from './hash.ts';
import { writeHash } from './hash-bytes.ts';

const NODE_PREFIX = 0x01;

/** Refilled by each call and read by the hash at once: nothing of it outlives the call. */
const node = new Uint8Array(1 + 2 * HASH_BYTES);
node[0] = NODE_PREFIX;

/** Root of the tree without leaves: SHA-256 of nothing (RFC 6962 section 2.1). */
export function emptyRoot(sha256: Sha256): Hash {
  return sha256(new Uint8Array(0));
}

/** Hash of an inner node: SHA-256(0x01 || left || right). */
export function hashChildren(sha256: Sha256, left: Hash, right: Hash): Hash {
  writeHash(left, node, 1);
  writeHash(right, node, 1 + HASH_BYTES);
  return sha256(node);
}

/** The same over two hashes that lie side by side in `bytes` from `at` on. */
export function hashChildrenAt(sha256: Sha256, bytes: Uint8Array, at: number): Hash {
  for (let i = 0; i < 2 * HASH_BYTES; i++) node[i + 1] = bytes[at + i] ?? 0;
  return sha256(node);
}

/**
 * Root of the tree whose perfect subtrees have these roots, largest first. That list, the frontier, is all of
 * a tree that a further leaf needs; it has one hash for each binary one in the tree's size.
 */
export function frontierRoot(sha256: Sha256, frontier: readonly Hash[]): Hash {
  let root = frontier.at(-1);
  if (root === undefined) return emptyRoot(sha256);
  for (let i = frontier.length - 2; i >= 0; i--) {
    const left = frontier[i];
    if (left !== undefined) root = hashChildren(sha256, left, root);
  }
  return root;
}

/** How many hashes the frontier of a tree of this size has. */
export function frontierLength(size: number): number {
  let count = 0;
  for (let rest = size; rest > 0; rest = Math.floor(rest / 2)) count += rest % 2;
  return count;
}
