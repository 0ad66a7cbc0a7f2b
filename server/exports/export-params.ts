import { type JsonObject, type JsonValue, parseJson, stringifyJson } from '#server/ledger/json.ts';
import { SECTION_NAMES, type SectionName } from '#server/ledger/section.ts';
import type { Condition } from '#server/ports/condition.ts';

/** In which form records are given out. */
export const EXPORT_FORMATS = ['EVIDENCE', 'CSV', 'NDJSON'] as const;
export type ExportFormat = (typeof EXPORT_FORMATS)[number];

/** What an export is to hold, pinned when it was asked for. */
export interface ExportParams {
  /** Id of the ledger. */
  readonly ledger: string;
  readonly format: ExportFormat;
  readonly condition: Condition;
  /** As it was sent, for the manifest. */
  readonly query: { readonly filter: JsonObject | null; readonly search: string | null };
  /** Only records with an index below this. */
  readonly size: number;
  /** Sections that are left out. */
  readonly withhold: readonly SectionName[];
  /** Name of whoever asked for it. */
  readonly createdBy: string;
}

/** How far an export is. */
export interface ExportProgress {
  /** Records read so far. */
  readonly read: number;
  /** Records to read. */
  readonly total: number;
  /** Records that match, of those. */
  readonly count: number;
  /** Bytes written. */
  readonly bytes: number;
}

/** A finished export. */
export interface ExportResult {
  /** Records in it. */
  readonly count: number;
  /** Of the file, hexadecimal. */
  readonly sha256: string;
  readonly bytes: number;
  /** Name of the file in the folder of exports. */
  readonly file: string;
  /** Erasures of records below its size that were carried out when it was written: it shows none of that. */
  readonly erasures: number;
}

/** The parameters as a job keeps them: every digit is kept. */
export function exportParamsJson(params: ExportParams): string {
  // Plain data throughout: conditions are made to be sent and named by their JSON.
  const plain: object = params;
  return stringifyJson(plain as JsonObject);
}

/**
 * Reads the parameters of a job.
 *
 * @throws Error where they are not what `exportParamsJson` wrote
 */
export function readExportParams(text: string): ExportParams {
  const value = parseJson(text);
  if (!isObject(value)) throw new Error('The parameters of an export are not an object.');
  const { ledger, format, condition, query, size, withhold, createdBy } = value;
  const known = EXPORT_FORMATS.find((one) => one === format);
  const names = Array.isArray(withhold) ? SECTION_NAMES.filter((name) => withhold.includes(name)) : null;
  if (
    known === undefined ||
    typeof ledger !== 'string' ||
    names === null ||
    !isObject(condition) ||
    !isObject(query) ||
    typeof size !== 'number' ||
    typeof createdBy !== 'string'
  ) {
    throw new Error('The parameters of an export are not complete.');
  }
  const { filter = null, search = null } = query;
  return {
    ledger,
    format: known,
    // Only this appliance writes parameters, and a condition's own reader refuses what it does not know.
    condition: condition as {} as Condition,
    query: { filter: isObject(filter) ? filter : null, search: typeof search === 'string' ? search : null },
    size,
    withhold: names,
    createdBy,
  };
}

/** Reads what a finished export's job says; `null` where it says nothing of the kind. */
export function readExportResult(text: string | null): ExportResult | null {
  const value = text === null ? null : parseJson(text);
  if (!isObject(value)) return null;
  // Results of before have no erasures: they were made when there were none, or are outdated.
  const { count, sha256, bytes, file, erasures = 0 } = value;
  if (typeof count !== 'number' || typeof sha256 !== 'string') return null;
  if (typeof bytes !== 'number' || typeof file !== 'string') return null;
  if (typeof erasures !== 'number') return null;
  return { count, sha256, bytes, file, erasures };
}

/** Reads how far an export's job says that it is; `null` before it has said so. */
export function readExportProgress(text: string | null): ExportProgress | null {
  const value = text === null ? null : parseJson(text);
  if (!isObject(value)) return null;
  const { read, total, count, bytes } = value;
  if (typeof read !== 'number' || typeof total !== 'number') return null;
  if (typeof count !== 'number' || typeof bytes !== 'number') return null;
  return { read, total, count, bytes };
}

function isObject(value: JsonValue | undefined): value is JsonObject {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
