/** Digits alone, or in groups of three as numbers are shown. */
const WHOLE = /^(?:\d{1,16}|\d{1,3}(?:[\s,.’']\d{3}){1,5})$/;

/**
 * Reads the first and the last index of a range, both inclusive, of a ledger with `size` records. Gives the
 * range with its end exclusive; `null` for what is no such range.
 */
export function readRange(
  first: string,
  last: string,
  size: number,
): { readonly from: number; readonly to: number } | null {
  const [from, end] = [wholeNumber(first), wholeNumber(last)];
  if (from === null || end === null) return null;
  return from <= end && end < size ? { from, to: end + 1 } : null;
}

function wholeNumber(text: string): number | null {
  const trimmed = text.trim();
  return WHOLE.test(trimmed) ? Number(trimmed.replaceAll(/\D/g, '')) : null;
}
