import { describe, expect, it } from 'vitest';
import { countBetween } from '#server/records/count-between.ts';
import { SeededRandom } from '#test/support/seeded-random.ts';

function ascending(size: number, spread: number, random: SeededRandom): readonly number[] {
  return Array.from({ length: size }, () => random.below(spread)).sort((a, b) => a - b);
}

describe('counting between edges', () => {
  it.each([0, 1, 2, 100, 513, 30_000])('is what looking at each of %i values gives', async (size) => {
    const random = new SeededRandom(size);
    for (const spread of [1, 10, 100_000]) {
      const values = ascending(size, spread, random);
      const edges = ascending(1 + random.below(80), spread + 20, random);
      const counts = await countBetween(size, edges, async (indexes) => indexes.map((i) => values[i]!));
      const expected = edges
        .slice(1)
        .map((to, i) => values.filter((value) => value >= (edges[i] ?? 0) && value < to).length);
      expect(counts).toEqual(expected);
    }
  });

  it('takes few rounds and few reads in the largest ledgers', async () => {
    const size = 100_000_000;
    let rounds = 0;
    let reads = 0;
    const edges = Array.from({ length: 61 }, (_, i) => size - 10_000 * (60 - i));
    const counts = await countBetween(size, edges, async (indexes) => {
      rounds += 1;
      reads += indexes.length;
      return indexes;
    });
    expect(counts).toEqual(edges.slice(1).map(() => 10_000));
    expect(rounds).toBeLessThanOrEqual(9);
    expect(reads).toBeLessThan(5_000);
  });
});
