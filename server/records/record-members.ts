import { readEntry } from '#server/ledger/entry.ts';
import { type JsonObject, type JsonValue, parseJson, RefusedValue } from '#server/ledger/json.ts';
import { readPreimage, SECTION_NAMES, type SectionName } from '#server/ledger/section.ts';
import type { ArchivedRecord } from '#server/ports/ledger-archive.ts';
import { unreadableRecord } from './unreadable-record.ts';

/** Members of the event section that are the record's own, in their order. */
const BEHIND_DETAILS = ['description', 'version', 'classification', 'retention', 'sequence', 'producer'];

/**
 * What the API shows of a record, out of what is stored, with all that the sections hold. Where sections were
 * erased, their names stand in `erased`.
 *
 * @param withheld sections that are left out, and with them all that is read from them
 * @throws AppError INTERNAL naming the record, where the stored bytes are no content
 */
export function recordMembers(record: ArchivedRecord, withheld: ReadonlySet<SectionName>): JsonObject {
  try {
    return readMembers(record, withheld);
  } catch (error) {
    throw unreadableRecord(record.index, error);
  }
}

function readMembers(record: ArchivedRecord, withheld: ReadonlySet<SectionName>): JsonObject {
  const event = withheld.has('event') ? {} : membersOf(record, 'event');
  const members: JsonObject = { index: record.index };
  if (!withheld.has('event')) members['eventId'] = record.eventId;
  copy(event, members, ['occurredAt', 'occurredAtSent']);
  members['recordedAt'] = new Date(record.recordedAt).toISOString();
  copy(event, members, ['action']);
  const { status } = event;
  if (typeof status === 'string') members['status'] = status.toUpperCase();
  for (const name of SECTION_NAMES) {
    if (name === 'event' || withheld.has(name)) continue;
    const value = contentOf(record, name);
    if (value !== undefined) members[name] = value;
  }
  copy(event, members, BEHIND_DETAILS);
  const erased = erasedSections(record).filter((name) => !withheld.has(name));
  if (erased.length > 0) members['erased'] = erased;
  members['leafHash'] = record.leafHash;
  return members;
}

/** Sections that the entry commits to and the record has no content of. */
function erasedSections({ entry, sections }: ArchivedRecord): SectionName[] {
  if (sections.size === SECTION_NAMES.length) return [];
  const read = readEntry(entry);
  if ('problem' in read) throw new Error(read.problem);
  return SECTION_NAMES.filter((name) => read.sections.has(name) && !sections.has(name));
}

function copy(from: JsonObject, to: JsonObject, names: readonly string[]): void {
  for (const name of names) {
    const value = from[name];
    if (value !== undefined) to[name] = value;
  }
}

function membersOf(record: ArchivedRecord, name: SectionName): JsonObject {
  const value = contentOf(record, name);
  return isObject(value) ? value : {};
}

function contentOf({ sections }: ArchivedRecord, name: SectionName): JsonValue | undefined {
  const bytes = sections.get(name);
  if (bytes === undefined) return undefined;
  const members = parseJson(readPreimage(bytes).json);
  const value = isObject(members) ? members[name] : undefined;
  if (value === undefined || value instanceof RefusedValue) throw new Error(`${name} is no section`);
  return value;
}

function isObject(value: JsonValue | undefined): value is JsonObject {
  return (
    typeof value === 'object' && value !== null && !Array.isArray(value) && !(value instanceof RefusedValue)
  );
}
