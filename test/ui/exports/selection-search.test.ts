import { describe, expect, it } from 'vitest';
import { parseQuery } from '#server/records/query/parse-query.ts';
import { selectionSearch } from '#ui/exports/selection-search.ts';

/** The indexes below `below` that a search of indexes finds. */
function found(search: string, below: number): readonly number[] {
  const { condition } = parseQuery(search);
  if (condition === undefined) throw new Error(`The search ${search} cannot be read.`);
  const parts = condition.kind === 'any' ? condition.of : [condition];
  return Array.from({ length: below }, (_, index) => index).filter((index) =>
    parts.some((part) => part.kind === 'index' && (part.from ?? 0) <= index && index < (part.to ?? below)),
  );
}

describe('the search for selected records', () => {
  it.each([
    [[3], 'index:(3)'],
    [[3, 4, 5], 'index:(3..5)'],
    [[9, 3, 5, 4, 0, 9], 'index:(0 3..5 9)'],
    [[0, 1], 'index:(0..1)'],
  ])('names %j as %s', (indexes, search) => {
    expect(selectionSearch(indexes)).toBe(search);
  });

  it('finds these records and no other, however they lie', () => {
    for (let step = 1; step < 40; step++) {
      const indexes = Array.from({ length: 100 }, (_, n) => n).filter((n) => (n * step) % 7 < 3);
      expect(found(selectionSearch(indexes) ?? '', 100)).toEqual(indexes);
    }
  });

  it('is as long as the language allows, and no longer', () => {
    const apart = (count: number) => Array.from({ length: count }, (_, n) => n * 2);
    expect(found(selectionSearch(apart(256)) ?? '', 512)).toEqual(apart(256));
    expect(selectionSearch(apart(257))).toBeNull();
    // Few values, each of them long.
    const long = Array.from({ length: 256 }, (_, n) => 9_000_000_000_000_000 + n * 2);
    expect(selectionSearch(long)).toBeNull();
  });

  it('names every run as long as the language can read it', () => {
    const pairs = (count: number) => Array.from({ length: count }, (_, n) => [n * 3, n * 3 + 1]).flat();
    const all = selectionSearch(pairs(128));
    expect(found(all ?? '', 384)).toEqual(pairs(128));
    expect(selectionSearch([])).toBeNull();
  });
});
