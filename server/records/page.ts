/** A run of neighbouring indexes, `from` inclusive, `to` exclusive. Empty where `from` is not below `to`. */
export interface IndexRange {
  readonly from: number;
  readonly to: number;
}

export type Direction = 'ASC' | 'DESC';

/** Which part of a range is asked for: at most one of `first` and `last` is given. */
export interface PageRequest {
  readonly direction: Direction;
  readonly first: number | null;
  readonly last: number | null;
  /** Index that the page comes after, in the order asked for; it need not be in the range. */
  readonly after: number | null;
  /** Index that the page comes before, in the order asked for. */
  readonly before: number | null;
  /** So many are passed over first; only without `last`, `after` and `before`. None unless given. */
  readonly skip?: number | undefined;
}

export interface Page {
  /** The indexes on the page. */
  readonly range: IndexRange;
  readonly hasNextPage: boolean;
  readonly hasPreviousPage: boolean;
}

/** Records on a page when neither `first` nor `last` is given. */
export const PAGE_RECORDS_DEFAULT = 50;

/** Most records on a page. */
export const PAGE_RECORDS_MAX = 500;

/** The indexes that are in both. */
export function intersect(a: IndexRange, b: IndexRange): IndexRange {
  const from = Math.max(a.from, b.from);
  return { from, to: Math.max(from, Math.min(a.to, b.to)) };
}

/** How many indexes are in the range. */
export function countOf(range: IndexRange): number {
  return Math.max(0, range.to - range.from);
}

/**
 * The page of a range that a request asks for. Both answers about neighbours are exact, also of an empty
 * page: they tell whether the range has anything behind and before the page, in the order asked for.
 */
export function pageOf(range: IndexRange, request: PageRequest): Page {
  const ascending = request.direction === 'ASC';
  const [above, below] = ascending ? [request.after, request.before] : [request.before, request.after];
  const skipped = Math.min(request.skip ?? 0, countOf(range));
  const first = range.from + (ascending ? skipped : 0);
  const behind = range.to - (ascending ? 0 : skipped);
  const [start, end] = [above === null ? first : above + 1, below ?? behind];
  // Where there is nothing between the two the page is empty, and lies just behind `after`.
  const between = ascending ? start : end;
  const window = start > end ? { from: between, to: between } : intersect(range, { from: start, to: end });
  const count = Math.min(request.last ?? request.first ?? PAGE_RECORDS_DEFAULT, countOf(window));
  const fromStart = ascending === (request.last === null);
  const page = fromStart
    ? { from: window.from, to: window.from + count }
    : { from: window.to - count, to: window.to };
  const lower = page.from > range.from && countOf(range) > 0;
  const higher = page.to < range.to && countOf(range) > 0;
  return {
    range: page,
    hasNextPage: ascending ? higher : lower,
    hasPreviousPage: ascending ? lower : higher,
  };
}

/**
 * The page of an explicit list of indexes (each once, any order) that a request asks for, in the order asked
 * for.
 */
export function pageOfList(
  indexes: readonly number[],
  request: PageRequest,
): { readonly indexes: number[] } & Page {
  const sign = request.direction === 'ASC' ? 1 : -1;
  const sorted = [...indexes].sort((a, b) => sign * (a - b));
  // Positions in the sorted list are themselves a range in ascending order, so the same arithmetic pages
  // them.
  const position = (index: number | null, inclusive: boolean): number | null => {
    if (index === null) return null;
    const at = sorted.findIndex((other) => sign * (other - index) >= (inclusive ? 0 : 1));
    return at === -1 ? sorted.length : at;
  };
  const after = position(request.after, false);
  const page = pageOf(
    { from: 0, to: sorted.length },
    {
      direction: 'ASC',
      first: request.first,
      last: request.last,
      skip: request.skip,
      after: after === null ? null : after - 1,
      before: position(request.before, true),
    },
  );
  return { ...page, indexes: sorted.slice(page.range.from, page.range.to) };
}

/**
 * The first index in the range whose value is at least `bound`; `range.to` where none is. The values never go
 * back along the index, so it takes as many reads as the range's size has binary digits.
 */
export async function lowerBound(
  range: IndexRange,
  bound: number,
  valueAt: (index: number) => Promise<number>,
): Promise<number> {
  let { from, to } = range;
  while (from < to) {
    const middle = Math.floor((from + to) / 2);
    if ((await valueAt(middle)) < bound) from = middle + 1;
    else to = middle;
  }
  return from;
}
