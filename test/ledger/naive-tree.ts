import { createHash } from 'node:crypto';

/**
 * RFC 6962 section 2.1, written down as it stands there, over leaf hashes. Slow, and shares no code with
 * ours.
 */
export type Leaves = readonly Buffer[];

function hashNode(left: Buffer, right: Buffer): Buffer {
  return createHash('sha256').update(Buffer.of(1)).update(left).update(right).digest();
}

/** The largest power of two smaller than n. */
function k(n: number): number {
  return 2 ** Math.ceil(Math.log2(n) - 1);
}

/** MTH(D[n]) of section 2.1. */
export function mth(leaves: Leaves): Buffer {
  if (leaves.length === 0) return createHash('sha256').digest();
  const [only] = leaves;
  if (leaves.length === 1 && only) return only;
  const middle = k(leaves.length);
  return hashNode(mth(leaves.slice(0, middle)), mth(leaves.slice(middle)));
}

/** PATH(m, D[n]) of section 2.1.1. */
export function path(m: number, leaves: Leaves): Buffer[] {
  if (leaves.length === 1) return [];
  const middle = k(leaves.length);
  return m < middle
    ? [...path(m, leaves.slice(0, middle)), mth(leaves.slice(middle))]
    : [...path(m - middle, leaves.slice(middle)), mth(leaves.slice(0, middle))];
}

/** SUBPROOF(m, D[n], b) of section 2.1.2; PROOF is the one with b = true. */
export function subproof(m: number, leaves: Leaves, b = true): Buffer[] {
  if (m === leaves.length) return b ? [] : [mth(leaves)];
  const middle = k(leaves.length);
  return m <= middle
    ? [...subproof(m, leaves.slice(0, middle), b), mth(leaves.slice(middle))]
    : [...subproof(m - middle, leaves.slice(middle), false), mth(leaves.slice(0, middle))];
}

export function base64(hashes: readonly Buffer[]): string[] {
  return hashes.map((hash) => hash.toString('base64'));
}
