import { hashChildren } from '#server/ledger/frontier.ts';
import { type Hash, isHash } from '#server/ledger/hash.ts';
import { isCount } from '#server/ledger/count.ts';
import { sha256 } from './sha256.ts';

/** One step up the tree: what the hash so far is joined with, and what that gives. */
export interface PathLevel {
  /** On which side the neighbour lies. */
  readonly side: 'LEFT' | 'RIGHT';
  readonly neighbour: string;
  /** Hash of both; `null` where the neighbour is no hash. */
  readonly joined: Hash | null;
}

/** What a path is followed for. */
export interface PathToFollow {
  readonly index: number;
  readonly size: number;
  readonly leafHash: string;
  readonly hashes: readonly string[];
}

/**
 * The steps that a path takes from the leaf up, for showing them; whether they lead to the root is not said
 * here. A path that is too long ends where the tree does. Never throws.
 */
export function pathLevels({ index, size, leafHash, hashes }: PathToFollow): readonly PathLevel[] {
  if (!isCount(index) || !isCount(size) || index >= size) return [];
  const levels: PathLevel[] = [];
  let [node, last] = [index, size - 1];
  let hash: Hash | null = isHash(leafHash) ? leafHash : null;
  for (const neighbour of hashes) {
    if (last === 0) break;
    const side = node % 2 === 1 || node === last ? 'LEFT' : 'RIGHT';
    hash = hash === null || !isHash(neighbour) ? null : join(side, hash, neighbour);
    levels.push({ side, neighbour, joined: hash });
    // A last node without a neighbour goes up as it is.
    if (side === 'LEFT') while (node % 2 === 0 && node !== 0) [node, last] = [half(node), half(last)];
    [node, last] = [half(node), half(last)];
  }
  return levels;
}

function join(side: PathLevel['side'], hash: Hash, neighbour: Hash): Hash {
  return side === 'LEFT' ? hashChildren(sha256, neighbour, hash) : hashChildren(sha256, hash, neighbour);
}

function half(count: number): number {
  return Math.floor(count / 2);
}
