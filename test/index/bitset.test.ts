import { describe, expect, it } from 'vitest';
import { Bitset } from '#server/index/bitset.ts';
import { SeededRandom } from '#test/support/seeded-random.ts';

const SIZES = [0, 1, 31, 32, 33, 63, 64, 65, 100, 1000, 16_384];

/** A set of records, and the same as the platform has it. */
function sets(size: number, random: SeededRandom, density = random.fraction()) {
  const bits = Bitset.none(size);
  const plain = new Set<number>();
  for (let record = 0; record < size; record++) {
    if (random.fraction() >= density) continue;
    bits.add(record);
    plain.add(record);
  }
  return { bits, plain };
}

const listOf = (bits: Bitset): number[] => [...bits];
const below = (size: number): number[] => Array.from({ length: size }, (_, i) => i);

describe('a set of records', () => {
  it.each(SIZES)('of %i has all or none of them', (size) => {
    expect(listOf(Bitset.none(size))).toEqual([]);
    expect(Bitset.none(size).isEmpty()).toBe(true);
    expect(listOf(Bitset.all(size))).toEqual(below(size));
    expect(Bitset.all(size).count()).toBe(size);
    expect(Bitset.all(size).isEmpty()).toBe(size === 0);
  });

  it.each(SIZES)('of %i is combined with another as sets are', (size) => {
    const random = new SeededRandom(size + 1);
    for (let round = 0; round < 20; round++) {
      const a = sets(size, random);
      const b = sets(size, random);
      const all = below(size);
      const is = (bits: Bitset, keep: (record: number) => boolean) =>
        expect(listOf(bits)).toEqual(all.filter(keep));
      is(a.bits.copy().and(b.bits), (n) => a.plain.has(n) && b.plain.has(n));
      is(a.bits.copy().or(b.bits), (n) => a.plain.has(n) || b.plain.has(n));
      is(a.bits.copy().andNot(b.bits), (n) => a.plain.has(n) && !b.plain.has(n));
      is(a.bits.copy().invert(), (n) => !a.plain.has(n));
      is(a.bits, (n) => a.plain.has(n));
      expect(a.bits.countAnd(b.bits)).toBe(all.filter((n) => a.plain.has(n) && b.plain.has(n)).length);
      expect(a.bits.count()).toBe(a.plain.size);
      expect(a.bits.equals(a.bits.copy())).toBe(true);
      expect(a.bits.equals(b.bits)).toBe(all.every((n) => a.plain.has(n) === b.plain.has(n)));
    }
  });

  it.each(SIZES)('of %i is gone through both ways', (size) => {
    const random = new SeededRandom(size + 2);
    for (const density of [0, 0.01, 0.5, 1]) {
      const { bits, plain } = sets(size, random, density);
      const ascending = [...plain].sort((a, b) => a - b);
      const visited: number[] = [];
      bits.forEach((record) => visited.push(record));
      expect(visited).toEqual(ascending);
      expect([...bits.backwards()]).toEqual(ascending.toReversed());
      expect(ascending.map((_, lower) => bits.nth(lower))).toEqual(ascending);
      expect(bits.nth(ascending.length)).toBe(-1);
      for (const from of [-5, 0, 1, 30, 31, 32, 33, size - 1, size, size + 40]) {
        expect(bits.next(from)).toBe(ascending.find((record) => record >= from) ?? -1);
        expect(bits.previous(from)).toBe(ascending.findLast((record) => record <= from) ?? -1);
      }
    }
  });

  it('takes ranges, also such as reach beyond it', () => {
    const random = new SeededRandom(3);
    for (const size of SIZES) {
      for (let round = 0; round < 50; round++) {
        const [from, to] = [random.below(size + 20) - 10, random.below(size + 20) - 10];
        const bits = Bitset.none(size);
        bits.addRange(from, to);
        expect(listOf(bits)).toEqual(below(size).filter((record) => record >= from && record < to));
      }
    }
  });

  it('has nothing behind its size, whatever is done', () => {
    const bits = Bitset.all(33).or(Bitset.all(33)).invert().invert();
    expect([...bits.words]).toEqual([0xffff_ffff, 1]);
    expect(bits.has(32)).toBe(true);
    expect(bits.has(33)).toBe(false);
    expect(bits.clear().isEmpty()).toBe(true);
  });
});
