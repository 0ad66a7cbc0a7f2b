import type { RecordRow } from './record-row.ts';
import type { RowColumn } from './row-column.ts';

/** Whether a row has the text in one of the columns, whatever its case. */
export function matchesText(row: RecordRow, columns: readonly RowColumn[], text: string): boolean {
  const wanted = text.toLowerCase();
  if (wanted === '') return false;
  return columns.some((column) => textsOf(row, column).some((value) => value.toLowerCase().includes(wanted)));
}

/** Places of the loaded rows that have the text, from the top. */
export function findRows(
  loaded: Iterable<readonly [place: number, row: RecordRow]>,
  columns: readonly RowColumn[],
  text: string,
): readonly number[] {
  const places: number[] = [];
  for (const [place, row] of loaded) if (matchesText(row, columns, text)) places.push(place);
  return places;
}

/** The term of the query language that finds these words in this order anywhere in a record. */
export function phraseOf(text: string): string {
  return `"${text.replace(/["\\]/g, '\\$&')}"`;
}

function textsOf(row: RecordRow, { id, value }: RowColumn): readonly string[] {
  const name = id === 'actor' ? row.actor?.name : id === 'target' ? row.target?.name : null;
  return [value(row), name ?? null].filter((text) => text !== null);
}
