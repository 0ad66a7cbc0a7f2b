import { CanonicalError, canonicalJson } from '#server/ledger/canonical.ts';
import type { JsonValue } from '#server/ledger/json.ts';
import { boundErrors, type EventError, isFull } from './event-error.ts';
import { EVENT_NAMES, NESTED_NAMES, STATUSES } from './members.ts';
import { isMembers, type Members, wrongKind } from './read-members.ts';
import { type Place, type Rule, type Shape, type ShapeName, shapeOf } from './shape-tables.ts';

/** An event as it came in over REST, brought to the appliance's own shape. */
export interface ShapedEvent {
  readonly shape: ShapeName;
  readonly event: Members;
  /** The ledger that the event itself names; `null` if it names none. */
  readonly ledger: string | null;
  /** Where the sender wrote what stands at a place of `event`; places that were not moved are not in it. */
  readonly sentAt: ReadonlyMap<string, readonly string[]> | null;
  readonly errors?: never;
}

export type Shaping = ShapedEvent | { readonly shape?: never; readonly errors: readonly EventError[] };

/**
 * Brings an event of any known shape to the appliance's own one. Nothing is dropped: members that the shape
 * does not know go into `details` unchanged, and what can go nowhere without a loss is an error.
 */
export function readShape(value: JsonValue): Shaping {
  if (!isMembers(value)) return { errors: [wrongKind([], 'an object', value)] };
  const { name, rules } = shapeOf(value);
  if (name === 'OWN' && isOwnAlready(value)) return { shape: name, event: value, ledger: null, sentAt: null };
  if (name === 'OWN' && !Object.keys(value).some((member) => EVENT_NAMES.has(member))) {
    return { errors: [{ path: [], code: 'EVENT_SHAPE_UNKNOWN', message: SHAPE_UNKNOWN }] };
  }
  const mapping: Mapping = { event: {}, unknown: [], sentAt: new Map(), ledger: null, errors: [] };
  mapMembers(mapping, value, rules, []);
  fillDetails(mapping);
  const { event, ledger, sentAt, errors } = mapping;
  return errors.length > 0 ? { errors: boundErrors(errors) } : { shape: name, event, ledger, sentAt };
}

/** Gives errors of the own shape the paths and names that the sender used. */
export function asSent(errors: readonly EventError[], sentAt: ShapedEvent['sentAt']): readonly EventError[] {
  if (sentAt === null) return errors;
  return errors.map((error) => {
    for (let length = error.path.length; length > 0; length--) {
      const own = error.path.slice(0, length).join('.');
      const sent = sentAt.get(own);
      if (sent === undefined) continue;
      const message = error.message.startsWith(own)
        ? sent.join('.') + error.message.slice(own.length)
        : error.message;
      return { ...error, path: [...sent, ...error.path.slice(length)], message };
    }
    return error;
  });
}

const SHAPE_UNKNOWN = 'The event has no member that is known here; it needs an action at least.';

/** Most events are: then nothing has to be copied. */
function isOwnAlready(event: Members): boolean {
  for (const name in event) {
    if (!EVENT_NAMES.has(name)) return false;
    const nested = NESTED_NAMES.get(name);
    const value = event[name];
    if (nested !== undefined && isMembers(value)) {
      for (const member in value) if (!nested.has(member)) return false;
    }
  }
  const { status } = event;
  return status === undefined || status === null || STATUSES.has(status);
}

interface Mapping {
  readonly event: Record<string, unknown>;
  /** What goes into details beside the sender's own. */
  readonly unknown: { readonly name: string; readonly value: unknown; readonly from: readonly string[] }[];
  readonly sentAt: Map<string, readonly string[]>;
  ledger: string | null;
  readonly errors: EventError[];
}

function mapMembers(mapping: Mapping, members: Members, rules: Shape, path: readonly string[]): void {
  const rest: Record<string, unknown> = {};
  for (const name of Object.keys(members)) {
    const value = members[name];
    const rule = rules.get(name);
    const from = [...path, name];
    if (rule === undefined || !mapMember(mapping, rule, value, from)) {
      if (path.length === 0) mapping.unknown.push({ name, value, from });
      else setMember(rest, name, value);
    }
  }
  const parent = path[0];
  if (parent !== undefined && Object.keys(rest).length > 0) {
    mapping.unknown.push({ name: parent, value: rest, from: path });
  }
}

