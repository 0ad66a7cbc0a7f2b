import { type CSSProperties, type MouseEvent, useCallback, useEffect, useMemo, useRef } from 'react';
import { useCommands } from '#ui/app/commands.ts';
import { usePreferences } from '#ui/app/preferences.ts';
import { useRoute } from '#ui/app/route.ts';
import type { RecordOrder } from '#ui/graphql/generated.ts';
import { Problem } from '#ui/parts/problem.tsx';
import { zoneText } from '#ui/parts/time-text.ts';
import type { Question } from '#ui/search/view.ts';
import { FindBox } from './find-box.tsx';
import { phraseOf } from './find-rows.ts';
import { messages } from './messages.ts';
import { RecordTableBar } from './record-table-bar.tsx';
import { tableCommands } from './record-table-commands.ts';
import { RecordTableEmpty } from './record-table-empty.tsx';
import { clickRow } from './record-table-events.ts';
import { RecordTableHead } from './record-table-head.tsx';
import { ACTIVE_ROW_ID } from './record-table-row.tsx';
import { RecordTableRows } from './record-table-rows.tsx';
import { RecordTableSelection } from './record-table-selection.tsx';
import { RowList } from './row-list.ts';
import { RowMenu } from './row-menu.tsx';
import { useActiveRow } from './use-active-row.ts';
import { type Columns, useColumns } from './use-columns.ts';
import { useFind } from './use-find.ts';
import { useLiveRows } from './use-live-rows.ts';
import { useRowMenu } from './use-row-menu.ts';
import { useRowSelection } from './use-row-selection.ts';
import { useRowSource } from './use-row-source.ts';
import { useRowView, useSeen } from './use-row-view.ts';
import type { RowPlaces, RowView } from './row-view.ts';
import './record-table.css';

export interface RecordTableProps {
  readonly question: Question;
  readonly order: RecordOrder;
  /** Index of the record that is open in the panel. */
  readonly open: number | null;
  readonly onOpen: (index: number | null) => void;
  readonly onOrder: (order: RecordOrder) => void;
  readonly onPill: (term: string) => void;
  /** Looks at the ledger again, as of now: the question comes back with a larger size. */
  readonly onRefresh: () => void;
}

const ROW_HEIGHT = { COMFORTABLE: 28, COMPACT: 24 } as const;
/** As in record-table-head.css, with its line. */
const HEAD_HEIGHT = 28;
const CHECK_WIDTH = 32;

/** The records that match, all of them: a window over a list of any length. */
export function RecordTable(props: RecordTableProps) {
  const table = useRecordTable(props);
  const { list, shown, columns, active, selecting, find, live, menu, grid } = table;
  const { question, order, open, onOrder, onPill, onRefresh } = props;
  return (
    <section className="record-table" aria-label={messages.table}>
      <RecordTableBar {...{ shown, live, columns, onRefresh, rows: list.length, view: table.view }} />
      {selecting.rows.size > 0 && (
        <RecordTableSelection question={question} columns={columns.shown} selecting={selecting} />
      )}
      {find.isOpen && (
        <FindBox
          {...{ text: find.text, count: find.count, at: find.at }}
          onText={find.setText}
          onStep={find.step}
          onAll={() => onPill(phraseOf(find.text))}
          onClose={() => {
            find.close();
            grid.current?.focus();
          }}
        />
      )}
      {shown.asked.error !== null && (
        <Problem error={shown.asked.error} onRetry={() => shown.asked.retry()} />
      )}
      <div
        ref={table.setGrid}
        className="record-table-grid"
        style={columnStyle(columns)}
        role="grid"
        tabIndex={0}
        aria-label={messages.table}
        aria-rowcount={shown.source.total === null ? -1 : list.length + 1}
        aria-colcount={columns.shown.length + 1}
        aria-multiselectable
        aria-busy={shown.isStale}
        aria-activedescendant={table.isActiveDrawn ? ACTIVE_ROW_ID : undefined}
        data-stale={shown.isStale || undefined}
        onMouseDown={keepRange}
        onClick={(event) => clickRow(event, { list, active, selecting, onOpen: table.openRow })}
        onContextMenu={menu.onContextMenu}
      >
        <RecordTableHead columns={columns} order={order} onOrder={onOrder} zoneLabel={table.zoneLabel} />
        {list.length === 0 && <RecordTableEmpty shown={shown} onRefresh={onRefresh} />}
        {list.length > 0 && (
          <RecordTableRows
            list={list}
            view={table.view}
            rowHeight={table.rowHeight}
            columns={columns.shown}
            active={active.place}
            open={open}
            selection={selecting.rows}
            find={find}
            zone={table.zone}
            zoneLabel={table.zoneLabel}
            isStale={shown.isStale}
          />
        )}
      </div>
      <RowMenu target={menu.target} onAction={menu.onAction} onClose={menu.close} />
    </section>
  );
}

