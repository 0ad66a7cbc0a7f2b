import type { NewId } from '#server/id.ts';
import { canonicalJson } from '#server/ledger/canonical.ts';
import type { Sha256 } from '#server/ledger/hash.ts';
import type { SectionName } from '#server/ledger/section.ts';
import { readTime, TIME_FORM } from '#server/ledger/time.ts';
import type { SubmittedEvent } from '#server/ports/intake.ts';
import { boundErrors, type EventError, isFull } from './event-error.ts';
import { EVENT_BYTES_MAX } from './limits.ts';
import {
  ACTOR_MEMBERS,
  CLASSIFICATIONS,
  CONTEXT_MEMBERS,
  DEFAULT_CLASSIFICATION,
  DEFAULT_STATUS,
  DEFAULT_VERSION,
  EVENT_NAMES,
  NESTED_NAMES,
  STATUSES,
  TARGET_MEMBERS,
  TEXT,
  type TextMember,
} from './members.ts';
import { encodeQueuedEvent } from './queued-event.ts';
import { isMembers, type Members, readAny, readText, wrongKind } from './read-members.ts';

/** What stands in for members that were not sent, and the means to make them. Made once for a batch. */
export interface EventDefaults {
  readonly nowMs: number;
  readonly nowText: string;
  /** Canonical JSON of the actor that stands for the calling token. */
  readonly actorJson: string;
  readonly newId: NewId;
  readonly sha256: Sha256;
}

/** The token on whose behalf events come in. */
export interface EventCaller {
  readonly tokenId: string;
  readonly name: string;
}

/** Makes the defaults for events that come in from `caller` at `nowMs`. */
export function eventDefaults(
  caller: EventCaller,
  nowMs: number,
  newId: NewId,
  sha256: Sha256,
): EventDefaults {
  const actorJson = canonicalJson({ id: caller.tokenId, name: caller.name, type: 'token' });
  return { nowMs, nowText: new Date(nowMs).toISOString(), actorJson, newId, sha256 };
}

export type Validation =
  | { readonly event: SubmittedEvent; readonly errors?: never }
  | { readonly event?: never; readonly errors: readonly EventError[] };

/**
 * Checks one event of the appliance's own shape (GraphQL's `EventInput`) and encodes it for the queue.
 *
 * It finds every mistake, not the first one only. A `null` member is an absent one. Strings are kept exactly.
 * Every member is written as canonical JSON here, once, and both the sections and the digest are put together
 * from these texts, since this is the hot path: canonicalising a built object again costs three times as
 * much.
 */
export function validateEvent(event: unknown, defaults: EventDefaults): Validation {
  const errors: EventError[] = [];
  if (!isMembers(event)) return { errors: [wrongKind([], 'an object', event)] };
  const parts = readParts(event, errors);
  if (errors.length > 0) return { errors: boundErrors(errors) };
  // Half the time of a TextEncoder for texts of this size.
  const asSent = Buffer.from(asSentJson(parts));
  if (asSent.length > EVENT_BYTES_MAX) {
    const size = `The event has ${asSent.length} bytes as canonical JSON`;
    const message = `${size}; the limit is ${EVENT_BYTES_MAX}.`;
    return { errors: [{ path: [], code: 'EVENT_TOO_LARGE', message }] };
  }
  const eventId = typeof event['id'] === 'string' ? event['id'] : defaults.newId(defaults.nowMs);
  const digest = defaults.sha256(asSent);
  const line = encodeQueuedEvent({ eventId, digest, sections: sectionsOf(parts, eventId, defaults) });
  return { event: { eventId, digest, line } };
}

/**
 * The parts of an event as canonical JSON. Members are written `,"name":value`, objects `{…}`; the empty
 * string stands for what was not sent.
 */
interface Parts {
  readonly id: string;
  readonly action: string;
  readonly status: string;
  readonly classification: string;
  readonly description: string;
  readonly version: string;
  readonly retention: string;
  readonly sequence: string;
  /** `,"hash":…,"hashAlgorithm":…` and its neighbours, in the order and the groups that the digest needs. */
  readonly hashes: string;
  readonly keyId: string;
  readonly signatures: string;
  readonly time: { readonly occurredAt: string; readonly sent: string } | null;
  readonly actor: string;
  readonly target: string;
  readonly context: string;
  readonly changes: string;
  readonly details: string;
}

