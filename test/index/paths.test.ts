import { describe, expect, it } from 'vitest';
import { Bitset } from '#server/index/bitset.ts';
import { readLeaves } from '#server/index/leaves.ts';
import { createPathTree, nameOf } from '#server/index/path.ts';
import { topPaths } from '#server/index/paths.ts';
import { sha256 } from '#server/sha256.ts';
import { SeededRandom } from '#test/support/seeded-random.ts';
import { contentRecord, corpusRecords } from './support/content-record.ts';
import { hostileRecords } from './support/hostile-records.ts';
import { wantSome } from './support/matched-parts.ts';
import { NO_LIMIT, SEGMENT_KINDS } from './support/segment-kinds.ts';

describe.each(SEGMENT_KINDS)('the paths of $name', ({ make }) => {
  it.each([
    { name: 'the corpora', records: corpusRecords, seed: 1 },
    { name: 'hostile content', records: () => hostileRecords(0, 500, new SeededRandom(5)), seed: 2 },
  ])(
    'are those of $name, each with the wanted records that have a value there',
    async ({ records, seed }) => {
      const random = new SeededRandom(seed);
      const { parts, wanted } = await wantSome(records(), 300, make, random);
      const counts = new Map<string, number>();
      for (const record of wanted) {
        const names = new Set<string>();
        readLeaves(sha256, record, createPathTree(), ({ key }, kind) => {
          if (kind !== 'z') names.add(nameOf(key));
        });
        for (const name of names) counts.set(name, (counts.get(name) ?? 0) + 1);
      }
      const all = Array.from(counts, ([value, count]) => ({ value, count }))
        .filter(({ value }) => /^(?:details|changes)\./.test(value))
        .sort((a, b) => b.count - a.count || (a.value < b.value ? -1 : 1));
      for (let i = 0; i < 30; i++) {
        const { value } = random.pick(all);
        const prefix = value.slice(0, random.below(value.length + 1));
        const first = random.pick([1, 10, 10_000]);
        const expected = all.filter((path) => path.value.startsWith(prefix)).slice(0, first);
        expect(await topPaths(parts, prefix, first, NO_LIMIT), prefix).toEqual(expected);
      }
    },
  );

  it('are none of the other sections, and none that only have null', async () => {
    const segment = await make([contentRecord(0, { details: { a: null, b: 1 }, actor: { id: 'x' } })]);
    const parts = [{ segment, matched: Bitset.all(1) }];
    expect(await topPaths(parts, '', 10, NO_LIMIT)).toEqual([{ value: 'details.b', count: 1 }]);
    expect(await topPaths(parts, 'actor', 10, NO_LIMIT)).toEqual([]);
    expect(await topPaths(parts, 'details.c', 10, NO_LIMIT)).toEqual([]);
  });
});
