import type { MouseEvent } from 'react';
import type { RecordRow } from './record-row.ts';
import { columnOf, termOf } from './row-column.ts';
import type { RowList } from './row-list.ts';
import type { RowMenuTarget } from './row-menu.tsx';
import { inOrder, type RowSelection } from './row-selection.ts';
import type { ActiveRow } from './use-active-row.ts';
import type { Selecting } from './use-row-selection.ts';

/** A row under the pointer, and the column of the cell. */
interface Hit {
  readonly place: number;
  readonly row: RecordRow | undefined;
  readonly column: string | null;
  readonly isCheck: boolean;
}

export interface ClickContext {
  readonly list: RowList;
  readonly active: ActiveRow;
  readonly selecting: Selecting;
  readonly onOpen: (index: number) => void;
}

/** A row was clicked: it opens, or is selected; where text was selected with the mouse, nothing happens. */
export function clickRow(event: MouseEvent, { list, active, selecting, onOpen }: ClickContext): void {
  const hit = hitOf(event, list);
  if (hit === null) return;
  const { place, row, isCheck } = hit;
  if (event.shiftKey) {
    selecting.extend(list, active.place ?? place, place);
    active.go(place);
  } else if (row !== undefined && (isCheck || event.ctrlKey || event.metaKey)) {
    selecting.toggle(row);
    active.go(place);
  } else if (!isCheck && !hasSelectedText(event.currentTarget)) {
    active.go(place);
    if (row !== undefined) onOpen(row.index);
  }
}

/** The menu for what is under the pointer; `null` for the browser's own: on selected text it copies. */
export function menuAt(
  event: MouseEvent,
  list: RowList,
  selection: RowSelection,
): (RowMenuTarget & { readonly place: number }) | null {
  const hit = hitOf(event, list);
  if (hit?.row === undefined || hasSelectedText(event.currentTarget)) return null;
  return {
    place: hit.place,
    x: event.clientX,
    y: event.clientY,
    term: termIn(hit.row, hit.column),
    copied: copiedRows(hit.row, selection).length,
  };
}

/** What copying copies: the whole selection where the row is in it, else the row. */
export function copiedRows(row: RecordRow, selection: RowSelection): readonly RecordRow[] {
  return selection.has(row.index) ? inOrder(selection) : [row];
}

/** The term that finds the value of the cell; `null` for none. */
export function termIn(row: RecordRow, column: string | null): string | null {
  const known = column === null ? null : columnOf(column);
  return known === null ? null : termOf(row, known);
}

function hitOf({ target }: MouseEvent, list: RowList): Hit | null {
  if (!(target instanceof Element)) return null;
  const found = target.closest<HTMLElement>('[data-place]');
  if (found === null) return null;
  const place = Number(found.dataset['place']);
  return {
    place,
    row: list.at(place),
    column: target.closest<HTMLElement>('[data-column]')?.dataset['column'] ?? null,
    isCheck: target.closest('[data-check]') !== null,
  };
}

function hasSelectedText(within: Element): boolean {
  const selection = document.getSelection();
  return (
    selection !== null &&
    !selection.isCollapsed &&
    selection.toString() !== '' &&
    selection.containsNode(within, true)
  );
}