function readParts(event: Members, errors: EventError[]): Parts {
  const parts = {
    id: readText(event, TEXT.id, null, errors),
    action: readRequired(event, TEXT.action, null, errors),
    status: readChoice(event, 'status', STATUSES, DEFAULT_STATUS, errors),
    classification: readChoice(event, 'classification', CLASSIFICATIONS, DEFAULT_CLASSIFICATION, errors),
    description: readText(event, TEXT.description, null, errors),
    version: readText(event, TEXT.version, null, errors) || `${TEXT.version.opening}"${DEFAULT_VERSION}"`,
    retention: readText(event, TEXT.retention, null, errors),
    sequence: readSequence(event, errors),
    hashes: readText(event, TEXT.hash, null, errors) + readText(event, TEXT.hashAlgorithm, null, errors),
    keyId: readText(event, TEXT.keyId, null, errors),
    signatures:
      readText(event, TEXT.signature, null, errors) + readText(event, TEXT.signatureAlgorithm, null, errors),
    time: readTimestamp(event, errors),
    actor: readTextSection(event, 'actor', ACTOR_MEMBERS, errors),
    target: readTextSection(event, 'target', TARGET_MEMBERS, errors),
    context: readTextSection(event, 'context', CONTEXT_MEMBERS, errors),
    changes: readChanges(event, errors),
    details: readDetails(event, errors),
  };
  refuseUnknown(event, EVENT_NAMES, [], errors);
  return parts;
}

/** The event as sent, constant defaults filled in, as canonical JSON: what the digest is over. */
function asSentJson(parts: Parts): string {
  const time = parts.time === null ? '' : `,"timestamp":"${parts.time.sent}"`;
  const members =
    parts.action +
    named('actor', parts.actor) +
    named('changes', parts.changes) +
    parts.classification +
    named('context', parts.context) +
    parts.description +
    named('details', parts.details) +
    parts.hashes +
    parts.id +
    parts.keyId +
    parts.retention +
    parts.sequence +
    parts.signatures +
    parts.status +
    named('target', parts.target) +
    time +
    parts.version;
  return object(members);
}

function sectionsOf(parts: Parts, eventId: string, defaults: EventDefaults): Map<SectionName, string> {
  const occurredAt = parts.time?.occurredAt ?? defaults.nowText;
  const sentDiffers = parts.time !== null && parts.time.sent !== occurredAt;
  const event =
    parts.action +
    parts.classification +
    parts.description +
    (parts.id || TEXT.id.opening + JSON.stringify(eventId)) +
    `,"occurredAt":"${occurredAt}"` +
    (sentDiffers ? `,"occurredAtSent":"${parts.time.sent}"` : '') +
    named('producer', object(parts.hashes + parts.keyId + parts.signatures)) +
    parts.retention +
    parts.sequence +
    parts.status +
    parts.version;
  const sections = new Map<SectionName, string>();
  sections.set('event', `{"event":${object(event)}}`);
  sections.set('actor', `{"actor":${parts.actor || defaults.actorJson}}`);
  if (parts.target !== '') sections.set('target', `{"target":${parts.target}}`);
  if (parts.context !== '') sections.set('context', `{"context":${parts.context}}`);
  if (parts.changes !== '') sections.set('changes', `{"changes":${parts.changes}}`);
  if (parts.details !== '') sections.set('details', `{"details":${parts.details}}`);
  return sections;
}

/** An object of members that each begin with a comma; the empty string where there are none. */
function object(members: string): string {
  return members === '' ? '' : `{${members.slice(1)}}`;
}

function named(name: string, value: string): string {
  return value === '' ? '' : `,"${name}":${value}`;
}

function readRequired(
  from: Members,
  member: TextMember,
  parent: string | null,
  errors: EventError[],
): string {
  const value = from[member.name];
  if (value !== undefined && value !== null) return readText(from, member, parent, errors);
  const path = parent === null ? [member.name] : [parent, member.name];
  errors.push({ path, code: 'EVENT_INVALID', message: `${path.join('.')} is missing.` });
  return '';
}

