import { type JsonValue, stringifyJson } from '#server/ledger/json.ts';
import type { SectionName } from '#server/ledger/section.ts';
import { csvLine } from './csv.ts';

/** A record with its members as the API names them, whatever their values. */
export type RecordMembers = Readonly<Record<string, unknown>>;

/** How records are written as CSV: the head first, then each as it comes. */
export interface CsvFormat {
  readonly head: string;
  readonly record: (record: RecordMembers) => string;
}

interface Column {
  /** Also where the cell's value lies: `actor.id` is the member `id` of the member `actor`. */
  readonly title: string;
  /** The section that it shows; `null` for what is no content. */
  readonly section: SectionName | null;
  /** The cell is JSON. */
  readonly isJson: boolean;
}

const TEXT_COLUMNS: readonly (readonly [SectionName | null, string])[] = [
  [null, 'index'],
  ['event', 'eventId occurredAt occurredAtSent'],
  [null, 'recordedAt'],
  ['event', 'action status'],
  ['actor', 'actor.id actor.type actor.name'],
  ['target', 'target.id target.type target.name'],
  ['context', 'context.correlationId context.requestId context.sessionId context.ipAddress'],
  ['context', 'context.userAgent context.source context.geolocation'],
  ['event', 'description version classification retention sequence'],
  [null, 'leafHash'],
];
const COLUMNS: readonly Column[] = [
  ...TEXT_COLUMNS.flatMap(([section, titles]) =>
    titles.split(' ').map((title) => ({ title, section, isJson: false })),
  ),
  { title: 'changes', section: 'changes', isJson: true },
  { title: 'details', section: 'details', isJson: true },
  { title: 'producer', section: 'event', isJson: true },
];

/**
 * CSV of records, every column but those of the sections that are withheld.
 *
 * @param more titles of further columns with texts, behind the others
 */
export function csvFormat(
  withheld: ReadonlySet<SectionName> = new Set(),
  more: readonly string[] = [],
): CsvFormat {
  const columns = [
    ...COLUMNS.filter(({ section }) => section === null || !withheld.has(section)),
    ...more.map((title) => ({ title, section: null, isJson: false })),
  ];
  return {
    head: csvLine(columns.map(({ title }) => title)),
    record: (record) =>
      csvLine(
        columns.map(({ title, isJson }) => (isJson ? jsonCell(record[title]) : memberText(record, title))),
      ),
  };
}

function jsonCell(value: unknown): string {
  return isMembers(value) ? safeJson(withoutNulls(value)) : '';
}

/**
 * The record as one line of NDJSON with its newline, every digit and every character kept. Members that are
 * null are left out; the values of `details` and `changes` stay as they are.
 */
export function ndjsonLine(record: RecordMembers): string {
  return `${safeJson(withoutNulls(record))}\n`;
}

/** The text of a member, also of one within another (`actor.id`); empty where there is none. */
export function memberText(record: RecordMembers, path: string): string {
  let value: unknown = record;
  for (const name of path.split('.')) value = isMembers(value) ? value[name] : undefined;
  switch (typeof value) {
    case 'string':
      return value;
    case 'number':
    case 'bigint':
    case 'boolean':
      return String(value);
    default:
      return '';
  }
}

const EXACT: ReadonlySet<string> = new Set(['details', 'before', 'after']);

function withoutNulls(members: RecordMembers): JsonValue {
  const present = Object.entries(members).filter(([, value]) => value !== null);
  // What was parsed from JSON is JSON.
  return Object.fromEntries(
    present.map(([name, value]) => [
      name,
      isMembers(value) && !EXACT.has(name) ? withoutNulls(value) : (value as JsonValue),
    ]),
  );
}

function isMembers(value: unknown): value is RecordMembers {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

/** Characters that steer a terminal or hide in it; in JSON they can only stand in strings. */
const UNSAFE =
  /[\u007f-\u009f\u00ad\u061c\u180e\u200b-\u200f\u2028-\u202e\u2060-\u206f\ufeff\ufff9-\ufffb]/gu;

/** JSON in which such characters are written as escapes: the same value, safe to look at. */
function safeJson(value: JsonValue): string {
  return stringifyJson(value).replace(
    UNSAFE,
    (character) => `\\u${character.charCodeAt(0).toString(16).padStart(4, '0')}`,
  );
}
