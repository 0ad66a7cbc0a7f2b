import type { TimeLimit } from './time-limit.ts';

/** Segments that are worked on at once: so their pages are read together, and memory stays bounded. */
const GROUP_SEGMENTS = 64;

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
