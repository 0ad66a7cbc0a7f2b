import { type CountSketch, countOfPlace, createCountSketch, mix } from './count-sketch.ts';

/** Slots at first, and at most; powers of two. */
const SLOTS_MIN = 1 << 12;
const SLOTS_MAX = 1 << 22;
/** Marks of which hashes are frequent; a power of two. */
const MARKS = 1 << 14;

/**
 * Counts of values by their hashes of 32 bits, one for each hash as long as there are no more than some three
 * million of them; what comes then makes it a sketch. So it takes some 40 MB at most.
 */
export function createHashCounts(slotsMax = SLOTS_MAX): CountSketch {
  let table: HashTable | null = new HashTable(SLOTS_MIN);
  let sketch: CountSketch | null = null;

  const makeRoom = (full: HashTable): void => {
    const isLast = full.slots >= slotsMax;
    table = isLast ? null : new HashTable(full.slots * 2);
    sketch = isLast ? createCountSketch() : null;
    const target = table ?? sketch;
    full.forEach((hash, count) => target?.add(hash, count));
  };
  return {
    add(hash, count) {
      if (table !== null && table.isFull) makeRoom(table);
      (table ?? sketch)?.add(hash, count);
    },
    atMost: (hash) => (table ?? sketch)?.atMost(hash) ?? 0,
    atLeast: (count) => (table ?? sketch)?.atLeast(count) ?? (() => false),
    countOfPlace: (place) => (table ?? sketch)?.countOfPlace(place) ?? 1,
  };
}

/**
 * A slot has a hash and behind it its count; one whose count is 0 is free. A hash is in the first slot that
 * was free from its own one on.
 */
class HashTable implements CountSketch {
  readonly slots: number;
  /** Side by side: what belongs together is fetched together. */
  private readonly pairs: Uint32Array;
  private used = 0;

  constructor(slots: number) {
    this.slots = slots;
    this.pairs = new Uint32Array(slots * 2);
  }

  /** Beyond this the way to a free slot gets long. */
  get isFull(): boolean {
    return this.used >= this.slots * 0.7;
  }

  add(hash: number, count: number): void {
    const { pairs } = this;
    const at = this.placeOf(hash);
    const before = pairs[at + 1] ?? 0;
    if (before === 0) {
      this.used++;
      pairs[at] = hash;
    }
    pairs[at + 1] = before + count;
  }

  atMost(hash: number): number {
    return this.pairs[this.placeOf(hash) + 1] ?? 0;
  }

  atLeast(count: number): (hash: number) => boolean {
    // Nearly all are turned away by these few bits, which stay at hand.
    const marks = new Uint8Array(MARKS);
    this.forEach((hash, counted) => {
      if (counted >= count) marks[hash & (MARKS - 1)] = 1;
    });
    return (hash) => marks[hash & (MARKS - 1)] === 1 && this.atMost(hash) >= count;
  }

  countOfPlace(place: number): number {
    const counts = new Uint32Array(this.slots);
    for (let slot = 0; slot < this.slots; slot++) counts[slot] = this.pairs[slot * 2 + 1] ?? 0;
    return countOfPlace(counts, place);
  }

  forEach(visit: (hash: number, count: number) => void): void {
    const { pairs } = this;
    for (let at = 0; at < pairs.length; at += 2) {
      const count = pairs[at + 1] ?? 0;
      if (count > 0) visit(pairs[at] ?? 0, count);
    }
  }

  /** Where in the pairs the hash is, or is to be. */
  private placeOf(hash: number): number {
    const { pairs } = this;
    const last = pairs.length - 2;
    let at = (mix(hash) << 1) & last;
    while (pairs[at + 1] !== 0 && pairs[at] !== hash) at = (at + 2) & last;
    return at;
  }
}
