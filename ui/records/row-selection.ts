import type { RecordRow } from './record-row.ts';

/** Selected records by index, in the order of their selection, with what is needed to copy them. */
export type RowSelection = ReadonlyMap<number, RecordRow>;

/** Records that can be selected at the same time. */
export const SELECTION_MAX = 10_000;

export const emptySelection: RowSelection = new Map();

/** With the record, or without it where it was in; `null` where it is one too many. */
export function withToggled(selection: RowSelection, row: RecordRow): RowSelection | null {
  const next = new Map(selection);
  if (next.delete(row.index)) return next;
  return selection.size >= SELECTION_MAX ? null : next.set(row.index, row);
}

/** With these records, as many of them as it can hold. */
export function withRows(
  selection: RowSelection,
  rows: Iterable<RecordRow>,
): { readonly selection: RowSelection; readonly isFull: boolean } {
  const next = new Map(selection);
  for (const row of rows) {
    if (next.size >= SELECTION_MAX && !next.has(row.index)) return { selection: next, isFull: true };
    next.set(row.index, row);
  }
  return { selection: next, isFull: false };
}

/**
 * The rows from one place to another, both included, of those that are loaded, and how many are not: the two
 * may be millions of rows apart.
 */
export function rowsBetween(
  loaded: Iterable<readonly [place: number, row: RecordRow]>,
  one: number,
  other: number,
): { readonly rows: readonly RecordRow[]; readonly missing: number } {
  const [first, last] = [Math.min(one, other), Math.max(one, other)];
  const rows: RecordRow[] = [];
  for (const [place, row] of loaded) if (place >= first && place <= last) rows.push(row);
  return { rows, missing: last - first + 1 - rows.length };
}

/** The selected rows, newest first: as the table has them unless it is sorted otherwise. */
export function inOrder(selection: RowSelection): readonly RecordRow[] {
  return [...selection.values()].toSorted((one, other) => other.index - one.index);
}
