import { createHash } from 'node:crypto';
import { decodeQueuedEvent } from '#server/events/queued-event.ts';
import { readShape } from '#server/events/shapes.ts';
import { validateEvent } from '#server/events/validate.ts';
import { type JsonValue, parseJson } from '#server/ledger/json.ts';
import { SALT_BYTES, type SectionName, sectionJson, sectionPreimage } from '#server/ledger/section.ts';
import type { ContentRecord } from '#server/ports/record-source.ts';
import { sha256 } from '#server/sha256.ts';
import { corpusEvents } from '#test/support/corpus-events.ts';
import { testDefaults, valid } from '#test/support/sample-events.ts';

/** When record 0 was recorded; each further one a second later. */
export const FIRST_RECORDED_AT = Date.UTC(2026, 0, 2, 3, 4, 5, 678);

/** What stands in for the time of the record's index, and its leaf hash. */
export interface ContentRecordOptions {
  readonly recordedAt?: number;
}

/**
 * The content of a record made of an event as a sender would send it (`action` at least), through the
 * appliance's own validation. Its salts and leaf hash depend on the index only.
 */
export function contentRecord(
  index: number,
  event: Readonly<Record<string, unknown>> = {},
  options: ContentRecordOptions = {},
): ContentRecord {
  const { queued } = valid({ action: 'test', id: `event-${index}`, ...event }, testDefaults());
  return recordOf(index, queued.sections, options);
}

/**
 * The content of a record made of whole sections, as they are: also such as no sender could bring about. An
 * `event` section is not added.
 */
export function sectionsRecord(
  index: number,
  sections: Readonly<Partial<Record<SectionName, JsonValue>>>,
  options: ContentRecordOptions = {},
): ContentRecord {
  const jsons = Object.entries(sections).map(([name, value]): [SectionName, string] => {
    // The type of the argument has these names only.
    const section = name as SectionName;
    return [section, sectionJson(section, value)];
  });
  return recordOf(index, new Map(jsons), options);
}

function recordOf(
  index: number,
  jsons: ReadonlyMap<SectionName, string>,
  options: ContentRecordOptions,
): ContentRecord {
  const sections = new Map<SectionName, Uint8Array>();
  for (const [name, json] of jsons) {
    const salt = createHash('sha256').update(`${index} ${name}`).digest().subarray(0, SALT_BYTES);
    sections.set(name, sectionPreimage(salt, json).slice());
  }
  return {
    index,
    recordedAt: options.recordedAt ?? FIRST_RECORDED_AT + index * 1000,
    leafHash: sha256(Buffer.from(`record ${index}`)),
    sections,
  };
}

/** The record without the content of a section, as after it was erased. */
export function withoutSection(record: ContentRecord, name: SectionName): ContentRecord {
  const sections = new Map(record.sections);
  sections.delete(name);
  return { ...record, sections };
}

/** The corpora whose events `corpusRecords` gives: without them it throws. */
export const RECORD_CORPORA = [
  'cloudtrail-invictus',
  'panther-saas-events',
  'github-webhooks-octokit',
  'gcp-audit-fixtures',
  'k8s-audit-misc',
] as const;

let corpus: readonly ContentRecord[] | null = null;

/**
 * Every event of the corpora as a record's content: as the appliance takes it where it does, in the details
 * of an event where it is of no known shape. Some 1,600, read once.
 */
export function corpusRecords(): readonly ContentRecord[] {
  return (corpus ??= corpusEvents().map(({ source, text }, index) => {
    const sent = parseJson(text);
    const shaped = readShape(sent);
    const event = shaped.errors ? null : validateEvent(shaped.event, testDefaults()).event;
    if (!event) return contentRecord(index, { action: `import.${source}`, details: { sent } });
    return recordOf(index, decodeQueuedEvent(event.line).sections, {});
  }));
}
