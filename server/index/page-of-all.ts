import type { FoundPageRequest, Position } from '#server/ports/search.ts';
import type { PositionPage } from './order.ts';

/**
 * The page, in the order of the ledger, of all its records up to `end`: what `pageOfParts` would give where
 * everything matches, without reading anything.
 */
export function pageOfAll(end: number, request: FoundPageRequest, pageRecords: number): PositionPage {
  const { direction, first, last, skip = 0 } = request;
  const isCrossed = areCrossed(request);
  const isMirrored = last !== null && !isCrossed;
  const [after, before] = isMirrored ? [request.before, request.after] : [request.after, request.before];
  // Places are counted from where the page is taken: from the front of the order, or for `last` from its end.
  const isForward = (direction === 'ASC') !== isMirrored;
  const flip = (index: number): number => (isForward ? index : end - 1 - index);
  const start = after === null ? Math.min(skip, end) : Math.max(0, flip(after.index) + 1);
  const stop = before === null ? end : Math.min(end, flip(before.index));
  const wanted = isCrossed ? 0 : (last ?? first ?? pageRecords);
  const count = Math.max(0, Math.min(wanted, stop - start));
  const taken = Array.from(
    { length: count },
    (_, at): Position => ({ index: flip(start + at), occurred: null }),
  );
  const hasFurther = start + count < end;
  const hasEarlier = start > 0 && end > 0;
  return isMirrored
    ? { positions: taken.toReversed(), hasNextPage: hasEarlier, hasPreviousPage: hasFurther }
    : { positions: taken, hasNextPage: hasFurther, hasPreviousPage: hasEarlier };
}

/** Whether `after` and `before` stand the wrong way round, so that nothing is between them. */
function areCrossed({ direction, after, before }: FoundPageRequest): boolean {
  if (after === null || before === null) return false;
  return direction === 'ASC' ? after.index >= before.index : after.index <= before.index;
}
