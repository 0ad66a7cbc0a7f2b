import { fold } from './fold.ts';

/**
 * How any term compares with this one: the order of `compareTerms`, for one that is compared with many.
 * Negative where the other is before it.
 */
export function comparerWithTerm(term: string): (other: string) => number {
  const kind = term.charCodeAt(0);
  const folded = fold(term);
  return (other) => {
    if (other === term) return 0;
    const kinds = other.charCodeAt(0) - kind;
    // Of an empty text there is no kind: it is before all terms.
    if (kinds !== 0) return Number.isNaN(kinds) ? other.length - term.length : kinds;
    const foldedOther = fold(other);
    if (foldedOther !== folded) return foldedOther < folded ? -1 : 1;
    return other < term ? -1 : 1;
  };
}
