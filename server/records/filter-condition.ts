import { hash } from 'node:crypto';
import { AppError } from '#server/errors.ts';
import { addressRange } from '#server/index/address.ts';
import { readInstant } from '#server/index/leaves.ts';
import { exactKey, PATH_KEY_MAX } from '#server/index/path.ts';
import { CanonicalError, canonicalJson } from '#server/ledger/canonical.ts';
import { type JsonObject, type JsonValue, RefusedValue } from '#server/ledger/json.ts';
import { readTime } from '#server/ledger/time.ts';
import { type Condition, EVERYTHING, type Instant, type ValueTest } from '#server/ports/condition.ts';

/** Which records, as the API's `RecordFilter` says it. A member that is absent or null is no condition. */
export interface RecordFilterInput {
  readonly eventId?: readonly string[] | null | undefined;
  readonly actorId?: readonly string[] | null | undefined;
  readonly actorType?: readonly string[] | null | undefined;
  /** One that ends in `*` stands for all that begin so. */
  readonly action?: readonly string[] | null | undefined;
  /** `ATTEMPT`, `SUCCESS`, `FAILURE`. */
  readonly status?: readonly string[] | null | undefined;
  readonly targetType?: readonly string[] | null | undefined;
  readonly targetId?: readonly string[] | null | undefined;
  readonly classification?: readonly string[] | null | undefined;
  readonly correlationId?: readonly string[] | null | undefined;
  readonly requestId?: readonly string[] | null | undefined;
  readonly sessionId?: readonly string[] | null | undefined;
  /** Addresses, CIDR blocks, or texts that are neither. */
  readonly ipAddress?: readonly string[] | null | undefined;
  readonly occurredFrom?: string | null | undefined;
  readonly occurredTo?: string | null | undefined;
  readonly recordedFrom?: string | null | undefined;
  readonly recordedTo?: string | null | undefined;
  readonly indexFrom?: number | null | undefined;
  readonly indexTo?: number | null | undefined;
  readonly details?: JsonValue | undefined;
}

/** Most values in one list of a filter. */
export const FILTER_VALUES_MAX = 500;
/**
 * Most members that a filter's `details` may have in all its objects, those that are objects themselves not
 * counted.
 */
export const FILTER_DETAILS_MAX = 100;
/** Most arrays and objects within one another in a filter's `details`. */
export const FILTER_DEPTH_MAX = 64;

/**
 * The condition that a filter stands for: all given members must hold, and of a list one value, so that an
 * empty list matches nothing. Texts are compared exactly, capital and small letters are different.
 *
 * Of `details` the members given must be there with these values: objects are compared member by member (an
 * empty one holds for every object), numbers as decimal numbers, arrays as a whole.
 *
 * @throws AppError BAD_USER_INPUT, TIMESTAMP_INVALID
 */
export function filterCondition(filter: RecordFilterInput): Condition {
  const parts: Condition[] = [];
  for (const list of LISTS) {
    const values = filter[list.name];
    if (values === null || values === undefined) continue;
    if (values.length > FILTER_VALUES_MAX) {
      const has = `filter.${list.name} has ${values.length} values`;
      throw badInput([list.name], `${has}; the limit is ${FILTER_VALUES_MAX}.`);
    }
    const of = values.map((value) => valueAt(list.members, list.test(value)));
    parts.push(of.length === 1 ? (of[0] ?? EVERYTHING) : { kind: 'any', of });
  }
  parts.push(...timeConditions(filter), ...detailsConditions(filter.details ?? null));
  return parts.length === 1 ? (parts[0] ?? EVERYTHING) : { kind: 'all', of: parts };
}

interface List {
  readonly name:
    | 'eventId'
    | 'actorId'
    | 'actorType'
    | 'action'
    | 'status'
    | 'targetType'
    | 'targetId'
    | 'classification'
    | 'correlationId'
    | 'requestId'
    | 'sessionId'
    | 'ipAddress';
  readonly members: readonly string[];
  readonly test: (value: string) => ValueTest;
}

const LISTS: readonly List[] = [
  { name: 'eventId', members: ['event', 'id'], test: equals },
  { name: 'actorId', members: ['actor', 'id'], test: equals },
  { name: 'actorType', members: ['actor', 'type'], test: equals },
  { name: 'action', members: ['event', 'action'], test: equalsOrBegins },
  // The ledger keeps these in small letters.
  { name: 'status', members: ['event', 'status'], test: (value) => equals(value.toLowerCase()) },
  { name: 'targetType', members: ['target', 'type'], test: equals },
  { name: 'targetId', members: ['target', 'id'], test: equals },
  { name: 'classification', members: ['event', 'classification'], test: equals },
  { name: 'correlationId', members: ['context', 'correlationId'], test: equals },
  { name: 'requestId', members: ['context', 'requestId'], test: equals },
  { name: 'sessionId', members: ['context', 'sessionId'], test: equals },
  { name: 'ipAddress', members: ['context', 'ipAddress'], test: isAddress },
];

