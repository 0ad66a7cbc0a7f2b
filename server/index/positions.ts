import type { Instant } from '#server/ports/condition.ts';
import type { Position } from '#server/ports/search.ts';
import type { Bitset } from './bitset.ts';
import type { Segment } from './segment.ts';

/** A segment and, asked for only where it is needed, which of its records are wanted. */
export interface OrderedPart {
  readonly segment: Segment;
  matched(): Promise<Bitset>;
}

/** Where taking begins: at a position or just behind it, in the order of taking. */
export interface Start {
  readonly position: Position;
  readonly isIncluded: boolean;
}

/** In the order of the ledger itself. */
export function compareIndexes(a: Position, b: Position): number {
  return a.index - b.index;
}

/** By when it happened; where two happened at once the index decides. */
export function compareOccurred(a: Position, b: Position): number {
  return compareInstants(a.occurred, b.occurred) || a.index - b.index;
}

function compareInstants(a: Instant | null, b: Instant | null): number {
  return (a?.ms ?? 0) - (b?.ms ?? 0) || (a?.nanos ?? 0) - (b?.nanos ?? 0);
}
