import { describe, expect, it } from 'vitest';
import { pageOfAll } from '#server/index/page-of-all.ts';
import { EVERYTHING } from '#server/ports/condition.ts';
import type { Position } from '#server/ports/search.ts';
import { contentRecord } from './support/content-record.ts';
import { naivePage } from './support/naive-search.ts';

const POSITIONS: readonly (Position | null)[] = [
  null,
  ...[0, 1, 2, 3, 4, 9].map((index) => ({ index, occurred: null })),
];
const NO_PLACES = { last: null, after: null, before: null };
const COUNTS = [
  { first: null, last: null },
  ...[0, 1, 2, 5].flatMap((count) => [
    { first: count, last: null },
    { first: null, last: count },
  ]),
];

describe('the page of all records', () => {
  it.each([0, 1, 2, 4])('of %i is what looking at each of them gives', (size) => {
    const records = Array.from({ length: size }, (_, index) => contentRecord(index));
    for (const direction of ['ASC', 'DESC'] as const) {
      for (const after of POSITIONS) {
        for (const before of POSITIONS) {
          for (const count of COUNTS) {
            const request = { field: 'RECORDED' as const, direction, after, before, ...count };
            const page = pageOfAll(size, request, 50);
            expect(naivePage(records, EVERYTHING, request), JSON.stringify(request)).toMatchObject(page);
          }
        }
      }
      for (const skip of [0, 1, 2, 3, 4, 5, 9]) {
        for (const first of [null, 0, 1, 2, 5]) {
          const request = { field: 'RECORDED', direction, first, skip, ...NO_PLACES } as const;
          const page = pageOfAll(size, request, 50);
          expect(naivePage(records, EVERYTHING, request), JSON.stringify(request)).toMatchObject(page);
        }
      }
    }
  });
});
