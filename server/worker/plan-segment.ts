import { SEGMENT_RECORDS_MAX } from '#server/index/segment.ts';

/** A partial segment is made for no fewer records: until then they are searched without one; */
export const PARTIAL_RECORDS_MIN = 1024;
/** unless they have so much content, in bytes. */
export const PARTIAL_BYTES_MIN = 8 * 1024 * 1024;

/** A stretch of a ledger: `from` inclusive, `to` exclusive. */
export interface SegmentRange {
  readonly from: number;
  readonly to: number;
}

/** What is known of a ledger beside its segments. */
export interface PlanSituation {
  /** Segments up to here are as long as they may be, whatever their number of records. */
  readonly settledTo: number;
  /** The records that wait have waited long enough for a partial segment; */
  readonly isDue: boolean;
  /** and are enough for one: PARTIAL_RECORDS_MIN, or PARTIAL_BYTES_MIN. */
  readonly isMuch: boolean;
}

/**
 * Which stretch of a ledger is indexed next; `null` for none now.
 *
 * Segments are settled or partial. A settled one is as long as a segment may be and is never touched again;
 * it has SEGMENT_RECORDS_MAX records, or fewer of much content. Partial ones follow behind.
 *
 * A full segment is made as soon as there are records for it, from the first partial one on, in place of all
 * of them. Before that, once they are due and enough, the records that wait become a partial segment. Partial
 * ones are kept like the digits of a binary counter: what is added takes the partial segment before it in, as
 * long as that one's length has no more binary digits than the sum so far. So
 *
 * - each partial segment has fewer binary digits than the one before it: there are at most four, or with
 *   large records one for each digit,
 * - a record that is indexed again gets into a segment of more digits: it is indexed five times at most, or
 *   with large records as often as what is made for PARTIAL_BYTES_MIN doubles until it is full.
 *
 * The range may hold more content than a segment: the builder says so, and the segment ends there, settled.
 */
export function planSegment(
  segments: readonly SegmentRange[],
  size: number,
  { settledTo, isDue, isMuch }: PlanSituation,
): SegmentRange | null {
  const partial = partialSegments(segments, settledTo);
  const end = segments.at(-1)?.to ?? 0;
  const start = partial[0]?.from ?? end;
  if (size <= end) return null;
  if (size - start >= SEGMENT_RECORDS_MAX) return { from: start, to: start + SEGMENT_RECORDS_MAX };
  if (!isDue || !isMuch) return null;
  let from = end;
  for (const before of partial.toReversed()) {
    if (digitsOf(before) > digitsOf({ from, to: size })) break;
    from = before.from;
  }
  return { from, to: size };
}

/**
 * The partial segments at the end of the row. One that is followed by a segment of as many digits was settled
 * by its content, or it would have been taken in. What of that kind cannot be told here is taken for a
 * partial one; it is then built once more, and known to be settled.
 */
function partialSegments(segments: readonly SegmentRange[], settledTo: number): readonly SegmentRange[] {
  const isPartial = (segment: SegmentRange, i: number): boolean => {
    const next = segments[i + 1];
    if (segment.to <= settledTo || segment.to - segment.from >= SEGMENT_RECORDS_MAX) return false;
    return next === undefined || digitsOf(segment) > digitsOf(next);
  };
  return segments.slice(segments.findLastIndex((segment, i) => !isPartial(segment, i)) + 1);
}

/** Binary digits of its number of records. */
function digitsOf({ from, to }: SegmentRange): number {
  return 32 - Math.clz32(to - from);
}
