import { quoteValue } from '#server/records/query/quote-value.ts';
import type { RecordOrder, RecordOrderField } from '#ui/graphql/generated.ts';
import { messages } from './messages.ts';
import type { RecordRow } from './record-row.ts';

/** How the values of a column are shown. */
export type ColumnKind = 'TIME' | 'STATUS' | 'PARTY' | 'TEXT' | 'CODE' | 'NUMBER';

/** A column of the table. */
export interface RowColumn {
  /** As it is kept in the browser's preferences. */
  readonly id: string;
  readonly title: string;
  readonly kind: ColumnKind;
  /** Width in px that it begins with. */
  readonly width: number;
  /** Its value as text; `null` where the record has none. */
  readonly value: (row: RecordRow) => string | null;
  /** Field of the query language that its values are found by; `null` for none. */
  readonly field: string | null;
  /** What the appliance can order by it. */
  readonly order: RecordOrderField | null;
}

/** Every column, in the order in which they are offered. */
export const ROW_COLUMNS: readonly RowColumn[] = [
  column('time', messages.columnTime, 'TIME', 226, (row) => row.occurredAt, null, 'OCCURRED'),
  column('recorded', messages.columnRecorded, 'TIME', 226, (row) => row.recordedAt, null, 'RECORDED'),
  column(
    'actor',
    messages.columnActor,
    'PARTY',
    200,
    (row) => row.actor?.id ?? row.actor?.name ?? null,
    'actor',
  ),
  column('action', messages.columnAction, 'TEXT', 200, (row) => row.action, 'action'),
  column(
    'target',
    messages.columnTarget,
    'PARTY',
    220,
    (row) => row.target?.id ?? row.target?.name ?? null,
    'target',
  ),
  column(
    'status',
    messages.columnStatus,
    'STATUS',
    100,
    (row) => row.status?.toLowerCase() ?? null,
    'status',
  ),
  column('ip', messages.columnIp, 'CODE', 140, (row) => row.context?.ipAddress ?? null, 'ip'),
  column('source', messages.columnSource, 'TEXT', 140, (row) => row.context?.source ?? null, 'source'),
  column('session', messages.columnSession, 'CODE', 180, (row) => row.context?.sessionId ?? null, 'session'),
  column('request', messages.columnRequest, 'CODE', 180, (row) => row.context?.requestId ?? null, 'request'),
  column(
    'correlation',
    messages.columnCorrelation,
    'CODE',
    180,
    (row) => row.context?.correlationId ?? null,
    'correlation',
  ),
  column(
    'classification',
    messages.columnClassification,
    'TEXT',
    120,
    (row) => row.classification,
    'classification',
  ),
  column('description', messages.columnDescription, 'TEXT', 320, (row) => row.description),
  column('index', messages.columnIndex, 'NUMBER', 90, (row) => String(row.index), 'index', 'RECORDED'),
  column('event', messages.columnEvent, 'CODE', 280, (row) => row.eventId, 'id'),
];

/** Columns that the table begins with. */
export const COLUMNS_DEFAULT: readonly string[] = ['time', 'actor', 'action', 'target', 'status'];

export const WIDTH_MIN = 56;
export const WIDTH_MAX = 1_200;

const BY_ID: ReadonlyMap<string, RowColumn> = new Map(ROW_COLUMNS.map((known) => [known.id, known]));

/** The column of this id; `null` where there is none. */
export function columnOf(id: string): RowColumn | null {
  return BY_ID.get(id) ?? null;
}

/** The columns that a person chose, in their order; those to begin with where none is known. */
export function chosenColumns(ids: readonly string[] | null): readonly RowColumn[] {
  const known = [...new Set(ids ?? [])].flatMap((id) => columnOf(id) ?? []);
  return known.length > 0 ? known : COLUMNS_DEFAULT.flatMap((id) => columnOf(id) ?? []);
}

/** The term that finds records with the same value in this column; `null` where there is none. */
export function termOf(row: RecordRow, { id, field, value }: RowColumn): string | null {
  const text = value(row);
  if (field === null || text === null) return null;
  // Without an id a party is known by its name only.
  const isNamed = (id === 'actor' && !row.actor?.id) || (id === 'target' && !row.target?.id);
  if (isNamed) return `${field}.name:"${text.replace(/["\\]/g, '\\$&')}"`;
  return `${field}:${field === 'index' ? text : quoteValue(text)}`;
}

/** What a second or third press on a heading orders by: the last first, then the other way round. */
export function nextOrder(current: RecordOrder, field: RecordOrderField): RecordOrder {
  const isSame = current.field === field;
  return { field, direction: isSame && current.direction === 'DESC' ? 'ASC' : 'DESC' };
}

function column(
  id: string,
  title: string,
  kind: ColumnKind,
  width: number,
  value: (row: RecordRow) => string | null,
  field: string | null = null,
  order: RecordOrderField | null = null,
): RowColumn {
  return { id, title, kind, width, value, field, order };
}
