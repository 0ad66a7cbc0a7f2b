/** Reads the values at indexes, in their order. */
export type ReadValues = (indexes: readonly number[]) => Promise<readonly number[]>;

/** Values that are read at once: a few thousandths of a second, and a handful of rounds for any ledger. */
const PROBES = 512;

/** Where the first value at or past a bound may be: at one of these indexes, or at `to`. */
interface Range {
  readonly from: number;
  readonly to: number;
}

/**
 * How many of `size` values, which never go back, are between each two edges, the lower one inclusive. The
 * edges ascend.
 *
 * All edges are looked for together, each round at many indexes at once: so it takes as few reads one after
 * another as there are digits in the size, to the base of some hundreds at first and of a few later.
 */
export async function countBetween(
  size: number,
  edges: readonly number[],
  read: ReadValues,
): Promise<readonly number[]> {
  let ranges: readonly Range[] = edges.map(() => ({ from: 0, to: size }));
  for (;;) {
    const open = new Map<string, Range>();
    for (const range of ranges) if (range.from < range.to) open.set(`${range.from} ${range.to}`, range);
    if (open.size === 0) break;
    const probes = [...open.values()].flatMap((range) => probesIn(range, Math.ceil(PROBES / open.size)));
    const indexes = [...new Set(probes)].sort((a, b) => a - b);
    const values = await read(indexes);
    ranges = ranges.map((range, i) => narrow(range, edges[i] ?? 0, indexes, values));
  }
  return edges.slice(1).map((_, i) => (ranges[i + 1]?.from ?? 0) - (ranges[i]?.from ?? 0));
}

/** Indexes that cut the range into equal parts; all of them where it has no more. */
function probesIn({ from, to }: Range, count: number): readonly number[] {
  const length = to - from;
  if (length <= count) return Array.from({ length }, (_, i) => from + i);
  return Array.from({ length: count }, (_, i) => from + Math.floor(((i + 1) * length) / (count + 1)));
}

/** The part of the range that is left once these values are known. */
function narrow(
  { from, to }: Range,
  bound: number,
  indexes: readonly number[],
  values: readonly number[],
): Range {
  let [low, high] = [0, indexes.length];
  while (low < high) {
    const middle = (low + high) >>> 1;
    if ((values[middle] ?? 0) < bound) low = middle + 1;
    else high = middle;
  }
  return {
    from: Math.max(from, low === 0 ? from : (indexes[low - 1] ?? 0) + 1),
    to: Math.min(to, indexes[low] ?? to),
  };
}
