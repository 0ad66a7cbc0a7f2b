import { useCallback, useMemo, useState } from 'react';
import { announce, notify } from '#ui/parts/announce.ts';
import type { Question } from '#ui/search/view.ts';
import { messages } from './messages.ts';
import type { RecordRow } from './record-row.ts';
import {
  emptySelection,
  type RowSelection,
  rowsBetween,
  SELECTION_MAX,
  withRows,
  withToggled,
} from './row-selection.ts';
import type { RowList } from './row-list.ts';

export interface Selecting {
  readonly rows: RowSelection;
  readonly toggle: (row: RecordRow) => void;
  /** Selects all from one place to another, both included; those that are not there are told about. */
  readonly extend: (list: RowList, from: number, to: number) => void;
  /** Selects everything that is loaded. */
  readonly selectLoaded: (list: RowList) => void;
  readonly clear: () => void;
}

/** The selection of one question, and what changes it: what another one shows is not selected. */
export function useRowSelection(question: Question): Selecting {
  const of = subjectOf(question);
  const [kept, setKept] = useState({ of, rows: emptySelection });
  const rows = kept.of === of ? kept.rows : emptySelection;
  const take = useCallback(
    (next: RowSelection) => {
      setKept({ of, rows: next });
      announce(messages.selected(next.size));
    },
    [of],
  );
  const add = useCallback(
    (more: Iterable<RecordRow>) => {
      const { selection, isFull } = withRows(rows, more);
      take(selection);
      if (isFull) notify(messages.selectionFull(SELECTION_MAX), 'PROBLEM');
      return selection;
    },
    [rows, take],
  );
  return useMemo(
    () => ({
      rows,
      toggle(row) {
        const next = withToggled(rows, row);
        if (next === null) notify(messages.selectionFull(SELECTION_MAX), 'PROBLEM');
        else take(next);
      },
      extend(list, from, to) {
        const { rows: found, missing } = rowsBetween(list.loaded(), from, to);
        add(found);
        if (missing > 0) notify(messages.selectionMissing(missing), 'PROBLEM');
      },
      selectLoaded(list) {
        const selection = add([...list.loaded()].map(([, row]) => row));
        notify(messages.selectedLoaded(selection.size));
      },
      clear: () => take(emptySelection),
    }),
    [rows, add, take],
  );
}

/** What a question looks for. A ledger that grows, and a range that ends now and moves on, stay the same. */
function subjectOf({ ledger, search, from, to }: Question): string {
  const begins = from !== null && to === null ? 'moving' : from;
  return JSON.stringify([ledger, search, begins, to]);
}
