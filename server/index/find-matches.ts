import type { Condition } from '#server/ports/condition.ts';
import { Bitset } from './bitset.ts';
import { evaluate } from './evaluate.ts';
import { inGroups } from './in-groups.ts';
import type { MatchedSets } from './matched-cache.ts';
import type { Segment } from './segment.ts';
import type { Part } from './snapshot.ts';
import type { TimeLimit } from './time-limit.ts';
import type { MatchedSegment } from './values.ts';

/** The records of each part that satisfy the condition, in the order of the parts. */
export function findMatches(
  parts: readonly Part[],
  condition: Condition,
  sets: MatchedSets,
  limit: TimeLimit,
): Promise<readonly MatchedSegment[]> {
  const isAll = isEverything(condition);
  return inGroups(parts, limit, async (part) => {
    const segment = await part.open();
    if (isAll) return { segment, matched: allOf(part, segment) };
    const matched = await sets.in(segment, limit, () => evaluate(segment, condition, limit));
    return { segment, matched: within(part, segment, matched) };
  });
}

/** Tells whether every record satisfies it, by its form. */
export function isEverything(condition: Condition): boolean {
  return condition.kind === 'all' && condition.of.every(isEverything);
}

/** All records of the part. */
function allOf(part: Part, segment: Segment): Bitset {
  const all = Bitset.none(segment.size);
  all.addRange(part.from - segment.from, part.to - segment.from);
  return all;
}

/** Those that are in the part: a segment may reach beyond it. */
function within(part: Part, segment: Segment, matched: Bitset): Bitset {
  if (part.from === segment.from && part.to === segment.to) return matched;
  return allOf(part, segment).and(matched);
}
