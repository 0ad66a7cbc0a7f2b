import {
  columnOrderingFeature,
  columnSizingFeature,
  columnVisibilityFeature,
  createColumnHelper,
  functionalUpdate,
  tableFeatures,
  useTable,
} from '@tanstack/react-table';
import { useMemo, useState } from 'react';
import { preferences, setPreferences, usePreferences } from '#ui/app/preferences.ts';
import type { RecordRow } from './record-row.ts';
import { chosenColumns, columnOf, ROW_COLUMNS, type RowColumn, WIDTH_MAX, WIDTH_MIN } from './row-column.ts';

/** The columns as they are shown, and what changes them. All of it is kept in this browser. */
export interface Columns {
  /** Shown, in order. */
  readonly shown: readonly RowColumn[];
  /** How wide those shown are, as tracks of a CSS grid. */
  readonly tracks: readonly string[];
  /** px that they take at least, together. */
  readonly totalWidth: number;
  /** All of them: those shown first, in order. */
  readonly all: readonly { readonly column: RowColumn; readonly isShown: boolean }[];
  /** While the mouse drags. */
  readonly drag: (id: string, width: number) => void;
  /** Sets a width and keeps it. */
  readonly resize: (id: string, width: number) => void;
  readonly toggle: (id: string) => void;
  /** Moves a column by so many places among those shown. */
  readonly move: (id: string, by: number) => void;
  readonly reset: () => void;
}

const features = tableFeatures({ columnOrderingFeature, columnSizingFeature, columnVisibilityFeature });
const columnMaker = createColumnHelper<typeof features, RecordRow>();
const definitions = columnMaker.columns(
  ROW_COLUMNS.map(({ id, value, width }) =>
    columnMaker.accessor(value, { id, size: width, minSize: WIDTH_MIN, maxSize: WIDTH_MAX }),
  ),
);
/** The rows are windowed, and no business of the column model. */
const NO_ROWS: RecordRow[] = [];

/** Which columns are shown, in which order, how wide. */
export function useColumns(): Columns {
  const chosen = usePreferences();
  const [dragged, setDragged] = useState<Readonly<Record<string, number>>>({});
  const order = useMemo(() => chosenColumns(chosen.columns).map(({ id }) => id), [chosen.columns]);
  const sizing = useMemo(() => ({ ...chosen.columnWidths, ...dragged }), [chosen.columnWidths, dragged]);
  const visibility = useMemo(
    () => Object.fromEntries(ROW_COLUMNS.map(({ id }) => [id, order.includes(id)])),
    [order],
  );
  const table = useTable({
    features,
    columns: definitions,
    data: NO_ROWS,
    state: { columnOrder: order, columnSizing: sizing, columnVisibility: visibility },
    onColumnOrderChange: (updater) => setPreferences({ columns: functionalUpdate(updater, order) }),
    onColumnSizingChange: (updater) => setDragged(functionalUpdate(updater, sizing)),
    onColumnVisibilityChange: (updater) => {
      const visible = functionalUpdate(updater, visibility);
      const kept = order.filter((id) => visible[id]);
      const added = ROW_COLUMNS.map(({ id }) => id).filter((id) => visible[id] && !order.includes(id));
      // A table without any column could not be read, nor put right.
      if (kept.length + added.length > 0) setPreferences({ columns: [...kept, ...added] });
    },
  });
  const leaves = table.getVisibleLeafColumns();
  const trackText = leaves
    .map((leaf) => trackOf(leaf.id, leaf.getSize(), Object.hasOwn(sizing, leaf.id)))
    .join(' ');
  const totalWidth = table.getTotalSize();
  const shown = useMemo(() => order.flatMap((id) => columnOf(id) ?? []), [order]);
  const tracks = useMemo(() => filled(trackText.split(' ')), [trackText]);
  const all = useMemo(() => offered(shown), [shown]);
  return useMemo(
    () => ({
      shown,
      tracks,
      totalWidth,
      all,
      drag: (id, width) => table.setColumnSizing((before) => ({ ...before, [id]: within(width) })),
      resize(id, width) {
        setPreferences({ columnWidths: { ...preferences().columnWidths, [id]: within(width) } });
        setDragged({});
      },
      toggle: (id) => table.getColumn(id)?.toggleVisibility(),
      move: (id, by) => table.setColumnOrder((before) => moved(before, id, by)),
      reset: () => setPreferences({ columns: null, columnWidths: {} }),
    }),
    [shown, tracks, totalWidth, all, table],
  );
}

/** Text takes what is left of the window, until a person says how wide it is to be. */
function trackOf(id: string, width: number, isChosen: boolean): string {
  const kind = columnOf(id)?.kind;
  const isText = kind === 'TEXT' || kind === 'PARTY' || kind === 'CODE';
  return isText && !isChosen ? `minmax(${width}px,${width}fr)` : `${width}px`;
}

/** With the last one taking what is left, where none does. */
function filled(tracks: readonly string[]): readonly string[] {
  if (tracks.some((track) => track.endsWith('fr)'))) return tracks;
  return tracks.map((track, at) => (at === tracks.length - 1 ? `minmax(${track},1fr)` : track));
}

function offered(shown: readonly RowColumn[]): Columns['all'] {
  const hidden = ROW_COLUMNS.filter((column) => !shown.includes(column));
  return [
    ...shown.map((column) => ({ column, isShown: true })),
    ...hidden.map((column) => ({ column, isShown: false })),
  ];
}

function moved(order: readonly string[], id: string, by: number): string[] {
  const at = order.indexOf(id);
  const others = order.filter((other) => other !== id);
  return at === -1 ? others : others.toSpliced(Math.min(Math.max(0, at + by), others.length), 0, id);
}

function within(width: number): number {
  return Math.round(Math.min(Math.max(WIDTH_MIN, width), WIDTH_MAX));
}
