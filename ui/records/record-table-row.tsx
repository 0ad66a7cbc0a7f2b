import { memo } from 'react';
import { ShownText } from '#ui/parts/shown-text.tsx';
import { timeText, type Zone } from '#ui/parts/time-text.ts';
import { messages } from './messages.ts';
import type { RecordRow } from './record-row.ts';
import type { RowColumn } from './row-column.ts';
import './record-table-row.css';

export interface RecordTableRowProps {
  /** `undefined` while it is on its way. */
  readonly row: RecordRow | undefined;
  /** Place in the list, from 0. */
  readonly place: number;
  /** px from the top of the content. */
  readonly top: number;
  readonly columns: readonly RowColumn[];
  readonly zone: Zone;
  /** What the heading says of the zone, e.g. `UTC+01:00`. */
  readonly zoneLabel: string;
  readonly isActive: boolean;
  readonly isOpen: boolean;
  readonly isSelected: boolean;
  readonly isFound: boolean;
  readonly hasFailed: boolean;
}

/** Id of the element of the row that keys act on. */
export const ACTIVE_ROW_ID = 'record-table-active';

/** One row: plain elements, drawn again only where something of it changed. */
export const RecordTableRow = memo(function RecordTableRow(props: RecordTableRowProps) {
  const { row, place, top, columns, zone, zoneLabel, hasFailed } = props;
  return (
    <div
      role="row"
      id={props.isActive ? ACTIVE_ROW_ID : undefined}
      className="record-table-row"
      style={{ top }}
      aria-rowindex={place + 2}
      aria-selected={props.isSelected}
      aria-busy={row === undefined && !hasFailed ? true : undefined}
      data-place={place}
      data-active={props.isActive || undefined}
      data-open={props.isOpen || undefined}
      data-found={props.isFound || undefined}
      data-status={row === undefined ? undefined : (row.status ?? 'ERASED')}
    >
      <div role="gridcell" aria-colindex={1} className="record-table-row-check" data-check>
        <span aria-hidden className="record-table-row-box" />
        <span className="unseen">{messages.select}</span>
      </div>
      {row === undefined ? (
        <Placeholder hasFailed={hasFailed} columns={columns} />
      ) : (
        columns.map((column, at) => (
          <Cell key={column.id} row={row} column={column} at={at} zone={zone} zoneLabel={zoneLabel} />
        ))
      )}
    </div>
  );
});

function Placeholder({
  hasFailed,
  columns,
}: {
  readonly hasFailed: boolean;
  readonly columns: readonly RowColumn[];
}) {
  return columns.map(({ id }, at) => (
    <div key={id} role="gridcell" aria-colindex={at + 2} className="record-table-row-cell">
      {hasFailed && at === 0 && <span className="record-table-row-failed">{messages.failedRow}</span>}
      {!hasFailed && (
        <span className="record-table-row-skeleton">
          <span className="unseen">{at === 0 ? messages.loadingRow : ''}</span>
        </span>
      )}
    </div>
  ));
}

interface CellProps {
  readonly row: RecordRow;
  readonly column: RowColumn;
  readonly at: number;
  readonly zone: Zone;
  readonly zoneLabel: string;
}

function Cell({ row, column, at, zone, zoneLabel }: CellProps) {
  return (
    <div
      role="gridcell"
      aria-colindex={at + 2}
      className="record-table-row-cell"
      data-column={column.id}
      data-kind={column.kind}
      title={column.kind === 'TIME' ? timesOf(row, zone) : undefined}
    >
      <Value row={row} column={column} zone={zone} zoneLabel={zoneLabel} />
    </div>
  );
}

function Value({ row, column, zone, zoneLabel }: Omit<CellProps, 'at'>) {
  const text = column.value(row);
  switch (column.kind) {
    case 'TIME':
      return text === null ? null : <Time rfc3339={text} zone={zone} zoneLabel={zoneLabel} />;
    case 'STATUS':
      return <Status status={row.status} />;
    case 'PARTY':
      return <Party party={column.id === 'actor' ? row.actor : row.target} />;
    case 'TEXT':
    case 'CODE':
    case 'NUMBER':
      return text === null ? null : <ShownText text={text} />;
  }
}

/** A form as well as a colour and a word: any of the three is enough. */
function Status({ status }: { readonly status: RecordRow['status'] }) {
  if (status === null) return <span className="muted">{messages.erased}</span>;
  return (
    <span className="record-table-row-status" data-status={status}>
      <span aria-hidden className="record-table-row-shape" />
      {STATUS_WORDS[status]}
    </span>
  );
}

const STATUS_WORDS: Readonly<Record<NonNullable<RecordRow['status']>, string>> = {
  SUCCESS: messages.success,
  FAILURE: messages.failure,
  ATTEMPT: messages.attempt,
};

function Party({ party }: { readonly party: RecordRow['actor'] }) {
  if (party === null) return null;
  const { id, name } = party;
  if (name === null || name === id) return id === null ? null : <ShownText text={id} />;
  return (
    <>
      <ShownText text={name} />
      {id !== null && (
        <span className="record-table-row-id">
          <ShownText text={id} />
        </span>
      )}
    </>
  );
}

function timesOf({ occurredAt, recordedAt }: RecordRow, zone: Zone): string {
  const occurred = occurredAt === null ? messages.erased : timeText(occurredAt, zone);
  return messages.bothTimes(occurred, timeText(recordedAt, zone));
}

/** The offset stands in the heading; a row has its own only where the clocks were changed in between. */
function Time({ rfc3339, zone, zoneLabel }: TimeProps) {
  const text = timeText(rfc3339, zone);
  const at = text.lastIndexOf(' ');
  const offset = text.slice(at + 1);
  if (at === -1 || offset === 'Z' || zoneLabel === `UTC${offset.replace('−', '-')}`)
    return text.slice(0, at === -1 ? undefined : at);
  return (
    <>
      {text.slice(0, at)}
      <span className="record-table-row-offset">{` ${offset}`}</span>
    </>
  );
}

interface TimeProps {
  readonly rfc3339: string;
  readonly zone: Zone;
  readonly zoneLabel: string;
}
