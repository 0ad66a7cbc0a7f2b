import { describe, expect, it } from 'vitest';
import { Bitset } from '#server/index/bitset.ts';
import { readLeaves } from '#server/index/leaves.ts';
import { pageOfParts } from '#server/index/order.ts';
import { createPathTree } from '#server/index/path.ts';
import type { ContentRecord } from '#server/ports/record-source.ts';
import type { FoundPageRequest, Position } from '#server/ports/search.ts';
import { sha256 } from '#server/sha256.ts';
import { SeededRandom } from '#test/support/seeded-random.ts';
import { contentRecord, corpusRecords } from './support/content-record.ts';
import { hostileRecords } from './support/hostile-records.ts';
import { wantSome } from './support/matched-parts.ts';
import { NO_LIMIT, SEGMENT_KINDS } from './support/segment-kinds.ts';

const PAGE_RECORDS = 10;

function positionOf(record: ContentRecord): Position {
  return { index: record.index, occurred: readLeaves(sha256, record, createPathTree(), () => undefined) };
}

function comparer({ field, direction }: FoundPageRequest): (a: Position, b: Position) => number {
  const sign = direction === 'ASC' ? 1 : -1;
  return (a, b) => {
    const times =
      field === 'RECORDED' || a.occurred === null || b.occurred === null
        ? 0
        : a.occurred.ms - b.occurred.ms || a.occurred.nanos - b.occurred.nanos;
    return sign * (times || a.index - b.index);
  };
}

/** The page as it would be cut out of a sorted list. */
function naivePage(all: readonly Position[], request: FoundPageRequest) {
  const compare = comparer(request);
  const sorted = all.toSorted(compare);
  const { after, before, first, last, skip = 0 } = request;
  const placeOf = (found: number): number => (found === -1 ? sorted.length : found);
  const from =
    after === null
      ? Math.min(skip, sorted.length)
      : placeOf(sorted.findIndex((one) => compare(one, after) > 0));
  const end = before === null ? sorted.length : placeOf(sorted.findIndex((one) => compare(one, before) >= 0));
  const to = Math.max(from, end);
  const count = Math.min(last ?? first ?? PAGE_RECORDS, to - from);
  const [start, stop] = last === null ? [from, from + count] : [to - count, to];
  return {
    indexes: sorted.slice(start, stop).map(({ index }) => index),
    hasPreviousPage: start > 0,
    hasNextPage: stop < sorted.length,
  };
}

describe.each(SEGMENT_KINDS)('a page out of $name', ({ make }) => {
  it.each([
    { name: 'the corpora', records: corpusRecords, seed: 1 },
    { name: 'hostile content', records: () => hostileRecords(11, 600, new SeededRandom(5)), seed: 2 },
  ])(
    'is the one that a sorted list of $name has, in both orders and directions',
    async ({ records, seed }) => {
      const random = new SeededRandom(seed);
      const { parts, wanted } = await wantSome(records(), 120, make, random);
      const all = records().map(positionOf);
      const found = wanted.map(positionOf);
      const lazy = parts.map(({ segment, matched }) => ({
        segment,
        matched: () => Promise.resolve(matched),
      }));
      for (let i = 0; i < 1_500; i++) {
        const cursor = (): Position | null => (random.below(2) === 0 ? null : random.pick(all));
        const count = random.pick([0, 1, 2, 10, 50, 5_000]);
        const cut = { after: cursor(), before: cursor(), first: null, last: null };
        const skip = random.below(random.pick([2, 30, wanted.length + 3]));
        const sized = random.pick([
          { ...cut, first: count },
          { ...cut, last: count },
          cut,
          { after: null, before: null, first: count, last: null, skip },
        ]);
        const request: FoundPageRequest = {
          field: random.pick(['RECORDED', 'OCCURRED']),
          direction: random.pick(['ASC', 'DESC']),
          ...sized,
        };
        const page = await pageOfParts(lazy, request, PAGE_RECORDS, NO_LIMIT);
        const { positions, ...neighbours } = page;
        const expected = naivePage(found, request);
        const message = JSON.stringify(request);
        expect({ indexes: positions.map(({ index }) => index), ...neighbours }, message).toEqual(expected);
        if (request.field === 'RECORDED') continue;
        const occurred = positions.map(({ index }) => found.find((one) => one.index === index)?.occurred);
        expect(positions.map((position) => position.occurred)).toEqual(occurred);
      }
    },
  );

  it.each(['RECORDED', 'OCCURRED'] as const)(
    'looks at no more segments than it needs, ordered by %s',
    async (field) => {
      const records = Array.from({ length: 10 }, (_, index) =>
        contentRecord(index, { timestamp: `2026-01-02T03:04:0${index}.000Z` }),
      );
      const parts = await Promise.all(records.map((record) => make([record])));
      let asked = 0;
      const counted = parts.map((segment) => ({
        segment,
        matched() {
          asked++;
          return Promise.resolve(Bitset.all(segment.size));
        },
      }));
      const request = { field, direction: 'DESC', first: 3, last: null, after: null, before: null } as const;
      const page = await pageOfParts(counted, request, PAGE_RECORDS, NO_LIMIT);
      expect(page.positions.map(({ index }) => index)).toEqual([9, 8, 7]);
      expect(asked).toBe(4);
    },
  );
});
