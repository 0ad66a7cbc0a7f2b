import type { FoundPageRequest, Position } from '#server/ports/search.ts';
import { takeByOccurred } from './order-occurred.ts';
import { positionAt } from './position-at.ts';
import { compareIndexes, compareOccurred, type OrderedPart, type Start } from './positions.ts';
import type { TimeLimit } from './time-limit.ts';
import type { Work } from './work.ts';

export interface PositionPage {
  /** In the order asked for. */
  readonly positions: readonly Position[];
  readonly hasNextPage: boolean;
  readonly hasPreviousPage: boolean;
}

/** Gives the first matches from `start` on (`null`: from the end of the order), at most `count`. */
type Take = (direction: 'ASC' | 'DESC', start: Start | null, count: number) => Promise<Position[]>;

/**
 * The page of all matches that a request asks for: `pageRecords` of them where it says neither `first` nor
 * `last`. Both answers about neighbours are exact, also where the page is empty: they tell whether there is
 * any match behind the page and before it, in the order asked for.
 *
 * `parts` are neighbouring segments, ascending.
 */
export async function pageOfParts(
  parts: readonly OrderedPart[],
  request: FoundPageRequest,
  pageRecords: number,
  work: TimeLimit,
): Promise<PositionPage> {
  const take: Take = (direction, start, count) =>
    request.field === 'RECORDED'
      ? takeByIndex(parts, direction, start, count, work)
      : takeByOccurred(parts, direction, start, count, work);
  const compare = request.field === 'RECORDED' ? compareIndexes : compareOccurred;
  const sign = request.direction === 'ASC' ? 1 : -1;
  const { first, last, after, before, skip = 0 } = request;
  if (skip > 0) {
    const start = await positionAt(parts, request, skip, work);
    if (start === null) {
      const any = await take(request.direction, null, 1);
      return { positions: [], hasNextPage: false, hasPreviousPage: any.length > 0 };
    }
    const count = first ?? pageRecords;
    const taken = await take(request.direction, { position: start, isIncluded: true }, count + 1);
    return { positions: taken.slice(0, count), hasNextPage: taken.length > count, hasPreviousPage: true };
  }
  // Nothing is between the two where they stand the wrong way round: then the page is empty, just behind
  // `after`.
  const isCrossed = after !== null && before !== null && sign * compare(after, before) >= 0;
  if (last === null || isCrossed) {
    const count = isCrossed ? 0 : (first ?? pageRecords);
    return takePage(take, request.direction, after, before, count, (a, b) => sign * compare(a, b));
  }
  const opposite = request.direction === 'ASC' ? 'DESC' : 'ASC';
  const page = await takePage(take, opposite, before, after, last, (a, b) => -sign * compare(a, b));
  return {
    positions: page.positions.toReversed(),
    hasNextPage: page.hasPreviousPage,
    hasPreviousPage: page.hasNextPage,
  };
}

/** The first matches in a direction that are behind one position and before another. */
async function takePage(
  take: Take,
  direction: 'ASC' | 'DESC',
  after: Position | null,
  before: Position | null,
  count: number,
  compare: (a: Position, b: Position) => number,
): Promise<PositionPage> {
  // One more than the page has tells whether there is a next one.
  const taken = await take(
    direction,
    after === null ? null : { position: after, isIncluded: false },
    count + 1,
  );
  const positions = taken
    .slice(0, count)
    .filter((position) => before === null || compare(position, before) < 0);
  const opposite = direction === 'ASC' ? 'DESC' : 'ASC';
  const earlier = after === null ? [] : await take(opposite, { position: after, isIncluded: true }, 1);
  return { positions, hasNextPage: taken.length > positions.length, hasPreviousPage: earlier.length > 0 };
}

/** In the order of the ledger itself: segment by segment from the right end, until there are enough. */
async function takeByIndex(
  parts: readonly OrderedPart[],
  direction: 'ASC' | 'DESC',
  start: Start | null,
  count: number,
  work: Work,
): Promise<Position[]> {
  const isAscending = direction === 'ASC';
  const step = isAscending ? 1 : -1;
  const end = isAscending ? 0 : Number.POSITIVE_INFINITY;
  const from = start === null ? end : start.position.index + (start.isIncluded ? 0 : step);
  const taken: Position[] = [];
  for (const part of isAscending ? parts : parts.toReversed()) {
    const { segment } = part;
    if (taken.length === count) break;
    if (isAscending ? segment.to <= from : segment.from > from) continue;
    work.checkTime();
    const found = await part.matched();
    const next = (record: number): number => (isAscending ? found.next(record) : found.previous(record));
    let record = next(from - segment.from);
    while (record !== -1 && taken.length < count) {
      taken.push({ index: segment.from + record, occurred: null });
      record = next(record + step);
    }
  }
  return taken;
}