/** Gives `false` where the rule leaves the value to details. `null` is an absent member. */
function mapMember(mapping: Mapping, rule: Rule, value: unknown, from: readonly string[]): boolean {
  if (value === null || value === undefined) return true;
  switch (rule.kind) {
    case 'VALUE':
      place(mapping, rule.to, value, from);
      return true;
    case 'STATUS':
      return mapStatus(mapping, rule.otherwise, value, from);
    case 'SUCCESS':
      if (typeof value === 'boolean') place(mapping, ['status'], value ? 'SUCCESS' : 'FAILURE', from);
      else mapping.errors.push(wrongKind(from, 'true or false', value));
      return true;
    case 'TIME':
      mapTime(mapping, value, from);
      return true;
    case 'LEDGER':
      if (typeof value === 'string') mapping.ledger = value;
      else mapping.errors.push(wrongKind(from, 'a string', value));
      return true;
    case 'MEMBERS':
      if (!isMembers(value)) return refuseOrKeep(mapping, rule.otherwise, value, from);
      if (rule.section !== null) mapping.event[rule.section] ??= {};
      mapMembers(mapping, value, rule.members, from);
      return true;
    case 'DETAILS':
      if (!isMembers(value)) return refuseOrKeep(mapping, rule.otherwise, value, from);
      mapping.event['details'] = value;
      return true;
  }
}

function refuseOrKeep(
  mapping: Mapping,
  otherwise: 'REFUSED' | 'DETAILS',
  value: unknown,
  from: readonly string[],
): boolean {
  if (otherwise === 'DETAILS') return false;
  mapping.errors.push(wrongKind(from, 'an object', value));
  return true;
}

function mapStatus(
  mapping: Mapping,
  otherwise: 'REFUSED' | 'DETAILS',
  value: unknown,
  from: readonly string[],
): boolean {
  const word = typeof value === 'string' ? value.toUpperCase() : '';
  const known = STATUSES.has(word) && (value === word || value === word.toLowerCase());
  if (!known && otherwise === 'DETAILS') return false;
  // What is no status word goes on as it is: validation refuses it and says what it expects.
  place(mapping, ['status'], known ? word : value, from);
  return true;
}

/** Milliseconds before 1973 are refused: such a number is far more likely to count seconds. */
const EPOCH_MS_MIN = 100_000_000_000;
const EPOCH_MS_MAX = 253_402_300_799_999;

function mapTime(mapping: Mapping, value: unknown, from: readonly string[]): void {
  if (typeof value !== 'number') {
    place(mapping, ['timestamp'], value, from);
  } else if (Number.isInteger(value) && value >= EPOCH_MS_MIN && value <= EPOCH_MS_MAX) {
    place(mapping, ['timestamp'], new Date(value).toISOString(), from);
    mapping.unknown.push({ name: from.join('.'), value, from });
  } else {
    const message = `${from.join('.')} must be an RFC 3339 time, or whole milliseconds after 1973.`;
    mapping.errors.push({ path: from, code: 'TIMESTAMP_INVALID', message });
  }
}

function place(mapping: Mapping, to: Place, value: unknown, from: readonly string[]): void {
  const [member, inner] = to;
  const key = to.join('.');
  const before = mapping.sentAt.get(key);
  const holder = inner === undefined ? mapping.event : sectionOf(mapping.event, member);
  const name = inner ?? member;
  if (before !== undefined && holder[name] !== value) {
    const message = `${before.join('.')} and ${from.join('.')} contradict each other.`;
    mapping.errors.push({ path: from, code: 'EVENT_INVALID', message });
    return;
  }
  holder[name] = value;
  mapping.sentAt.set(key, from);
}

function sectionOf(event: Record<string, unknown>, name: string): Record<string, unknown> {
  // Only this file puts sections into the event it builds, and always objects of its own.
  return (event[name] ??= {}) as Record<string, unknown>;
}

/** The sender's own details first, then what its shape does not know. One name with two values is refused. */
function fillDetails({ event, unknown, sentAt, errors }: Mapping): void {
  if (unknown.length === 0) return;
  const sent = event['details'];
  const details: Record<string, unknown> = {};
  if (isMembers(sent)) for (const name of Object.keys(sent)) setMember(details, name, sent[name]);
  for (const { name, value, from } of unknown) {
    if (isFull(errors)) return;
    if (Object.hasOwn(details, name) && !isSame(details[name], value)) {
      const message = `${name} is not known here and cannot go into details: details has another ${name}.`;
      errors.push({ path: from, code: 'EVENT_INVALID', message });
    } else {
      setMember(details, name, value);
      sentAt.set(`details.${name}`, from);
    }
  }
  event['details'] = details;
}

function isSame(left: unknown, right: unknown): boolean {
  try {
    // Both come from the exact parser.
    return canonicalJson(left as JsonValue) === canonicalJson(right as JsonValue);
  } catch (error) {
    // A value that cannot be kept exactly equals nothing; the event is refused for it either way.
    if (error instanceof CanonicalError) return false;
    throw error;
  }
}

/** Sets a member that may have any name: plain assignment of `__proto__` would set no member. */
function setMember(object: Record<string, unknown>, name: string, value: unknown): void {
  if (name === '__proto__') {
    Object.defineProperty(object, name, { value, enumerable: true, configurable: true, writable: true });
  } else {
    object[name] = value;
  }
}
