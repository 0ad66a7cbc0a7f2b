import { readLeaves } from '#server/index/leaves.ts';
import { createMatcher } from '#server/index/matches.ts';
import { createPathTree, nameOf } from '#server/index/path.ts';
import type { Condition, Instant } from '#server/ports/condition.ts';
import type { ContentRecord } from '#server/ports/record-source.ts';
import type {
  FoundHistogram,
  FoundPage,
  FoundPageRequest,
  Position,
  ValueCount,
} from '#server/ports/search.ts';
import { sha256 } from '#server/sha256.ts';

/** What a search has to answer about these records, found by looking at each. */
export function naivePage(
  records: readonly ContentRecord[],
  condition: Condition,
  request: FoundPageRequest,
): FoundPage {
  const matches = matching(records, condition).map(
    (record): Position => ({
      index: record.index,
      occurred: request.field === 'OCCURRED' ? occurredOf(record) : null,
    }),
  );
  return naivePageOf(matches, request, records.length - 1);
}

/** As `naivePage`, where the matches are known. */
export function naivePageOf(
  matches: readonly Position[],
  request: FoundPageRequest,
  indexedThrough: number,
): FoundPage {
  const order = compareIn(request);
  const all = matches.toSorted(order);
  const { after, before, first, last, skip = 0 } = request;
  const isCrossed = after !== null && before !== null && order(after, before) >= 0;
  const isBehind = (position: Position): boolean => after === null || order(position, after) > 0;
  const window = all.filter(
    (position) => !isCrossed && isBehind(position) && (before === null || order(position, before) < 0),
  );
  const positions =
    last === null
      ? window.slice(skip, skip + (first ?? 50))
      : window.slice(Math.max(0, window.length - last));
  return {
    positions,
    totalCount: all.length,
    indexedThrough,
    ...neighbours(all, positions, request, isCrossed),
  };
}

/** Whether there is a match behind the page, and before it; an empty one stands where it was asked for. */
function neighbours(
  all: readonly Position[],
  positions: readonly Position[],
  request: FoundPageRequest,
  isCrossed: boolean,
): Pick<FoundPage, 'hasNextPage' | 'hasPreviousPage'> {
  const order = compareIn(request);
  const { after, before, last, skip = 0 } = request;
  const [start, end] = [positions[0], positions.at(-1)];
  if (start !== undefined && end !== undefined) {
    return {
      hasPreviousPage: all.some((position) => order(position, start) < 0),
      hasNextPage: all.some((position) => order(position, end) > 0),
    };
  }
  if (skip > 0) return { hasPreviousPage: all.length > 0, hasNextPage: all.length > skip };
  if (last !== null && !isCrossed) {
    return {
      hasPreviousPage: all.some((position) => before === null || order(position, before) < 0),
      hasNextPage: before !== null && all.some((position) => order(position, before) >= 0),
    };
  }
  return {
    hasPreviousPage: after !== null && all.some((position) => order(position, after) <= 0),
    hasNextPage: all.some((position) => after === null || order(position, after) > 0),
  };
}

/** As `naivePage`, for a histogram. */
export function naiveHistogram(
  records: readonly ContentRecord[],
  condition: Condition,
  edges: readonly number[],
): FoundHistogram {
  const found = matching(records, condition);
  const having = (status: string): readonly ContentRecord[] =>
    found.filter((record) => stringsAt(record, 'event.status').includes(status));
  const count = (wanted: readonly ContentRecord[]): number[] =>
    edges.slice(1).map((to, bucket) => {
      const from = edges[bucket] ?? 0;
      return wanted.map((record) => occurredOf(record).ms).filter((ms) => ms >= from && ms < to).length;
    });
  return {
    counts: count(found),
    failures: count(having('failure')),
    attempts: count(having('attempt')),
    indexedThrough: records.length - 1,
  };
}

/** As `naivePage`, for values; `prefix` in lower case. */
export function naiveValues(
  records: readonly ContentRecord[],
  condition: Condition,
  { path, prefix, first }: { readonly path: string; readonly prefix: string; readonly first: number },
): ValueCount[] {
  const counts = new Map<string, number>();
  for (const record of matching(records, condition)) {
    for (const value of new Set(stringsAt(record, path))) counts.set(value, (counts.get(value) ?? 0) + 1);
  }
  return [...counts]
    .map(([value, count]) => ({ value, count }))
    .filter(({ value }) => value.toLowerCase().startsWith(prefix))
    .toSorted((a, b) => b.count - a.count || (a.value < b.value ? -1 : 1))
    .slice(0, first);
}

/** When it happened. */
export function occurredOf(record: ContentRecord): Instant {
  return readLeaves(sha256, record, createPathTree(), () => undefined);
}

function matching(records: readonly ContentRecord[], condition: Condition): readonly ContentRecord[] {
  return records.filter(createMatcher(sha256, condition));
}

function stringsAt(record: ContentRecord, name: string): readonly string[] {
  const strings: string[] = [];
  readLeaves(sha256, record, createPathTree(), (path, kind, text) => {
    if (kind === 's' && nameOf(path.key) === name) strings.push(text);
  });
  return strings;
}

function compareIn({ field, direction }: FoundPageRequest): (a: Position, b: Position) => number {
  const sign = direction === 'ASC' ? 1 : -1;
  if (field === 'RECORDED') return (a, b) => sign * (a.index - b.index);
  return (a, b) =>
    sign *
    ((a.occurred?.ms ?? 0) - (b.occurred?.ms ?? 0) ||
      (a.occurred?.nanos ?? 0) - (b.occurred?.nanos ?? 0) ||
      a.index - b.index);
}
