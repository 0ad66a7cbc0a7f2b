/**
 * The text with the difference of capital and small letters taken away: in small letters, and both small
 * sigmas made one. So each code point is folded by itself, and the fold of a text begins with the fold of its
 * beginning. Nothing is normalized.
 */
export function fold(text: string): string {
  const small = text.toLowerCase();
  return small.includes(FINAL_SIGMA) ? small.replaceAll(FINAL_SIGMA, SIGMA) : small;
}

/** The one small letter that depends on where in a word it stands. */
const FINAL_SIGMA = 'ς';
const SIGMA = 'σ';
