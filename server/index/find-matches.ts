import type { Condition } from '#server/ports/condition.ts';
import { Bitset } from './bitset.ts';
import { evaluate } from './evaluate.ts';
import type { MatchedSets } from './matched-cache.ts';
import type { Segment } from './segment.ts';
import type { Part } from './snapshot.ts';
import type { TimeLimit } from './time-limit.ts';
import type { MatchedSegment } from './values.ts';

/** Segments that are worked on at once: so their pages are read together, and memory stays bounded. */
const GROUP_SEGMENTS = 64;

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

/** Does something with each, group by group; between groups others have their turn. */
export async function inGroups<T, R>(
  items: readonly T[],
  limit: TimeLimit,
  run: (item: T) => Promise<R>,
): Promise<readonly R[]> {
  const results: R[] = [];
  for (let at = 0; at < items.length; at += GROUP_SEGMENTS) {
    if (at > 0) await limit.pause();
    results.push(...(await Promise.all(items.slice(at, at + GROUP_SEGMENTS).map(run))));
  }
  limit.checkTime();
  return results;
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
