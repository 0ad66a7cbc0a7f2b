import { csvFormat, memberText, ndjsonLine } from '#server/records/record-text.ts';
import { printable } from '#server/cli/output.ts';
import type { FoundRecord } from './found-record.ts';

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
  ndjson: { head: '', record: ndjsonLine },
  csv: csvFormat(),
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
