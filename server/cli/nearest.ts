import { distance } from '#server/config.ts';

/** The known name that is nearest to a mistyped one; `null` where there is none at all. */
export function nearest(name: string, known: readonly string[]): string | null {
  return known.toSorted((a, b) => distance(a, name) - distance(b, name))[0] ?? null;
}
