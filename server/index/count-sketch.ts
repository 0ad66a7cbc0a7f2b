/** Places of each of the two rows; a power of two. */
const PLACES = 1 << 20;

/**
 * Counts of very many values in little memory, by their hashes of 32 bits: each value is counted at a place
 * in either of two rows, which it shares with others. So it never seems rarer than it is.
 */
export interface CountSketch {
  add(hash: number, count: number): void;
  /** The value whose hash this is does not occur more often. */
  atMost(hash: number): number;
  /** Tells of a hash whether `atMost` gives so much, and more quickly of very many of them. */
  atLeast(count: number): (hash: number) => boolean;
  /** The count of the place that is at this place when all are in order, the highest first; at least 1. */
  countOfPlace(place: number): number;
}

export function createCountSketch(): CountSketch {
  const byHighBits = new Uint32Array(PLACES);
  const byLowBits = new Uint32Array(PLACES);
  return {
    add(hash, count) {
      const mixed = mix(hash);
      const [high, low] = [mixed >>> 12, mixed & (PLACES - 1)];
      byHighBits[high] = (byHighBits[high] ?? 0) + count;
      byLowBits[low] = (byLowBits[low] ?? 0) + count;
    },
    atMost(hash) {
      const mixed = mix(hash);
      return Math.min(byHighBits[mixed >>> 12] ?? 0, byLowBits[mixed & (PLACES - 1)] ?? 0);
    },
    atLeast(count) {
      return (hash) => this.atMost(hash) >= count;
    },
    countOfPlace: (place) => countOfPlace(byHighBits, place),
  };
}

/** Up to this place it is quicker to keep the highest ones than to sort all. */
const KEPT_MAX = 64;

/** The count that is at this place when all but 0 are in order, the highest first; at least 1. */
export function countOfPlace(counts: Uint32Array, place: number): number {
  if (place > KEPT_MAX)
    return (
      counts
        .filter((count) => count > 0)
        .sort()
        .at(-place) ?? 1
    );
  /** The highest ones so far, ascending. */
  const kept = new Uint32Array(place);
  for (let at = 0; at < counts.length; at++) {
    const count = counts[at] ?? 0;
    if (count <= (kept[0] ?? 0)) continue;
    let to = 0;
    for (; to + 1 < place && (kept[to + 1] ?? 0) < count; to++) kept[to] = kept[to + 1] ?? 0;
    kept[to] = count;
  }
  return Math.max(kept[0] ?? 0, 1);
}

/**
 * Spreads what similar texts have in common over all bits (the end of MurmurHash3); no two become the same.
 */
export function mix(hash: number): number {
  const once = Math.imul(hash ^ (hash >>> 16), 0x85eb_ca6b);
  const twice = Math.imul(once ^ (once >>> 13), 0xc2b2_ae35);
  return (twice ^ (twice >>> 16)) >>> 0;
}
