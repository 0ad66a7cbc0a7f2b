import { type MouseEvent, useState } from 'react';
import { copyText } from '#ui/parts/copy-button.tsx';
import { BASE } from '#ui/graphql/request.ts';
import { emptyView, viewHref } from '#ui/search/view.ts';
import { copyRows } from './copy-rows.ts';
import type { RecordRow } from './record-row.ts';
import { copiedRows, menuAt } from './record-table-events.ts';
import { ACTIVE_ROW_ID } from './record-table-row.tsx';
import type { RowColumn } from './row-column.ts';
import type { RowList } from './row-list.ts';
import type { RowMenuAction, RowMenuTarget } from './row-menu.tsx';
import type { RowSelection } from './row-selection.ts';
import type { ActiveRow } from './use-active-row.ts';

export interface RowMenuState {
  /** `null` while it is closed. */
  readonly target: RowMenuTarget | null;
  readonly onContextMenu: (event: MouseEvent) => void;
  /** Opens it on the active row. */
  readonly openAtActive: () => void;
  readonly onAction: (action: RowMenuAction) => void;
  readonly close: () => void;
}

export interface RowMenuOptions {
  readonly list: RowList;
  readonly active: ActiveRow;
  readonly selection: RowSelection;
  readonly columns: readonly RowColumn[];
  readonly openRow: (index: number) => void;
  readonly onPill: (term: string) => void;
}

/** The menu of a row, opened by the mouse or by key, and what it does. */
export function useRowMenu(options: RowMenuOptions): RowMenuState {
  const { list, active, selection } = options;
  const [opened, setOpened] = useState<{ readonly target: RowMenuTarget; readonly row: RecordRow } | null>(
    null,
  );
  // While it closes, it still says what it said.
  const [isOpen, setIsOpen] = useState(false);
  const show = (target: RowMenuTarget, row: RecordRow): void => {
    setOpened({ target, row });
    setIsOpen(true);
  };
  return {
    target: isOpen ? (opened?.target ?? null) : null,
    onContextMenu(event) {
      const found = menuAt(event, list, selection);
      const row = found === null ? undefined : list.at(found.place);
      if (found === null || row === undefined) return;
      event.preventDefault();
      active.go(found.place);
      show(found, row);
    },
    openAtActive() {
      const row = active.place === null ? undefined : list.at(active.place);
      const box = document.getElementById(ACTIVE_ROW_ID)?.getBoundingClientRect();
      if (row === undefined || box === undefined) return;
      const copied = copiedRows(row, selection).length;
      show({ x: box.left + BESIDE, y: box.bottom, term: null, copied }, row);
    },
    onAction: (action) => {
      if (opened !== null) act(action, opened.row, opened.target, options);
    },
    close: () => setIsOpen(false),
  };
}

/** px from the row's start. */
const BESIDE = 40;

function act(
  action: RowMenuAction,
  row: RecordRow,
  { term }: RowMenuTarget,
  { list, selection, columns, openRow, onPill }: RowMenuOptions,
): void {
  switch (action) {
    case 'OPEN':
      return openRow(row.index);
    case 'LINK':
      return void copyText(linkOf(row, list.question.ledger));
    case 'FILTER':
    case 'EXCLUDE':
      if (term !== null) onPill(action === 'FILTER' ? term : `-${term}`);
      return;
    case 'JSON':
    case 'CSV':
    case 'MARKDOWN':
      return void copyText(copyRows(copiedRows(row, selection), columns, action));
  }
}

function linkOf({ index }: RecordRow, ledger: string): string {
  return new URL(viewHref({ ...emptyView(ledger), open: index }), BASE).href;
}