function valueAt(members: readonly string[], test: ValueTest): Condition {
  return { kind: 'value', path: { kind: 'exact', members }, test };
}

function equals(text: string): ValueTest {
  return { test: 'equals', text, ignoreCase: false };
}

function equalsOrBegins(text: string): ValueTest {
  if (!text.endsWith('*')) return equals(text);
  return { test: 'glob', parts: [text.slice(0, -1), ''], ignoreCase: false };
}

/** Senders may have sent anything as an address; it can be asked for as it was sent. */
function isAddress(text: string): ValueTest {
  const range = addressRange(text);
  return range === null ? equals(text) : { test: 'address', ...range };
}

function timeConditions(filter: RecordFilterInput): Condition[] {
  const parts: Condition[] = [];
  const occurred = { from: instant(filter, 'occurredFrom'), to: instant(filter, 'occurredTo') };
  if (occurred.from !== null || occurred.to !== null) parts.push({ kind: 'occurred', ...occurred });
  const recorded = {
    from: firstMillisecond(instant(filter, 'recordedFrom')),
    to: firstMillisecond(instant(filter, 'recordedTo')),
  };
  if (recorded.from !== null || recorded.to !== null) parts.push({ kind: 'recorded', ...recorded });
  const from = filter.indexFrom ?? null;
  const to = filter.indexTo ?? null;
  if (from !== null || to !== null) {
    parts.push({ kind: 'index', from: Math.max(0, from ?? 0), to: to === null ? null : Math.max(0, to) });
  }
  return parts;
}

function instant(
  filter: RecordFilterInput,
  name: 'occurredFrom' | 'occurredTo' | 'recordedFrom' | 'recordedTo',
): Instant | null {
  const sent = filter[name] ?? null;
  if (sent === null) return null;
  const time = readTime(sent);
  const read = time === null ? null : readInstant(time.occurredAt);
  if (read === null) throw new AppError('TIMESTAMP_INVALID', { path: ['filter', name] });
  return read;
}

/** The first that is not before: records carry milliseconds, so comparing with it loses nothing. */
function firstMillisecond(time: Instant | null): number | null {
  return time === null ? null : time.ms + (time.nanos > 0 ? 1 : 0);
}

function detailsConditions(details: JsonValue): Condition[] {
  if (details === null) return [];
  if (!isObject(details)) throw badInput(['details'], 'filter.details must be an object.');
  refuseInexact(details);
  const parts: Condition[] = [];
  addMembers(details, ['details'], parts);
  return parts;
}

/** Refuses what no record can hold: it would never be found, and the reason would stay untold. */
function refuseInexact(details: JsonObject): void {
  try {
    canonicalJson(details, FILTER_DEPTH_MAX);
  } catch (error) {
    if (!(error instanceof CanonicalError)) throw error;
    const where = ['details', ...error.path];
    throw badInput(where, `filter.${where.join('.')}: ${error.reason}.`);
  }
}

function addMembers(object: JsonObject, parents: readonly string[], parts: Condition[]): void {
  for (const [name, value] of Object.entries(object)) {
    const members = [...parents, name];
    if (isObject(value) && Object.keys(value).length > 0) {
      addMembers(value, members, parts);
      continue;
    }
    if (parts.length === FILTER_DETAILS_MAX) {
      throw badInput(['details'], `filter.details has more than ${FILTER_DETAILS_MAX} members.`);
    }
    if (exactKey(members).length > PATH_KEY_MAX) {
      throw badInput(['details'], `filter.details has a path of more than ${PATH_KEY_MAX} characters.`);
    }
    parts.push(valueAt(members, isValue(value)));
  }
}

function isValue(value: JsonValue): ValueTest {
  switch (typeof value) {
    case 'string':
      return equals(value);
    case 'boolean':
      return { test: 'is', value };
    case 'number':
    case 'bigint': {
      const bound = { text: canonicalJson(value), inclusive: true };
      return { test: 'number', from: bound, to: bound };
    }
    default:
  }
  if (value === null) return { test: 'is', value };
  if (isObject(value)) return { test: 'object' };
  return { test: 'array', digest: hash('sha256', canonicalJson(value), 'base64') };
}

function isObject(value: JsonValue): value is JsonObject {
  return (
    typeof value === 'object' && value !== null && !Array.isArray(value) && !(value instanceof RefusedValue)
  );
}

function badInput(path: readonly string[], message: string): AppError {
  return new AppError('BAD_USER_INPUT', { message, path: ['filter', ...path] });
}
