/**
 * What makes a spreadsheet take a cell for a formula, at its beginning: also in the full-width and small
 * forms of East Asian keyboards, and behind white space and characters that cannot be seen, which some drop.
 */
const FORMULA = /^(?:[\t\r\n]|[\s\p{Cc}\p{Cf}]*[=+\-@\uff1d\uff0b\uff0d\uff20\ufe62\ufe63\ufe66\ufe6b])/u;
const NEEDS_QUOTES = /[",\r\n]/u;

/**
 * One line of CSV (RFC 4180), with its line end. A cell that a spreadsheet would take for a formula gets an
 * apostrophe in front: what must not lose a character belongs into JSON.
 */
export function csvLine(cells: readonly string[]): string {
  return `${cells.map(csvCell).join(',')}\r\n`;
}

function csvCell(text: string): string {
  const safe = FORMULA.test(text) ? `'${text}` : text;
  return NEEDS_QUOTES.test(safe) ? `"${safe.replaceAll('"', '""')}"` : safe;
}
