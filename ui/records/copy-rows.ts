import { csvLine } from '#server/records/csv.ts';
import { visibleString } from '#ui/parts/visible-text.ts';
import type { RowColumn } from './row-column.ts';
import type { RecordRow } from './record-row.ts';

/** How rows are copied. */
export type CopyFormat = 'JSON' | 'CSV' | 'MARKDOWN';
export const COPY_FORMATS: readonly CopyFormat[] = ['JSON', 'CSV', 'MARKDOWN'];

/**
 * Rows as text: JSON has every field of them as it is; CSV and Markdown have these columns, times as the
 * appliance gives them, in UTC.
 * CSV is safe to open as a spreadsheet; in Markdown, what cannot be seen stands as its code.
 */
export function copyRows(
  rows: readonly RecordRow[],
  columns: readonly RowColumn[],
  format: CopyFormat,
): string {
  switch (format) {
    case 'JSON':
      return `${JSON.stringify(rows.length === 1 ? rows[0] : rows, null, 2)}\n`;
    case 'CSV':
      return lines(columns, rows, (text) => text)
        .map(csvLine)
        .join('');
    case 'MARKDOWN':
      return markdown(lines(columns, rows, markdownField));
  }
}

function lines(
  columns: readonly RowColumn[],
  rows: readonly RecordRow[],
  write: (text: string) => string,
): readonly (readonly string[])[] {
  const head = columns.map(({ title }) => write(title));
  return [head, ...rows.map((row) => columns.map((column) => write(column.value(row) ?? '')))];
}

function markdownField(text: string): string {
  return visibleString(text).replace(/[\\`*_[\]<>|~]/g, '\\$&');
}

function markdown([head = [], ...rows]: readonly (readonly string[])[]): string {
  const rule = head.map(() => '---');
  return [head, rule, ...rows].map((fields) => `| ${fields.join(' | ')} |\n`).join('');
}
