import { describe, expect, it } from 'vitest';
import { createHashCounts } from '#server/index/hash-counts.ts';
import { SeededRandom } from '#test/support/seeded-random.ts';

/** Counts of random hashes, of which many come again. */
function drawCounts(counts: ReturnType<typeof createHashCounts>, draws: number): ReadonlyMap<number, number> {
  const random = new SeededRandom(1);
  const expected = new Map<number, number>();
  const hashes = Array.from({ length: 20_000 }, () => random.below(2 ** 32));
  for (let i = 0; i < draws; i++) {
    const hash = i < 5 ? i : random.pick(hashes);
    const count = 1 + random.below(3);
    counts.add(hash, count);
    expected.set(hash, (expected.get(hash) ?? 0) + count);
  }
  return expected;
}

describe('counts by hash', () => {
  it('are exact for each hash as long as there is room, and 0 for others', () => {
    const counts = createHashCounts();
    const expected = drawCounts(counts, 60_000);
    for (const [hash, count] of expected) expect(counts.atMost(hash)).toBe(count);
    const isFrequent = counts.atLeast(5);
    for (const [hash, count] of expected) expect(isFrequent(hash)).toBe(count >= 5);
    const sorted = [...expected.values()].sort((a, b) => b - a);
    for (const place of [1, 7, 500]) expect(counts.countOfPlace(place)).toBe(sorted[place - 1]);
    expect(counts.countOfPlace(1_000_000)).toBe(1);
  });

  it('are never too low where there is none', () => {
    const counts = createHashCounts(1 << 12);
    const expected = drawCounts(counts, 60_000);
    const isFrequent = counts.atLeast(5);
    let exact = 0;
    for (const [hash, count] of expected) {
      expect(counts.atMost(hash)).toBeGreaterThanOrEqual(count);
      expect(isFrequent(hash)).toBe(counts.atMost(hash) >= 5);
      if (counts.atMost(hash) === count) exact++;
    }
    expect(exact).toBeGreaterThan(expected.size * 0.9);
  });
});
