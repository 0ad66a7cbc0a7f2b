/**
 * A set of records of a segment, one bit each: record `n` is bit `n % 32` of word `n / 32`. Bits behind
 * `size` are always 0, so that whole words can be compared and counted. What combines two sets changes the
 * one it is called on and returns it; both must be of the same size.
 */
export class Bitset {
  /** Records that could be in it: 0 to `size` − 1. */
  readonly size: number;
  readonly words: Uint32Array<ArrayBuffer>;

  private constructor(size: number, words: Uint32Array<ArrayBuffer>) {
    this.size = size;
    this.words = words;
  }

  static none(size: number): Bitset {
    return new Bitset(size, new Uint32Array((size + 31) >>> 5));
  }

  static all(size: number): Bitset {
    return Bitset.none(size).invert();
  }

  add(record: number): void {
    const { words } = this;
    const at = record >>> 5;
    words[at] = (words[at] ?? 0) | (1 << (record & 31));
  }

  /** Adds the records from one (inclusive) to another (exclusive). */
  addRange(from: number, to: number): void {
    const { words } = this;
    const first = Math.max(from, 0);
    const end = Math.min(to, this.size);
    if (first >= end) return;
    const firstWord = first >>> 5;
    const lastWord = (end - 1) >>> 5;
    const head = 0xffff_ffff << (first & 31);
    const tail = 0xffff_ffff >>> (31 - ((end - 1) & 31));
    if (firstWord === lastWord) {
      words[firstWord] = (words[firstWord] ?? 0) | (head & tail);
      return;
    }
    words[firstWord] = (words[firstWord] ?? 0) | head;
    words.fill(0xffff_ffff, firstWord + 1, lastWord);
    words[lastWord] = (words[lastWord] ?? 0) | tail;
  }

  has(record: number): boolean {
    return (((this.words[record >>> 5] ?? 0) >>> (record & 31)) & 1) === 1;
  }

  and(other: Bitset): this {
    const { words } = this;
    const others = other.words;
    for (let i = 0; i < words.length; i++) words[i] = (words[i] ?? 0) & (others[i] ?? 0);
    return this;
  }

  or(other: Bitset): this {
    const { words } = this;
    const others = other.words;
    for (let i = 0; i < words.length; i++) words[i] = (words[i] ?? 0) | (others[i] ?? 0);
    return this;
  }

  /** Takes away what the other one has. */
  andNot(other: Bitset): this {
    const { words } = this;
    const others = other.words;
    for (let i = 0; i < words.length; i++) words[i] = (words[i] ?? 0) & ~(others[i] ?? 0);
    return this;
  }

  /** Holds what it did not hold, and the other way round. */
  invert(): this {
    const { words } = this;
    for (let i = 0; i < words.length; i++) words[i] = ~(words[i] ?? 0);
    const last = words.length - 1;
    if ((this.size & 31) !== 0) words[last] = (words[last] ?? 0) & (0xffff_ffff >>> (32 - (this.size & 31)));
    return this;
  }

  copy(): Bitset {
    return new Bitset(this.size, this.words.slice());
  }

  clear(): this {
    this.words.fill(0);
    return this;
  }

  /** Records in it. */
  count(): number {
    const { words } = this;
    let count = 0;
    for (let i = 0; i < words.length; i++) count += bitsOf(words[i] ?? 0);
    return count;
  }

  /** Records that are in both. */
  countAnd(other: Bitset): number {
    const { words } = this;
    const others = other.words;
    let count = 0;
    for (let i = 0; i < words.length; i++) count += bitsOf((words[i] ?? 0) & (others[i] ?? 0));
    return count;
  }

  /** Records in it from one (inclusive) to another (exclusive). */
  countRange(from: number, to: number): number {
    const { words } = this;
    const first = Math.max(from, 0);
    const end = Math.min(to, this.size);
    if (first >= end) return 0;
    const firstWord = first >>> 5;
    const lastWord = (end - 1) >>> 5;
    const head = 0xffff_ffff << (first & 31);
    const tail = 0xffff_ffff >>> (31 - ((end - 1) & 31));
    if (firstWord === lastWord) return bitsOf((words[firstWord] ?? 0) & head & tail);
    let count = bitsOf((words[firstWord] ?? 0) & head) + bitsOf((words[lastWord] ?? 0) & tail);
    for (let i = firstWord + 1; i < lastWord; i++) count += bitsOf(words[i] ?? 0);
    return count;
  }

  isEmpty(): boolean {
    const { words } = this;
    for (let i = 0; i < words.length; i++) if (words[i] !== 0) return false;
    return true;
  }

  equals(other: Bitset): boolean {
    const { words } = this;
    const others = other.words;
    if (this.size !== other.size) return false;
    for (let i = 0; i < words.length; i++) if (words[i] !== others[i]) return false;
    return true;
  }

  /** Gives each record, ascending. */
  forEach(visit: (record: number) => void): void {
    const { words } = this;
    for (let i = 0; i < words.length; i++) {
      let word = words[i] ?? 0;
      while (word !== 0) {
        visit((i << 5) + 31 - Math.clz32(word & -word));
        word &= word - 1;
      }
    }
  }

  /** The lowest record in it that is not below `from`; −1 for none. */
  next(from: number): number {
    const { words } = this;
    if (from >= this.size) return -1;
    const start = Math.max(from, 0);
    let at = start >>> 5;
    let word = (words[at] ?? 0) & (0xffff_ffff << (start & 31));
    while (word === 0) {
      at++;
      if (at >= words.length) return -1;
      word = words[at] ?? 0;
    }
    return (at << 5) + 31 - Math.clz32(word & -word);
  }

  /** The highest record in it that is not above `from`; −1 for none. */
  previous(from: number): number {
    const { words } = this;
    const start = Math.min(from, this.size - 1);
    if (start < 0) return -1;
    let at = start >>> 5;
    let word = (words[at] ?? 0) & (0xffff_ffff >>> (31 - (start & 31)));
    while (word === 0) {
      at--;
      if (at < 0) return -1;
      word = words[at] ?? 0;
    }
    return (at << 5) + 31 - Math.clz32(word);
  }

  /** The record in it that has so many lower ones in it; −1 where there are not so many. */
  nth(lower: number): number {
    const { words } = this;
    let left = lower;
    for (let at = 0; at < words.length; at++) {
      let word = words[at] ?? 0;
      const bits = bitsOf(word);
      if (left >= bits) {
        left -= bits;
        continue;
      }
      for (; left > 0; left--) word &= word - 1;
      return (at << 5) + 31 - Math.clz32(word & -word);
    }
    return -1;
  }

  /** Ascending. */
  *[Symbol.iterator](): IterableIterator<number> {
    for (let record = this.next(0); record >= 0; record = this.next(record + 1)) yield record;
  }

  /** Descending. */
  *backwards(): IterableIterator<number> {
    for (let record = this.previous(this.size - 1); record >= 0; record = this.previous(record - 1))
      yield record;
  }
}

/** Bits of a word that are 1. */
export function bitsOf(word: number): number {
  const pairs = word - ((word >>> 1) & 0x5555_5555);
  const nibbles = (pairs & 0x3333_3333) + ((pairs >>> 2) & 0x3333_3333);
  return Math.imul((nibbles + (nibbles >>> 4)) & 0x0f0f_0f0f, 0x0101_0101) >>> 24;
}
