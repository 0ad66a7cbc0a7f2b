import type { Ledger as LedgerRow, Record as Row } from '#prisma/generated/sqlite/client.ts';
import { AppError } from '#server/errors.ts';
import { type Entry, readEntry } from '#server/ledger/entry.ts';
import { type JsonObject, type JsonValue, parseJson, RefusedValue } from '#server/ledger/json.ts';
import type { Hash } from '#server/ledger/hash.ts';
import { presentSections, readPreimage, SECTION_NAMES, type SectionName } from '#server/ledger/section.ts';
import type { ContentRecord } from '#server/ports/record-source.ts';
import { base64 } from './encodings.ts';

/** A record as it is stored, with its ledger. */
export interface StoredRecord extends Row {
  readonly ledger: LedgerRow;
}

/** One section of a record: its commitment, and its content where that is there. */
export interface RecordSection {
  /** The record that has it. */
  readonly record: StoredRecord;
  readonly name: string;
  readonly commitment: string;
  /** `null` where the content was erased. */
  readonly content: SectionContent | null;
}

export interface SectionContent {
  readonly salt: string;
  /** Exactly the text that was hashed behind the salt. */
  readonly json: string;
  readonly value: JsonValue;
}

/** The record as questions about its content are put to it. */
export function contentRecordOf(record: Row): ContentRecord {
  return {
    index: Number(record.index),
    recordedAt: Number(record.recordedAt),
    leafHash: base64(record.leafHash) as Hash,
    sections: presentSections(record),
  };
}

const contents = new WeakMap<Row, Map<SectionName, SectionContent | null>>();
const entries = new WeakMap<Row, Entry>();

/**
 * A section's content out of the stored bytes, parsed once; `null` where the record has no such section or it
 * was erased.
 *
 * @throws Error where the bytes are no section: the storage was tampered with.
 */
export function contentOf(record: Row, name: SectionName): SectionContent | null {
  let read = contents.get(record);
  if (!read) contents.set(record, (read = new Map<SectionName, SectionContent | null>()));
  let content = read.get(name);
  if (content === undefined) read.set(name, (content = readContent(record, name)));
  return content;
}

function readContent(record: Row, name: SectionName): SectionContent | null {
  const bytes = record[name];
  if (bytes === null) return null;
  const { salt, json } = readPreimage(bytes);
  const members = parseJson(json);
  const value = isObject(members) ? members[name] : undefined;
  if (value === undefined) throw new Error(`Record ${record.index}: the stored section ${name} is not one.`);
  return { salt, json, value };
}

/** The section's members; none where it is absent or erased. */
export function membersOf(record: Row, name: SectionName): JsonObject | null {
  const value = contentOf(record, name)?.value;
  return isObject(value) ? value : null;
}

/**
 * The members of the `event` section, which every record has.
 *
 * @throws AppError RECORD_ERASED where its content is gone.
 */
export function eventOf(record: Row): JsonObject {
  const members = membersOf(record, 'event');
  if (members === null) throw new AppError('RECORD_ERASED');
  return members;
}

/** A text member; `null` where it is absent. */
export function text(members: JsonObject | null, name: string): string | null {
  const value = members?.[name];
  return typeof value === 'string' ? value : null;
}

/** A text member that the ledger always writes. */
export function requiredText(members: JsonObject, name: string): string {
  const value = text(members, name);
  if (value === null) throw new Error(`A stored section lacks ${name}.`);
  return value;
}

/** Every section that the entry commits to, the known ones first in their order. */
export function sectionsOf(record: StoredRecord): RecordSection[] {
  const { sections } = entryOf(record);
  const known = SECTION_NAMES.filter((name) => sections.has(name));
  const others = [...sections.keys()].filter((name) => !isSectionName(name)).sort();
  return [...known, ...others].map((name) => ({
    record,
    name,
    commitment: sections.get(name) ?? '',
    content: isSectionName(name) ? contentOf(record, name) : null,
  }));
}

function entryOf(record: Row): Entry {
  let entry = entries.get(record);
  if (!entry) {
    const read = readEntry(record.entry);
    if ('problem' in read) throw new Error(`Record ${record.index}: ${read.problem}.`);
    entries.set(record, (entry = read));
  }
  return entry;
}

function isSectionName(name: string): name is SectionName {
  return (SECTION_NAMES as readonly string[]).includes(name);
}

function isObject(value: JsonValue | undefined): value is JsonObject {
  return (
    typeof value === 'object' && value !== null && !Array.isArray(value) && !(value instanceof RefusedValue)
  );
}
