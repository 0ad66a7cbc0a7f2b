import { describe, expect, it } from 'vitest';
import {
  countOf,
  type Direction,
  lowerBound,
  PAGE_RECORDS_DEFAULT,
  pageOf,
  pageOfList,
  type PageRequest,
} from '#server/records/page.ts';
import { naivePageOf } from '#test/index/support/naive-search.ts';

/** The answer by the book (Relay's algorithm over a list), slow and obvious. */
function naivePage(sorted: readonly number[], request: PageRequest) {
  const comesAfter = (a: number, b: number) => (request.direction === 'ASC' ? a > b : a < b);
  let page = [...sorted];
  const { after, before } = request;
  if (after !== null) page = page.filter((index) => comesAfter(index, after));
  if (before !== null) page = page.filter((index) => comesAfter(before, index));
  page = page.slice(request.skip ?? 0);
  if (request.last !== null) page = page.slice(Math.max(0, page.length - request.last));
  else page = page.slice(0, request.first ?? PAGE_RECORDS_DEFAULT);
  const [start, end] = [page.at(0), page.at(-1)];
  if (start === undefined || end === undefined) return { page, ...aroundNothing(sorted, request) };
  return {
    page,
    hasNextPage: sorted.some((index) => comesAfter(index, end)),
    hasPreviousPage: sorted.some((index) => comesAfter(start, index)),
  };
}

/** What is around an empty page: as where records are searched for. */
function aroundNothing(sorted: readonly number[], request: PageRequest) {
  const positions = sorted.map((index) => ({ index, occurred: null }));
  const position = (index: number | null) => (index === null ? null : { index, occurred: null });
  const [after, before] = [position(request.after), position(request.before)];
  const page = naivePageOf(positions, { ...request, field: 'RECORDED', after, before }, 0);
  return { hasNextPage: page.hasNextPage, hasPreviousPage: page.hasPreviousPage };
}

const CURSORS = [null, 0, 1, 3, 4, 6, 9];
const COUNTS: readonly (readonly [first: number | null, last: number | null])[] = [
  [null, null],
  [0, null],
  [1, null],
  [3, null],
  [99, null],
  [null, 0],
  [null, 1],
  [null, 3],
  [null, 99],
];

function* requests(): Generator<PageRequest> {
  for (const direction of ['ASC', 'DESC'] satisfies Direction[]) {
    for (const after of CURSORS) {
      for (const before of CURSORS) {
        for (const [first, last] of COUNTS) yield { direction, after, before, first, last };
      }
    }
    for (const skip of [0, 1, 2, 3, 5, 7, 9]) {
      for (const first of [null, 0, 1, 3, 99]) {
        yield { direction, after: null, before: null, first, last: null, skip };
      }
    }
  }
}

const sortedBy = (direction: Direction, indexes: readonly number[]) =>
  [...indexes].sort((a, b) => (direction === 'ASC' ? a - b : b - a));

describe('a page of a range', () => {
  it.each([
    { from: 0, to: 0 },
    { from: 0, to: 7 },
    { from: 2, to: 6 },
    { from: 4, to: 5 },
  ])('is what a list of $from to $to gives, for every order, cursor and count', (range) => {
    const all = Array.from({ length: countOf(range) }, (_, i) => range.from + i);
    for (const request of requests()) {
      const expected = naivePage(sortedBy(request.direction, all), request);
      const got = pageOf(range, request);
      const indexes = all.filter((index) => index >= got.range.from && index < got.range.to);
      expect(sortedBy(request.direction, indexes), JSON.stringify(request)).toEqual(expected.page);
      expect(countOf(got.range)).toBe(expected.page.length);
      expect(got, JSON.stringify(request)).toMatchObject({
        hasNextPage: expected.hasNextPage,
        hasPreviousPage: expected.hasPreviousPage,
      });
    }
  });

  it('has no neighbours where there is nothing at all', () => {
    for (const request of requests()) {
      const { hasNextPage, hasPreviousPage } = pageOf({ from: 0, to: 0 }, request);
      expect({ hasNextPage, hasPreviousPage }, JSON.stringify(request)).toEqual({
        hasNextPage: false,
        hasPreviousPage: false,
      });
    }
  });
});

describe('a page of a list', () => {
  it.each([[[]], [[3]], [[0, 2, 3, 7, 9]], [[9, 1, 4, 6]]])('of %j is right for every request', (indexes) => {
    for (const request of requests()) {
      const expected = naivePage(sortedBy(request.direction, indexes), request);
      const got = pageOfList(indexes, request);
      expect(got.indexes, JSON.stringify(request)).toEqual(expected.page);
      expect(got, JSON.stringify(request)).toMatchObject({
        hasNextPage: expected.hasNextPage,
        hasPreviousPage: expected.hasPreviousPage,
      });
    }
  });
});

describe('the lower bound', () => {
  it('is the first index at or past a value, found in a logarithm of reads', async () => {
    const values = Array.from({ length: 1000 }, (_, i) => Math.floor(i / 7) * 10);
    for (const bound of [-5, 0, 1, 10, 700, 705, 1420, 99_999]) {
      let reads = 0;
      const found = await lowerBound({ from: 0, to: values.length }, bound, async (index) => {
        reads += 1;
        return values[index] ?? Number.NaN;
      });
      const expected = values.findIndex((value) => value >= bound);
      expect(found).toBe(expected === -1 ? values.length : expected);
      expect(reads).toBeLessThanOrEqual(10);
    }
  });
});
