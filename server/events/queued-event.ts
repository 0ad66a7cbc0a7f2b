import { type Hash, isHash } from '#server/ledger/hash.ts';
import { SECTION_NAMES, type SectionName } from '#server/ledger/section.ts';

/**
 * An accepted event on its way to the worker: what it is known by, and the exact json of each of its
 * sections.
 */
export interface QueuedEvent {
  readonly eventId: string;
  /** See `SubmittedEvent.digest`. */
  readonly digest: Hash;
  /** Canonical JSON of each present section, `{"<name>":…}`: byte for byte what will be hashed and stored. */
  readonly sections: ReadonlyMap<SectionName, string>;
}

const SEPARATOR = '\t';
const PREFIXES = SECTION_NAMES.map((name) => ({ name, prefix: `{"${name}":` }));

/**
 * Writes an event as one line: digest, event id as a JSON string, then its sections in the order of
 * SECTION_NAMES, joined by TAB. Canonical JSON escapes every control character, so neither TAB nor a line
 * break is inside a field.
 */
export function encodeQueuedEvent(event: QueuedEvent): string {
  let line = event.digest + SEPARATOR + JSON.stringify(event.eventId);
  for (const name of SECTION_NAMES) {
    const json = event.sections.get(name);
    if (json !== undefined) line += SEPARATOR + json;
  }
  return line;
}

/**
 * Reads a line that `encodeQueuedEvent` wrote. It checks the line's structure; it does not parse the
 * sections, whose bytes pass through as they are.
 *
 * @throws Error naming what is wrong with the line.
 */
export function decodeQueuedEvent(line: string): QueuedEvent {
  const fields = line.split(SEPARATOR);
  const [digest, id] = fields;
  if (digest === undefined || !isHash(digest)) throw new Error('The queued event has no digest');
  if (id === undefined) throw new Error('The queued event has no event id');
  const eventId = readEventId(id);
  const sections = new Map<SectionName, string>();
  let from = 0;
  for (let at = 2; at < fields.length; at++) {
    const json = fields[at] ?? '';
    const order = PREFIXES.findIndex(({ prefix }, index) => index >= from && json.startsWith(prefix));
    const section = PREFIXES[order];
    if (section === undefined || !json.endsWith('}') || json.includes('\n')) {
      throw new Error(`Field ${at} of the queued event is not a section in its place`);
    }
    sections.set(section.name, json);
    from = order + 1;
  }
  if (!sections.has('event')) throw new Error('The queued event has no event section');
  return { eventId, digest, sections };
}

function readEventId(json: string): string {
  let id: unknown;
  try {
    id = JSON.parse(json);
  } catch (cause) {
    throw new Error('The id of the queued event is not JSON', { cause });
  }
  if (typeof id !== 'string' || id === '') throw new Error('The id of the queued event is not a string');
  return id;
}
