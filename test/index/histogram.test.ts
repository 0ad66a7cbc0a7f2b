import { describe, expect, it } from 'vitest';
import { countPerBucket, emptyBuckets } from '#server/index/histogram.ts';
import { readLeaves } from '#server/index/leaves.ts';
import { createPathTree } from '#server/index/path.ts';
import type { ContentRecord } from '#server/ports/record-source.ts';
import { sha256 } from '#server/sha256.ts';
import { SeededRandom } from '#test/support/seeded-random.ts';
import { corpusRecords } from './support/content-record.ts';
import { hostileRecords } from './support/hostile-records.ts';
import { wantSome } from './support/matched-parts.ts';
import { NO_LIMIT, SEGMENT_KINDS } from './support/segment-kinds.ts';

/** When a record happened, and how it ended. */
function read(record: ContentRecord): { ms: number; status: string } {
  let status = '';
  const { ms } = readLeaves(sha256, record, createPathTree(), ({ key }, _, text) => {
    if (key === 'event.status') status = text;
  });
  return { ms, status };
}

describe.each(SEGMENT_KINDS)('the histogram of $name', ({ make }) => {
  it.each([
    { name: 'the corpora', records: corpusRecords, seed: 1 },
    { name: 'hostile content', records: () => hostileRecords(3, 900, new SeededRandom(5)), seed: 2 },
  ])('counts each record of $name in the bucket it happened in', async ({ records, seed }) => {
    const random = new SeededRandom(seed);
    const { parts, wanted } = await wantSome(records(), 200, make, random);
    const moments = wanted.map(read);
    for (let i = 0; i < 100; i++) {
      const drawn = Array.from(
        { length: 2 + random.below(12) },
        () => random.pick(moments).ms + random.below(3) - 1,
      );
      const edges = [...new Set(drawn)].sort((a, b) => a - b);
      if (edges.length < 2) continue;
      const buckets = edges.slice(1).map((to, bucket) => {
        const from = edges[bucket] ?? 0;
        return moments.filter(({ ms }) => ms >= from && ms < to);
      });
      const found = emptyBuckets(buckets.length);
      for (const { segment, matched } of parts) {
        await countPerBucket(segment, matched, edges, found, NO_LIMIT);
      }
      const having = (ending: string): number[] =>
        buckets.map((bucket) => bucket.filter(({ status }) => status === ending).length);
      expect(found.counts).toEqual(buckets.map((bucket) => bucket.length));
      expect(found.failures).toEqual(having('failure'));
      expect(found.attempts).toEqual(having('attempt'));
    }
  });

  it('does not change the set of matches, and counts a whole segment in one bucket', async () => {
    const records = hostileRecords(0, 50, new SeededRandom(9));
    const segment = await make(records);
    const { parts } = await wantSome(records, 50, () => Promise.resolve(segment), new SeededRandom(4));
    const found = emptyBuckets(1);
    for (const { matched } of parts) {
      const before = matched.copy();
      const edges = [segment.occurredMin, segment.occurredMax + 1];
      await countPerBucket(segment, matched, edges, found, NO_LIMIT);
      expect(matched.equals(before)).toBe(true);
    }
    expect(found.counts).toEqual([parts.reduce((sum, { matched }) => sum + matched.count(), 0)]);
  });
});
