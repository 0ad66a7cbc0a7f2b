import type { JsonObject, JsonValue } from '#server/ledger/json.ts';
import type { Instant } from '#server/ports/condition.ts';
import { addressKey } from '#server/index/address.ts';
import { exactKey, PATH_KEY_MAX } from '#server/index/path.ts';
import type { SeededRandom } from '#test/support/seeded-random.ts';
import type { KnownRecord } from './finding-ledgers.ts';
import { timeArgument } from './written-time.ts';
import { mutatedText, writtenAddress } from './written-value.ts';

/** A `RecordFilter` as it is sent. */
export type SentFilter = Readonly<Record<string, JsonValue>>;

/** Members that are lists of texts, and where in a record these are. */
const LISTS = [
  ['eventId', 'event', 'id'],
  ['actorId', 'actor', 'id'],
  ['actorType', 'actor', 'type'],
  ['action', 'event', 'action'],
  ['status', 'event', 'status'],
  ['targetType', 'target', 'type'],
  ['targetId', 'target', 'id'],
  ['classification', 'event', 'classification'],
  ['correlationId', 'context', 'correlationId'],
  ['requestId', 'context', 'requestId'],
  ['sessionId', 'context', 'sessionId'],
  ['ipAddress', 'context', 'ipAddress'],
] as const;

const CHOICES: ReadonlySet<string> = new Set(['status', 'classification']);

/** A filter about what some records hold: of one member, or of several. */
export function drawFilter(draw: () => KnownRecord, random: SeededRandom): SentFilter {
  const filter: Record<string, JsonValue> = {};
  for (let members = 1 + random.below(3); members > 0; members--) {
    Object.assign(filter, drawMember(draw, random));
  }
  return filter;
}

function drawMember(draw: () => KnownRecord, random: SeededRandom): Record<string, JsonValue> {
  const kind = random.below(20);
  const instants = () => draw().read.occurred;
  const recorded = (): Instant => ({
    ms: draw().read.record.recordedAt,
    nanos: random.pick([0, 1]),
  });
  const index = () => draw().read.record.index + random.pick([-1, 0, 0, 0, 1000]);
  switch (kind) {
    case 12:
      return { occurredFrom: timeArgument(instants(), random) };
    case 13:
      return { occurredTo: timeArgument(instants(), random) };
    case 14:
      return { recordedFrom: timeArgument(recorded(), random) };
    case 15:
      return { recordedTo: timeArgument(recorded(), random) };
    case 16:
      return { indexFrom: index() };
    case 17:
      return { indexTo: index() };
    case 18:
    case 19:
      return { details: drawDetails(draw, random) };
    default:
      return drawList(LISTS[kind] ?? LISTS[0], draw, random);
  }
}

function drawList(
  [name, section, member]: (typeof LISTS)[number],
  draw: () => KnownRecord,
  random: SeededRandom,
): Record<string, JsonValue> {
  const values: string[] = [];
  for (let count = random.below(8) === 0 ? 0 : 1 + random.below(3); count > 0; count--) {
    const sent = textAt(draw(), section, member) ?? textAt(draw(), section, member);
    if (sent === null) continue;
    values.push(CHOICES.has(name) ? sent.toUpperCase() : drawValue(name, sent, random));
  }
  return { [name]: values };
}

function drawValue(name: string, sent: string, random: SeededRandom): string {
  const key = name === 'ipAddress' ? addressKey(sent) : null;
  if (key !== null && random.below(3) > 0) return writtenAddress(key, random);
  const isCut = name === 'action' && random.below(2) === 0;
  if (isCut) return `${sent.slice(0, random.below(sent.length + 1)).toWellFormed()}*`;
  return mutatedText(sent, random);
}

function textAt({ values }: KnownRecord, section: string, member: string): string | null {
  const members = values[section];
  const text = isObject(members) ? members[member] : null;
  return typeof text === 'string' ? text : null;
}

/** Some members of some record's details, or nearly these. */
function drawDetails(draw: () => KnownRecord, random: SeededRandom): JsonValue {
  for (let tries = 0; tries < 40; tries++) {
    const { details } = draw().values;
    if (isObject(details) && Object.keys(details).length > 0) return partOf(details, ['details'], random);
  }
  return {};
}

function partOf(object: JsonObject, parents: readonly string[], random: SeededRandom): JsonObject {
  // Others are refused.
  const names = Object.keys(object).filter((name) => exactKey([...parents, name]).length <= PATH_KEY_MAX);
  const part: JsonObject = Object.create(null) as JsonObject;
  const chosen = new Set(names.length === 0 ? [] : [random.pick(names), random.pick(names)]);
  for (const name of chosen) {
    const value = object[name] ?? null;
    // Objects are compared member by member: some of them will do.
    const hasMembers = isObject(value) && Object.keys(value).length > 0;
    part[name] = hasMembers ? partOf(value, [...parents, name], random) : changed(value, random);
  }
  return part;
}

function changed(value: JsonValue, random: SeededRandom): JsonValue {
  if (random.below(8) > 0) return value;
  if (typeof value === 'string') return mutatedText(value, random);
  return random.pick<JsonValue>([null, {}, [], '', 0, 1, true, 9007199254740993n, [1], [[]]]);
}

function isObject(value: JsonValue | undefined): value is JsonObject {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
