import { fold } from './fold.ts';
import { numberText } from './number-key.ts';

/** What a term is of: see TERM_KINDS. */
export type TermKind = '!' | 'a' | 'd' | 'f' | 'i' | 'n' | 'o' | 's' | 't' | 'z';

/**
 * The order of terms in a dictionary: by kind, then as `fold` gives them, then as they are; by code units.
 */
export function compareTerms(a: string, b: string): number {
  if (a === b) return 0;
  const kinds = a.charCodeAt(0) - b.charCodeAt(0);
  if (kinds !== 0) return kinds;
  const [foldedA, foldedB] = [fold(a), fold(b)];
  if (foldedA !== foldedB) return foldedA < foldedB ? -1 : 1;
  return a < b ? -1 : 1;
}

/**
 * The text whose words count for a term: of a string itself, of a number its digits (the same ones for equal
 * numbers, however they were sent), of a member's name the name. `null` for kinds that have no words. Names
 * have words only at paths that are the sender's own: see `isCustom`.
 */
export function termText(kind: TermKind, text: string): string | null {
  switch (kind) {
    case 's':
    case '!':
      return text;
    case 'n':
      return numberText(text);
    default:
      return null;
  }
}
