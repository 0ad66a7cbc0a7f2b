import { Bitset } from './bitset.ts';
import type { Segment } from './segment.ts';
import type { Work } from './work.ts';

const STATUS_KEY = 'event.status';
const FAILURE_TERM = 'sfailure';
const ATTEMPT_TERM = 'sattempt';

/** How many happened in each bucket, and how many of those have which status. */
export interface BucketCounts {
  readonly counts: number[];
  readonly failures: number[];
  readonly attempts: number[];
}

/** Nothing counted yet, in so many buckets. */
export function emptyBuckets(buckets: number): BucketCounts {
  const zeros = (): number[] => new Array<number>(buckets).fill(0);
  return { counts: zeros(), failures: zeros(), attempts: zeros() };
}

/**
 * Counts when the matches of a segment happened, and how many of them failed or were only attempts, and adds
 * that to `found`. The bucket `i` is from `edges[i]` inclusive to `edges[i + 1]` exclusive, in ms since the
 * epoch; edges are ascending and at least two. What happened outside of them is not counted.
 */
export async function countPerBucket(
  segment: Segment,
  matched: Bitset,
  edges: readonly number[],
  found: BucketCounts,
  work: Work,
): Promise<void> {
  work.checkTime();
  const { occurredMin, occurredMax } = segment;
  const isOutside = occurredMax < (edges[0] ?? 0) || occurredMin >= (edges.at(-1) ?? 0);
  if (isOutside || matched.isEmpty()) return;
  const failed = await findStatus(segment, FAILURE_TERM);
  const attempted = await findStatus(segment, ATTEMPT_TERM);
  const buckets = createBucketFinder(edges);
  const only = buckets(occurredMin);
  if (only !== -1 && only === buckets(occurredMax)) {
    add(found.counts, only, matched.count());
    add(found.failures, only, matched.countAnd(failed));
    add(found.attempts, only, matched.countAnd(attempted));
    return;
  }
  const { ms } = await segment.occurred();
  addCounts(ms, matched, buckets, found.counts);
  addCounts(ms, failed.and(matched), buckets, found.failures);
  addCounts(ms, attempted.and(matched), buckets, found.attempts);
}

async function findStatus(segment: Segment, term: string): Promise<Bitset> {
  const having = Bitset.none(segment.size);
  const field = segment.field(STATUS_KEY);
  if (field !== null) (await segment.find(field, term))?.addTo(having);
  return having;
}

function add(counts: number[], bucket: number, count: number): void {
  counts[bucket] = (counts[bucket] ?? 0) + count;
}

function addCounts(
  times: Float64Array,
  { words }: Bitset,
  buckets: (ms: number) => number,
  counts: number[],
): void {
  for (let at = 0; at < words.length; at++) {
    let word = words[at] ?? 0;
    while (word !== 0) {
      const bucket = buckets(times[(at << 5) + 31 - Math.clz32(word & -word)] ?? 0);
      if (bucket !== -1) add(counts, bucket, 1);
      word &= word - 1;
    }
  }
}

/** Gives the bucket of a time; −1 where it is in none. */
function createBucketFinder(edges: readonly number[]): (ms: number) => number {
  const bounds = Float64Array.from(edges);
  const last = bounds.length - 1;
  // Neighbouring records mostly happened at about the same time: the bucket of the one before is tried first.
  let bucket = 0;
  let from = bounds[0] ?? 0;
  let to = bounds[1] ?? 0;
  return (ms) => {
    if (ms >= from && ms < to) return bucket;
    if (ms < (bounds[0] ?? 0) || ms >= (bounds[last] ?? 0)) return -1;
    bucket = lastNotAbove(bounds, ms);
    from = bounds[bucket] ?? 0;
    to = bounds[bucket + 1] ?? 0;
    return bucket;
  };
}

/** The last place in ascending numbers whose number is not above this one, which is not below the first. */
function lastNotAbove(ascending: Float64Array, number: number): number {
  let [from, end] = [0, ascending.length];
  while (end - from > 1) {
    const middle = (from + end) >>> 1;
    if ((ascending[middle] ?? 0) > number) end = middle;
    else from = middle;
  }
  return from;
}
