import type { Instant } from '#server/ports/condition.ts';
import type { Position } from '#server/ports/search.ts';
import type { Bitset } from './bitset.ts';
import { compareOccurred, type OrderedPart, type Start } from './positions.ts';
import type { Segment } from './segment.ts';
import type { Work } from './work.ts';

type Occurred = Position & { readonly occurred: Instant };

/** The best ones found so far, best first, at most so many. */
interface Best {
  readonly found: Occurred[];
  readonly countMax: number;
  /** 1 where what happened first is best, −1 where what happened last is. */
  readonly sign: 1 | -1;
  readonly start: Start | null;
}

/**
 * In the order in which things happened, as `Take` says. The segments that may have the best ones are read
 * first, and none that cannot have a better one than the worst of those kept.
 */
export async function takeByOccurred(
  parts: readonly OrderedPart[],
  direction: 'ASC' | 'DESC',
  start: Start | null,
  count: number,
  work: Work,
): Promise<Position[]> {
  const sign = direction === 'ASC' ? 1 : -1;
  const best: Best = { found: [], countMax: count, sign, start };
  if (count === 0) return best.found;
  const nearest = (segment: Segment): number => (sign === 1 ? segment.occurredMin : segment.occurredMax);
  const farthest = (segment: Segment): number => (sign === 1 ? segment.occurredMax : segment.occurredMin);
  const startMs = start?.position.occurred?.ms ?? null;
  const reached = parts
    .filter(({ segment }) => startMs === null || sign * (farthest(segment) - startMs) >= 0)
    .sort((a, b) => sign * (nearest(a.segment) - nearest(b.segment)));
  for (const part of reached) {
    if (isWorse(best, nearest(part.segment))) break;
    work.checkTime();
    await addOccurred(best, part.segment, await part.matched());
  }
  return best.found;
}

/** Whether nothing that happened then can be among the best. */
function isWorse({ found, countMax, sign }: Best, ms: number): boolean {
  if (found.length < countMax) return false;
  return sign * (ms - (found.at(-1)?.occurred.ms ?? 0)) > 0;
}

async function addOccurred(best: Best, segment: Segment, matched: Bitset): Promise<void> {
  const { sign, start } = best;
  const step = sign === 1 ? 1 : -1;
  const next = (record: number): number => (sign === 1 ? matched.next(record) : matched.previous(record));
  let record = next(sign === 1 ? 0 : segment.size - 1);
  if (record === -1) return;
  const { ms, nanos } = await segment.occurred();
  // In this direction mostly the best come first, and the others are turned away quickly.
  for (; record !== -1; record = next(record + step)) {
    const at = ms[record] ?? 0;
    if (isWorse(best, at)) continue;
    const position = { index: segment.from + record, occurred: { ms: at, nanos: nanos?.[record] ?? 0 } };
    if (start === null || isReached(sign * compareOccurred(position, start.position), start)) {
      keep(best, position);
    }
  }
}

function isReached(order: number, start: Start): boolean {
  return start.isIncluded ? order >= 0 : order > 0;
}

/** Puts one in its place among the best; where there are too many then, the worst one goes. */
function keep({ found, countMax, sign }: Best, position: Occurred): void {
  let [from, end] = [0, found.length];
  while (from < end) {
    const middle = (from + end) >>> 1;
    const other = found[middle];
    if (other !== undefined && sign * compareOccurred(other, position) < 0) from = middle + 1;
    else end = middle;
  }
  found.splice(from, 0, position);
  if (found.length > countMax) found.pop();
}
