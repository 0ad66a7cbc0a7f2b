import { isMembers } from '#server/cli/graphql-call.ts';
import { type JsonValue, stringifyJson } from '#server/ledger/json.ts';
import { csvLine } from '#server/records/csv.ts';
import { printable } from '#server/cli/output.ts';
import { type FoundRecord, memberText } from './found-record.ts';

/** How records are written: what comes first, and then each as it comes. */
export interface Format {
  readonly head: string;
  readonly record: (record: FoundRecord) => string;
}

interface Column {
  readonly title: string;
  readonly path: string;
  readonly width: number;
}

const COLUMNS: readonly Column[] = [
  { title: 'index', path: 'index', width: 9 },
  { title: 'occurred', path: 'occurredAt', width: 24 },
  { title: 'status', path: 'status', width: 7 },
  { title: 'action', path: 'action', width: 28 },
  { title: 'actor', path: 'actor.id', width: 24 },
  { title: 'target', path: 'target.id', width: 24 },
  { title: 'address', path: 'context.ipAddress', width: 15 },
];

const CONTEXT = [
  'correlationId',
  'requestId',
  'sessionId',
  'ipAddress',
  'userAgent',
  'source',
  'geolocation',
];
const CSV_PATHS: readonly string[] = [
  'index',
  'eventId',
  'occurredAt',
  'recordedAt',
  'action',
  'status',
].concat(
  ['actor.id', 'actor.type', 'actor.name', 'target.id', 'target.type', 'target.name'],
  CONTEXT.map((name) => `context.${name}`),
  ['description', 'version', 'classification', 'retention', 'sequence', 'leafHash'],
);
/** JSON in cells of their own. */
const CSV_JSON: readonly string[] = ['changes', 'details', 'producer'];

/** Every format by its name. */
export const FORMATS: Readonly<Record<string, Format>> = {
  table: {
    head: `${COLUMNS.map(({ title, width }) => title.padEnd(width))
      .join('  ')
      .trimEnd()}\n`,
    record: (record) =>
      `${COLUMNS.map(({ path, width }) => cell(memberText(record, path), width))
        .join('  ')
        .trimEnd()}\n`,
  },
  ndjson: {
    head: '',
    record: (record) => `${safeJson(withoutNulls(record))}\n`,
  },
  csv: {
    head: csvLine([...CSV_PATHS, ...CSV_JSON]),
    record: (record) =>
      csvLine([
        ...CSV_PATHS.map((path) => memberText(record, path)),
        ...CSV_JSON.map((name) => (isMembers(record[name]) ? safeJson(withoutNulls(record[name])) : '')),
      ]),
  },
};

/**
 * As wide as it is told: a table's lines come one by one, and the widths of those to come are not known. It
 * is for people: what goes through `head` or `less` gets to a terminal as well.
 */
function cell(text: string, width: number): string {
  const shown = printable(text.replaceAll(/\s/gu, ' '));
  const characters = Array.from(shown);
  return characters.length <= width ? shown.padEnd(width) : `${characters.slice(0, width - 1).join('')}…`;
}

/** Members that the API gives as null are absent: the values of `details` and `changes` stay as they are. */
function withoutNulls(members: FoundRecord): JsonValue {
  const present = Object.entries(members).filter(([, value]) => value !== null);
  const exact = new Set(['details', 'before', 'after']);
  // What was parsed from JSON is JSON.
  return Object.fromEntries(
    present.map(([name, value]) => [
      name,
      isMembers(value) && !exact.has(name) ? withoutNulls(value) : (value as JsonValue),
    ]),
  );
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
