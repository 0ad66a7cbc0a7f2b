/** Searches that are kept in the browser. */
export const SEARCHES_MAX = 50;

/** What the browser kept, as far as it is a list of searches: anybody may have written there. */
export function keptSearches(kept: readonly unknown[]): readonly string[] {
  return kept.filter((search) => typeof search === 'string');
}

/** The searches with one that was run now in front; each stands there once. An empty one is not kept. */
export function withSearch(searches: readonly string[], search: string): readonly string[] {
  if (search === '') return searches;
  return [search, ...withoutSearch(searches, search)].slice(0, SEARCHES_MAX);
}

/** The searches without one of them. */
export function withoutSearch(searches: readonly string[], search: string): readonly string[] {
  return searches.filter((other) => other !== search);
}

/** How far back somebody went with the arrows, and what they had written before. */
export interface HistoryWalk {
  /** Place among the searches; −1 where nobody went back. */
  readonly place: number;
  readonly draft: string;
}

/**
 * One step back (1) or forth (−1) from the text that stands in the bar; in front of the newest is what was
 * written before. `null` where there is nothing further.
 */
export function walkHistory(
  searches: readonly string[],
  { place, draft }: HistoryWalk,
  text: string,
  step: 1 | -1,
): (HistoryWalk & { readonly text: string }) | null {
  const isAway = place >= 0 && searches[place] === text;
  const from = isAway ? place : -1;
  const written = isAway ? draft : text;
  let next = from + step;
  // What stands in the bar anyway is no step.
  if (searches[next] === text) next += step;
  if (next < -1 || next >= searches.length) return null;
  return { place: next, draft: written, text: searches[next] ?? written };
}
