import { describe, expect, it } from 'vitest';
import { createBoundedCache } from '#server/index/bounded-cache.ts';
import { SeededRandom } from '#test/support/seeded-random.ts';

describe('a bounded cache', () => {
  it('lets go first what was not used since it came', () => {
    const cache = createBoundedCache<number>(3);
    for (const key of ['a', 'b', 'c']) cache.set(key, 1, 1);
    cache.get('a');
    cache.get('c');
    cache.set('d', 1, 1);
    expect(['a', 'b', 'c', 'd'].map((key) => cache.get(key))).toEqual([1, undefined, 1, 1]);
  });

  it('keeps what was set last, whatever it weighs, and no more than it may have', () => {
    const random = new SeededRandom(3);
    const cache = createBoundedCache<number, number>(50);
    const weights = new Map<number, number>();
    for (let round = 0; round < 5_000; round++) {
      const [key, weight] = [random.below(30), random.below(40)];
      const choice = random.below(4);
      if (choice === 0) cache.get(key);
      else if (choice === 1 && cache.get(key) !== undefined) {
        cache.grow(key, 1);
        weights.set(key, (weights.get(key) ?? 0) + 1);
      } else {
        cache.set(key, round, weight);
        weights.set(key, weight);
        expect(cache.get(key)).toBe(round);
      }
      const kept = [...weights.keys()].filter((each) => cache.get(each) !== undefined);
      expect(cache.weight).toBe(kept.reduce((sum, each) => sum + (weights.get(each) ?? 0), 0));
      expect(cache.weight <= 50 || kept.length === 1).toBe(true);
    }
    cache.delete(1);
    expect(cache.get(1)).toBeUndefined();
  });
});