function readChoice(
  event: Members,
  name: string,
  choices: ReadonlyMap<unknown, string>,
  absent: string,
  errors: EventError[],
): string {
  const value = event[name] ?? absent;
  const json = choices.get(value);
  if (json !== undefined) return `,"${name}":${json}`;
  const expected = `one of ${[...choices.keys()].join(', ')}`;
  errors.push(
    typeof value === 'string'
      ? { path: [name], code: 'EVENT_INVALID', message: `${name} must be ${expected}.` }
      : wrongKind([name], expected, value),
  );
  return '';
}

function readSequence(event: Members, errors: EventError[]): string {
  const value = event['sequence'];
  if (value === undefined || value === null) return '';
  if (typeof value === 'number' && Number.isSafeInteger(value) && value >= 0) return `,"sequence":${value}`;
  const expected = 'a whole number from 0 to 9007199254740991';
  errors.push(
    typeof value === 'number' || typeof value === 'bigint'
      ? { path: ['sequence'], code: 'EVENT_INVALID', message: `sequence must be ${expected}.` }
      : wrongKind(['sequence'], expected, value),
  );
  return '';
}

function readTimestamp(event: Members, errors: EventError[]): Parts['time'] {
  const value = event['timestamp'];
  if (value === undefined || value === null) return null;
  if (typeof value !== 'string') {
    errors.push(wrongKind(['timestamp'], TIME_FORM, value));
    return null;
  }
  const time = readTime(value);
  if (time === null) {
    errors.push({
      path: ['timestamp'],
      code: 'TIMESTAMP_INVALID',
      message: `timestamp must be ${TIME_FORM}.`,
    });
  }
  return time;
}

/** Reads a section whose members are all text. Only the actor has a member that must be there. */
function readTextSection(
  event: Members,
  name: 'actor' | 'target' | 'context',
  members: readonly TextMember[],
  errors: EventError[],
): string {
  const value = event[name];
  if (value === undefined || value === null) return '';
  if (!isMembers(value)) {
    errors.push(wrongKind([name], 'an object', value));
    return '';
  }
  let json = '';
  for (const member of members) {
    const read = member.filled ? readRequired : readText;
    json += read(value, member, name, errors);
  }
  refuseUnknown(value, NESTED_NAMES.get(name), [name], errors);
  return object(json);
}

function readChanges(event: Members, errors: EventError[]): string {
  const changes = event['changes'];
  if (changes === undefined || changes === null) return '';
  if (!isMembers(changes)) {
    errors.push(wrongKind(['changes'], 'an object', changes));
    return '';
  }
  const { after, before, fields } = changes;
  let json = '';
  if (after !== undefined && after !== null)
    json += `,"after":${readAny(after, ['changes', 'after'], errors)}`;
  if (before !== undefined && before !== null)
    json += `,"before":${readAny(before, ['changes', 'before'], errors)}`;
  if (fields !== undefined && fields !== null) json += `,"fields":${readFields(fields, errors)}`;
  refuseUnknown(changes, NESTED_NAMES.get('changes'), ['changes'], errors);
  return object(json);
}

function readFields(fields: unknown, errors: EventError[]): string {
  const path = ['changes', 'fields'];
  if (!Array.isArray(fields)) {
    errors.push(wrongKind(path, 'a list of strings', fields));
    return '';
  }
  for (const [index, field] of fields.entries()) {
    if (isFull(errors)) return '';
    if (typeof field !== 'string') errors.push(wrongKind([...path, String(index)], 'a string', field));
  }
  return readAny(fields, path, errors);
}

function readDetails(event: Members, errors: EventError[]): string {
  const details = event['details'];
  if (details === undefined || details === null) return '';
  if (!isMembers(details)) {
    errors.push(wrongKind(['details'], 'an object', details));
    return '';
  }
  const json = readAny(details, ['details'], errors);
  return json === '{}' ? '' : json;
}

function refuseUnknown(
  value: Members,
  known: ReadonlySet<string> | undefined,
  path: readonly string[],
  errors: EventError[],
): void {
  for (const name in value) {
    if (isFull(errors)) return;
    if (known?.has(name) || value[name] === undefined) continue;
    const message = `${[...path, name].join('.')} is not a member of an event.`;
    errors.push({ path: [...path, name], code: 'EVENT_MEMBER_UNKNOWN', message });
  }
}
