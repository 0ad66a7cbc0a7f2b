import { describe, expect, it } from 'vitest';
import { SEGMENT_RECORDS_MAX } from '#server/index/segment.ts';
import { PARTIAL_RECORDS_MIN, planSegment, type SegmentRange } from '#server/worker/plan-segment.ts';
import { SeededRandom } from '#test/support/seeded-random.ts';

const MAX = SEGMENT_RECORDS_MAX;
const MIN = PARTIAL_RECORDS_MIN;

/** Segments that end at these indexes. */
const endingAt = (...ends: readonly number[]): SegmentRange[] =>
  ends.map((to, i) => ({ from: ends[i - 1] ?? 0, to }));

const isMany = (segments: readonly SegmentRange[], size: number) => size - (segments.at(-1)?.to ?? 0) >= MIN;

const plan = (ends: readonly number[], size: number, isDue = true, settledTo = 0) => {
  const segments = endingAt(...ends);
  return planSegment(segments, size, { settledTo, isDue, isMuch: isMany(segments, size) });
};

describe('what is indexed next', () => {
  it('is a full segment as soon as there are records for one', () => {
    expect(plan([], MAX - 1, false)).toBe(null);
    expect(plan([], MAX, false)).toEqual({ from: 0, to: MAX });
    expect(plan([], 5 * MAX, false)).toEqual({ from: 0, to: MAX });
    expect(plan([MAX], 2 * MAX, false)).toEqual({ from: MAX, to: 2 * MAX });
  });

  it('is a full segment in place of all partial ones', () => {
    expect(plan([MAX, MAX + 9000, MAX + 12_000], 2 * MAX, false)).toEqual({ from: MAX, to: 2 * MAX });
  });

  it('is a partial segment when enough records wait and are due', () => {
    expect(plan([MAX], MAX + MIN, false)).toBe(null);
    expect(plan([MAX], MAX + MIN - 1)).toBe(null);
    expect(plan([MAX], MAX + MIN)).toEqual({ from: MAX, to: MAX + MIN });
    expect(plan([MAX], MAX)).toBe(null);
    expect(plan([], 0)).toBe(null);
  });

  it('is a partial segment of however few records that are large', () => {
    const large = (size: number, isDue: boolean) =>
      planSegment(endingAt(MAX), size, { settledTo: MAX, isDue, isMuch: true });
    expect(large(MAX + 1, true)).toEqual({ from: MAX, to: MAX + 1 });
    expect(large(MAX + 1, false)).toBe(null);
    expect(large(MAX, true)).toBe(null);
  });

  it('takes partial segments in that have no more digits than what is added', () => {
    expect(plan([2048], 2048 + 1024)).toEqual({ from: 2048, to: 3072 });
    expect(plan([2047], 2047 + 1024)).toEqual({ from: 0, to: 3071 });
    // 1,024 more and 1,024 are 2,048, those and 2,048 are 4,096.
    expect(plan([4096, 6144, 7168], 8192)).toEqual({ from: 0, to: 8192 });
    expect(plan([8192, 10_240, 11_264], 12_288)).toEqual({ from: 8192, to: 12_288 });
  });

  it('leaves segments alone that are settled', () => {
    expect(plan([MAX, MAX + 1500], MAX + 3000, true, MAX + 1500)).toEqual({
      from: MAX + 1500,
      to: MAX + 3000,
    });
    // What is followed by as many was ended by its content.
    expect(plan([1500, 3000], 4500)).toEqual({ from: 1500, to: 4500 });
    expect(plan([1500, 3000], 4500, true, 3000)).toEqual({ from: 3000, to: 4500 });
    expect(plan([100, 16_000], 100 + MAX, false)).toEqual({ from: 100, to: 100 + MAX });
  });

  it('is nothing while a ledger has less than its index', () => {
    expect(plan([MAX], 100)).toBe(null);
  });
});

/** What a ledger's index went through. */
interface Run {
  readonly segments: readonly SegmentRange[];
  /** How often each record was indexed. */
  readonly builds: Uint8Array;
  /** Most partial segments there were at once. */
  readonly partialMax: number;
}

/** A ledger grows at random, and a segment is full at each of `cuts`, and with MAX records. */
function grow(random: SeededRandom, total: number, cuts: readonly number[]): Run {
  let segments: SegmentRange[] = [];
  const builds = new Uint8Array(total);
  let [size, settledTo, partialMax] = [0, 0, 0];
  while (size < total) {
    size = Math.min(total, size + 1 + random.below(random.below(8) === 0 ? 40_000 : 3000));
    for (;;) {
      const range = planSegment(segments, size, {
        settledTo,
        isDue: random.below(4) > 0,
        isMuch: isMany(segments, size),
      });
      if (range === null) break;
      const cut = cuts.find((one) => one > range.from && one < range.to);
      const to = cut ?? range.to;
      builds.subarray(range.from, to).forEach((count, i) => {
        builds[range.from + i] = count + 1;
      });
      const isFull = cut !== undefined || to - range.from === MAX;
      if (isFull) settledTo = to;
      segments = [...segments.filter((one) => one.to <= range.from), { from: range.from, to }];
      partialMax = Math.max(partialMax, segments.filter((one) => one.to > settledTo).length);
    }
  }
  return { segments, builds, partialMax };
}

describe('a ledger that grows at random', () => {
  const seeds = Array.from({ length: 30 }, (_, seed) => seed);

  it.each(seeds)('has few partial segments, and each record is indexed at most five times (%i)', (seed) => {
    const { segments, builds, partialMax } = grow(new SeededRandom(seed), 120_000, []);
    segments.forEach(({ from, to }, i) => {
      expect(from).toBe(segments[i - 1]?.to ?? 0);
      expect(to - from).toBeLessThanOrEqual(MAX);
    });
    expect(partialMax).toBeLessThanOrEqual(4);
    expect(builds.reduce((most, count) => Math.max(most, count), 0)).toBeLessThanOrEqual(5);
    expect(120_000 - (segments.at(-1)?.to ?? 0)).toBeLessThan(MAX);
  });

  it.each(seeds)('comes to its end also where content ends segments before (%i)', (seed) => {
    const random = new SeededRandom(seed);
    const cuts = Array.from({ length: 40 }, () => random.below(100_000)).toSorted((a, b) => a - b);
    const { segments } = grow(random, 100_000, cuts);
    segments.forEach(({ from }, i) => expect(from).toBe(segments[i - 1]?.to ?? 0));
    expect(100_000 - (segments.at(-1)?.to ?? 0)).toBeLessThan(MAX);
  });
});
