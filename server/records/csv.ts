/** Characters that make a spreadsheet take a cell for a formula, at its beginning. */
const FORMULA = /^[=+\-@\t\r]/u;
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