/** All that the table is made of, put together. */
function useRecordTable({ question, order, open, onOpen, onPill, onRefresh }: RecordTableProps) {
  const { zone, rows: density } = usePreferences();
  const zoneLabel = useMemo(() => zoneText(zone), [zone]);
  const columns = useColumns();
  const rowHeight = ROW_HEIGHT[density];
  const { shown, list, live, view, ref } = useRowsInView(question, order, onRefresh, rowHeight);

  const latestOpen = useRef(onOpen);
  latestOpen.current = onOpen;
  const openRow = useCallback((index: number) => latestOpen.current(index), []);
  const active = useActiveRow({ list, view, open, onOpen: openRow });
  const selecting = useRowSelection(shown.question);
  const find = useFind({ list, columns: columns.shown, active: active.place, onGo: active.go });
  const grid = useRef<HTMLElement | null>(null);
  const setGrid = useCallback(
    (element: HTMLElement | null) => {
      grid.current = element;
      ref(element);
    },
    [ref],
  );
  const { shown: shownColumns } = columns;
  const selection = selecting.rows;
  const menu = useRowMenu({ list, active, selection, columns: shownColumns, openRow, onPill });
  const isFocused = (): boolean => isFocusedIn(grid.current);
  const onMenu = menu.openAtActive;
  useCommands(tableCommands({ list, active, selecting, find, live, open, onOpen, onMenu, view, isFocused }));
  const isActiveDrawn = useActiveDrawn(view, active.place);
  const made = { list, shown, columns, view, rowHeight, active, selecting, find, live, menu };
  return { ...made, grid, setGrid, openRow, zone, zoneLabel, isActiveDrawn };
}

/** The rows, those that come live among them, and what is seen of them. */
function useRowsInView(question: Question, order: RecordOrder, onRefresh: () => void, rowHeight: number) {
  const isFixed = useRoute().parameters.has('size');
  const shown = useRowSource(question, order);
  const following = useLiveRows(shown, isFixed, onRefresh);
  const { source, question: answered, order: answeredOrder } = shown;
  const list = useMemo(
    () => new RowList(following.rows, source, answered, answeredOrder),
    [following.rows, source, answered, answeredOrder],
  );
  const { view, ref } = useRowView({ rows: list.length, rowHeight, headHeight: HEAD_HEIGHT });
  const isAtTop = useSeen(view, atTop);
  useEffect(() => following.setAway(!isAtTop), [isAtTop]);
  useEffect(
    () => view.toTop(),
    [answered.ledger, answered.search, answered.from, answered.to, answeredOrder],
  );
  const live = useMemo(
    () => ({
      ...following,
      resume() {
        // What waited is shown at the top.
        view.toTop();
        following.resume();
      },
    }),
    [following, view],
  );
  return { shown, list, live, view, ref };
}

function columnStyle({ tracks, totalWidth }: Columns): CSSProperties {
  return {
    '--record-table-columns': `${CHECK_WIDTH}px ${tracks.join(' ')}`,
    '--record-table-width': `${CHECK_WIDTH + totalWidth}px`,
  } as CSSProperties;
}

/** With Shift the browser would select the text between two clicks, and with the table that means rows. */
function keepRange(event: MouseEvent<HTMLElement>): void {
  if (!event.shiftKey) return;
  event.preventDefault();
  event.currentTarget.focus();
}

/** Whether keys that others use, too, are meant for the table: it is focused, or nothing is. */
function isFocusedIn(grid: HTMLElement | null): boolean {
  const { activeElement, body } = document;
  return (
    activeElement === null ||
    activeElement === body ||
    activeElement.id === 'content' ||
    grid?.contains(activeElement) === true
  );
}

function atTop({ isAtTop }: RowPlaces): boolean {
  return isAtTop;
}

/** Whether the active row has an element: one that is not there cannot be pointed to. */
function useActiveDrawn(view: RowView, place: number | null): boolean {
  return useSeen(
    view,
    useCallback(({ from, to }: RowPlaces) => place !== null && place >= from && place < to, [place]),
  );
}
