import { ArrowDown, ArrowUp, ChevronDown } from 'lucide-react';
import { memo, type PointerEvent, useState } from 'react';
import { Button, Menu, MenuItem, MenuTrigger, Popover } from 'react-aria-components';
import type { RecordOrder } from '#ui/graphql/generated.ts';
import { messages } from './messages.ts';
import { nextOrder, type RowColumn } from './row-column.ts';
import type { Columns } from './use-columns.ts';
import './record-table-head.css';

export interface RecordTableHeadProps {
  readonly columns: Columns;
  readonly order: RecordOrder;
  readonly onOrder: (order: RecordOrder) => void;
  /** What the times are in, e.g. `UTC+01:00`. */
  readonly zoneLabel: string;
}

/** The headings: a press sorts, a drag moves, the edge resizes, and the menu does all of it by key. */
export const RecordTableHead = memo(function RecordTableHead(props: RecordTableHeadProps) {
  const { columns } = props;
  const [dragged, setDragged] = useState<string | null>(null);
  const drop = (onto: string): void => {
    const ids = columns.shown.map(({ id }) => id);
    if (dragged !== null) columns.move(dragged, ids.indexOf(onto) - ids.indexOf(dragged));
    setDragged(null);
  };
  return (
    <div role="row" className="record-table-head" aria-rowindex={1}>
      <div role="columnheader" aria-colindex={1} className="record-table-head-cell">
        <span className="unseen">{messages.select}</span>
      </div>
      {columns.shown.map((column, at) => (
        <Heading
          key={column.id}
          {...props}
          column={column}
          at={at}
          onDrag={() => setDragged(column.id)}
          onDrop={() => drop(column.id)}
          isTarget={dragged !== null && dragged !== column.id}
        />
      ))}
    </div>
  );
});

interface HeadingProps extends RecordTableHeadProps {
  readonly column: RowColumn;
  readonly at: number;
  readonly onDrag: () => void;
  readonly onDrop: () => void;
  readonly isTarget: boolean;
}

function Heading({ column, at, columns, order, onOrder, zoneLabel, ...drag }: HeadingProps) {
  const isSorted = column.order !== null && column.order === order.field;
  const direction = order.direction === 'ASC' ? 'ascending' : 'descending';
  return (
    <div
      role="columnheader"
      aria-colindex={at + 2}
      aria-sort={isSorted ? direction : undefined}
      className="record-table-head-cell"
      data-column={column.id}
      data-kind={column.kind}
      draggable
      onDragStart={(event) => {
        event.dataTransfer.effectAllowed = 'move';
        drag.onDrag();
      }}
      onDragOver={(event) => {
        if (drag.isTarget) event.preventDefault();
      }}
      onDrop={drag.onDrop}
    >
      <Title column={column} isSorted={isSorted} order={order} onOrder={onOrder} zoneLabel={zoneLabel} />
      <ColumnMenu column={column} at={at} columns={columns} onOrder={onOrder} />
      <Edge id={column.id} columns={columns} />
    </div>
  );
}

interface TitleProps extends Pick<RecordTableHeadProps, 'order' | 'onOrder' | 'zoneLabel'> {
  readonly column: RowColumn;
  readonly isSorted: boolean;
}

function Title({ column, isSorted, order, onOrder, zoneLabel }: TitleProps) {
  const Arrow = order.direction === 'ASC' ? ArrowUp : ArrowDown;
  const words = (
    <>
      {column.title}
      {column.kind === 'TIME' && <span className="record-table-head-zone">{zoneLabel}</span>}
      {isSorted && <Arrow aria-hidden size={12} />}
    </>
  );
  const field = column.order;
  if (field === null) return <span className="record-table-head-title">{words}</span>;
  return (
    <button
      type="button"
      className="record-table-head-title"
      title={messages.sortBy(column.title)}
      onClick={() => onOrder(nextOrder(order, field))}
    >
      {words}
    </button>
  );
}

interface ColumnMenuProps extends Pick<RecordTableHeadProps, 'columns' | 'onOrder'> {
  readonly column: RowColumn;
  readonly at: number;
}

/** By how much a column gets wider or narrower at a time. */
const WIDTH_STEP = 24;

function ColumnMenu({ column: { id, title, order }, at, columns, onOrder }: ColumnMenuProps) {
  const act = (action: string): void => {
    const current = drawnWidth(id);
    if (action === 'DESC' || action === 'ASC') {
      if (order !== null) onOrder({ field: order, direction: action });
    } else if (action === 'LEFT') columns.move(id, -1);
    else if (action === 'RIGHT') columns.move(id, 1);
    else if (action === 'WIDER') columns.resize(id, current + WIDTH_STEP);
    else if (action === 'NARROWER') columns.resize(id, current - WIDTH_STEP);
    else columns.toggle(id);
  };
  const items: readonly (readonly [action: string, words: string, isPossible: boolean])[] = [
    ['DESC', messages.sortNewest, order !== null],
    ['ASC', messages.sortOldest, order !== null],
    ['LEFT', messages.moveLeft, at > 0],
    ['RIGHT', messages.moveRight, at < columns.shown.length - 1],
    ['WIDER', messages.wider, true],
    ['NARROWER', messages.narrower, true],
    ['HIDE', messages.hide, columns.shown.length > 1],
  ];
  return (
    <MenuTrigger>
      <Button className="record-table-head-menu" aria-label={messages.columnMenu(title)}>
        <ChevronDown aria-hidden size={12} />
      </Button>
      <Popover className="popover" placement="bottom end">
        <Menu className="menu" aria-label={messages.columnMenu(title)} onAction={(key) => act(String(key))}>
          {items
            .filter(([, , isPossible]) => isPossible)
            .map(([action, words]) => (
              <MenuItem key={action} id={action} className="menu-item">
                {words}
              </MenuItem>
            ))}
        </Menu>
      </Popover>
    </MenuTrigger>
  );
}

interface EdgeProps {
  readonly id: string;
  readonly columns: Columns;
}

/** For the mouse; by key the menu makes columns wider and narrower. */
function Edge({ id, columns }: EdgeProps) {
  const [start, setStart] = useState<{ readonly x: number; readonly width: number } | null>(null);
  const widthAt = (event: PointerEvent): number =>
    start === null ? 0 : start.width + (event.clientX - start.x) * directionOf(event);
  return (
    <span
      aria-hidden
      className="record-table-head-edge"
      data-dragged={start !== null || undefined}
      draggable={false}
      onPointerDown={(event) => {
        // Otherwise the heading would be dragged away.
        event.preventDefault();
        event.currentTarget.setPointerCapture(event.pointerId);
        setStart({ x: event.clientX, width: drawnWidth(id) });
      }}
      onPointerMove={(event) => {
        if (start !== null) columns.drag(id, widthAt(event));
      }}
      onPointerUp={(event) => {
        if (start !== null) columns.resize(id, widthAt(event));
        setStart(null);
      }}
      onPointerCancel={() => setStart(null)}
    />
  );
}

/** A column may be wider than it has to be. */
function drawnWidth(id: string): number {
  return document.querySelector(`.record-table-head-cell[data-column="${id}"]`)?.clientWidth ?? 0;
}

function directionOf(event: PointerEvent): 1 | -1 {
  return getComputedStyle(event.currentTarget).direction === 'rtl' ? -1 : 1;
}
