import { buildSegment } from '#server/index/build-segment.ts';
import { openSegment } from '#server/index/open-segment.ts';
import type { Segment } from '#server/index/segment.ts';
import type { TimeLimit } from '#server/index/time-limit.ts';
import type { ContentRecord } from '#server/ports/record-source.ts';
import { sha256 } from '#server/sha256.ts';
import type { SeededRandom } from '#test/support/seeded-random.ts';
import { naiveSegment } from './naive-segment.ts';

/** Makes a segment of neighbouring records. */
export type MakeSegment = (records: readonly ContentRecord[]) => Promise<Segment>;

/** What questions are tested on: a segment as it is stored, and one of plain lists. */
export const SEGMENT_KINDS: readonly { readonly name: string; readonly make: MakeSegment }[] = [
  { name: 'a segment of plain lists', make: (records) => Promise.resolve(naiveSegment(records)) },
  { name: 'a stored segment', make: storedSegment },
];

/** Built and opened again, its pages kept in memory. */
export function storedSegment(records: readonly ContentRecord[]): Promise<Segment> {
  const pages = buildSegment(sha256, records);
  const first = records[0]?.index ?? 0;
  return openSegment(first, first + records.length, (page) => Promise.resolve(pages[page] ?? null));
}

/** The records cut at random places into rows of at most so many. */
export function cutAnywhere(
  records: readonly ContentRecord[],
  sizeMax: number,
  random: SeededRandom,
): readonly (readonly ContentRecord[])[] {
  const rows: (readonly ContentRecord[])[] = [];
  for (let from = 0; from < records.length; ) {
    const size = 1 + random.below(sizeMax);
    rows.push(records.slice(from, from + size));
    from += size;
  }
  return rows;
}

/** Time without an end. */
export const NO_LIMIT: TimeLimit = {
  checkTime: () => undefined,
  pause: () => Promise.resolve(),
};
