/** What the search language allows at once (docs/SEARCH.md). */
const CHARACTERS_MAX = 4_096;
const VALUES_MAX = 256;

/**
 * The search that finds exactly the records with these indexes, e.g. `index:(3 7..9)`; what lies side by side
 * becomes a range. `null` where they are more than one search can name, or none.
 */
export function selectionSearch(indexes: readonly number[]): string | null {
  const runs = runsOf([...new Set(indexes)].sort((a, b) => a - b));
  const values = runs.reduce((sum, [first, last]) => sum + (first === last ? 1 : 2), 0);
  const terms = runs.map(([first, last]) => (first === last ? String(first) : `${first}..${last}`));
  const search = `index:(${terms.join(' ')})`;
  return runs.length === 0 || values > VALUES_MAX || search.length > CHARACTERS_MAX ? null : search;
}

/** First and last of each run of numbers that follow one another. */
function runsOf(sorted: readonly number[]): readonly (readonly [first: number, last: number])[] {
  const runs: [number, number][] = [];
  for (const index of sorted) {
    const run = runs.at(-1);
    if (run?.[1] === index - 1) run[1] = index;
    else runs.push([index, index]);
  }
  return runs;
}
