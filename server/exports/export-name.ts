import type { ExportFormat } from './export-params.ts';

const ENDINGS: Readonly<Record<ExportFormat, string>> = {
  EVIDENCE: 'evidence.zip',
  CSV: 'csv',
  NDJSON: 'ndjson',
};

const UUID = '[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}';
const NAME = new RegExp(
  `^([A-Za-z0-9][A-Za-z0-9._-]{0,63})-(${UUID})\\.(?:evidence\\.zip|csv|ndjson)(\\.[0-9a-f]+\\.part)?$`,
);
const ID = new RegExp(`^${UUID}$`);

/** Name of an export's file: the ledger, the id of the export and what it is. */
export function exportName(ledger: string, id: string, format: ExportFormat): string {
  return `${ledger}-${id}.${ENDINGS[format]}`;
}

/** Whether a text can be the id of an export. */
export function isExportId(text: string): boolean {
  return ID.test(text);
}

/** What the name of a file says; `null` where it is no export's, so that nothing else is ever touched. */
export function readExportName(
  name: string,
): { readonly ledger: string; readonly id: string; readonly isPart: boolean } | null {
  const [, ledger, id, part] = NAME.exec(name) ?? [];
  if (ledger === undefined || id === undefined) return null;
  return { ledger, id, isPart: part !== undefined };
}

/** Media type of a file in this format. */
export function exportMediaType(file: string): string {
  if (file.endsWith('.zip')) return 'application/zip';
  return file.endsWith('.csv') ? 'text/csv; charset=utf-8; header=present' : 'application/x-ndjson';
}
