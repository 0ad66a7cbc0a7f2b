/** The known name that is nearest to a mistyped one; `null` where there is none at all. */
export function nearest(name: string, known: readonly string[]): string | null {
  return known.toSorted((a, b) => distance(a, name) - distance(b, name))[0] ?? null;
}

/** How many characters (UTF-16 code units) have to be put in, taken out or replaced (Levenshtein). */
export function distance(a: string, b: string): number {
  let row = Array.from({ length: b.length + 1 }, (_, i) => i);
  for (let i = 1; i <= a.length; i++) {
    const next = [i];
    for (let j = 1; j <= b.length; j++) {
      const substituted = row[j - 1]! + (a[i - 1] === b[j - 1] ? 0 : 1);
      next.push(Math.min(next[j - 1]! + 1, row[j]! + 1, substituted));
    }
    row = next;
  }
  return row[b.length]!;
}
