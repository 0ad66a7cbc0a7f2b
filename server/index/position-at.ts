import type { FoundPageRequest, Position } from '#server/ports/search.ts';
import type { Bitset } from './bitset.ts';
import { inGroups } from './in-groups.ts';
import type { OrderedPart } from './positions.ts';
import type { Segment } from './segment.ts';
import type { TimeLimit } from './time-limit.ts';

/** Matches of a segment, at least one. */
interface Matches {
  readonly segment: Segment;
  readonly matched: Bitset;
  readonly count: number;
}

/** Some of the matches, of which the one with this rank is looked for: so many of them come before it. */
interface Search {
  readonly among: readonly Matches[];
  readonly rank: number;
}

/** Lowest and highest key, both inclusive. */
interface Span {
  readonly low: number;
  readonly high: number;
}

/** What matches are ordered by. */
interface Order {
  /** Between what the keys of a segment are, all of them. */
  spanOf(segment: Segment): Span;
  /** The key of each record; `null` where all are 0. */
  keysOf(segment: Segment): Promise<ArrayLike<number> | null>;
}

const BY_MS: Order = {
  spanOf: ({ occurredMin, occurredMax }) => ({ low: occurredMin, high: occurredMax }),
  keysOf: async (segment) => (await segment.occurred()).ms,
};
const NANOS: Span = { low: 0, high: 999_999 };
const BY_NANOS: Order = {
  spanOf: () => NANOS,
  keysOf: async (segment) => (await segment.occurred()).nanos,
};
/** Into how many a span of keys is cut to find where a rank lies. */
const BUCKETS = 2048;

/**
 * The match that has so many others before it in the order asked for; `null` where there are not so many.
 *
 * In the order of the ledger it takes the counts of the segments and one set. In the order of time the ranges
 * of time of the segments tell the few that the match can be in, as far as they were recorded about when they
 * happened; of those, the times are counted in buckets that become narrower, so that it takes a few passes
 * over them at worst and no sorting.
 *
 * @param parts neighbouring segments, ascending
 */
export async function positionAt(
  parts: readonly OrderedPart[],
  { field, direction }: Pick<FoundPageRequest, 'field' | 'direction'>,
  skip: number,
  limit: TimeLimit,
): Promise<Position | null> {
  const among: Matches[] = [];
  let total = 0;
  for (const part of parts) {
    const matched = await part.matched();
    const count = matched.count();
    if (count > 0) among.push({ segment: part.segment, matched, count });
    total += count;
  }
  if (skip >= total) return null;
  const rank = direction === 'ASC' ? skip : total - 1 - skip;
  if (field === 'RECORDED') return { index: indexAt({ among, rank }), occurred: null };
  const ofMs = await findKey({ among, rank }, BY_MS, msSpan(among, rank), limit);
  const ofNanos = await findKey(ofMs, BY_NANOS, NANOS, limit);
  return { index: indexAt(ofNanos), occurred: { ms: ofMs.key, nanos: ofNanos.key } };
}

/** The index of the match of that rank in the order of the ledger. */
function indexAt({ among, rank }: Search): number {
  let before = 0;
  for (const { segment, matched, count } of among) {
    if (rank < before + count) return segment.from + matched.nth(rank - before);
    before += count;
  }
  throw new Error('There are fewer matches than were counted.');
}

/**
 * Between what the time of that rank is, by the ranges of the segments alone: no more matches than the rank
 * can be before the first, and more than the rank are not behind the last.
 */
function msSpan(among: readonly Matches[], rank: number): Span {
  const reached = (edgeOf: (segment: Segment) => number): number => {
    const edges = among.map(({ segment, count }) => ({ edge: edgeOf(segment), count }));
    let before = 0;
    for (const { edge, count } of edges.toSorted((a, b) => a.edge - b.edge)) {
      before += count;
      if (before > rank) return edge;
    }
    throw new Error('There are fewer matches than were counted.');
  };
  return { low: reached(({ occurredMin }) => occurredMin), high: reached(({ occurredMax }) => occurredMax) };
}

/** The key that the match of that rank has, and the matches that have it. */
async function findKey(
  search: Search,
  order: Order,
  within: Span,
  limit: TimeLimit,
): Promise<Search & { readonly key: number }> {
  let span = within;
  let left = await narrow(search, order, span, limit);
  while (span.low < span.high) {
    span = await findBucket(left, order, span, limit);
    left = await narrow(left, order, span, limit);
  }
  return { ...left, key: span.low };
}

/** Only the matches whose keys are in the span. */
async function narrow(search: Search, order: Order, span: Span, limit: TimeLimit): Promise<Search> {
  let below = 0;
  const narrowed = await inGroups(search.among, limit, async (matches) => {
    const has = order.spanOf(matches.segment);
    if (has.low >= span.low && has.high <= span.high) return matches;
    if (has.low > span.high) return null;
    if (has.high < span.low) {
      below += matches.count;
      return null;
    }
    const keys = await order.keysOf(matches.segment);
    const matched = matches.matched.copy().clear();
    matches.matched.forEach((record) => {
      const key = keys?.[record] ?? 0;
      if (key < span.low) below += 1;
      else if (key <= span.high) matched.add(record);
    });
    const count = matched.count();
    return count === 0 ? null : { segment: matches.segment, matched, count };
  });
  return { among: narrowed.filter((matches) => matches !== null), rank: search.rank - below };
}

/** The bucket of the span that the match of that rank is in. */
async function findBucket(
  { among, rank }: Search,
  order: Order,
  span: Span,
  limit: TimeLimit,
): Promise<Span> {
  const width = Math.ceil((span.high - span.low + 1) / BUCKETS);
  const counts = new Float64Array(BUCKETS);
  const bucketOf = (key: number): number => Math.floor((key - span.low) / width);
  const add = (bucket: number, count: number): void => {
    counts[bucket] = (counts[bucket] ?? 0) + count;
  };
  await inGroups(among, limit, async ({ segment, matched, count }) => {
    const has = order.spanOf(segment);
    const isInside = has.low >= span.low && has.high <= span.high;
    if (isInside && bucketOf(has.low) === bucketOf(has.high)) {
      add(bucketOf(has.low), count);
      return;
    }
    const keys = await order.keysOf(segment);
    matched.forEach((record) => add(bucketOf(keys?.[record] ?? 0), 1));
  });
  let before = 0;
  for (let bucket = 0; bucket < BUCKETS; bucket++) {
    before += counts[bucket] ?? 0;
    const low = span.low + bucket * width;
    if (before > rank) return { low, high: Math.min(span.high, low + width - 1) };
  }
  throw new Error('There are fewer matches than were counted.');
}
