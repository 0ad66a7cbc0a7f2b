import type { JsonValue } from '#server/ledger/json.ts';
import type { FoundPageRequest, Position } from '#server/ports/search.ts';
import { encodeCursor } from '#server/records/cursor.ts';
import { naivePageOf } from '#test/index/support/naive-search.ts';
import type { SeededRandom } from '#test/support/seeded-random.ts';
import type { KnownRecord } from './finding-ledgers.ts';
import { memberOf, type Question } from './question.ts';

const SELECTION = `{ totalCount indexedThrough edges { cursor node { index } }
  pageInfo { hasNextPage hasPreviousPage startCursor endCursor } }`;
const PAGE_SIZES = [0, 1, 1, 2, 3, 5, 10, 20, 50, 100, 500];

/** A page of the matches, in any order, with any size and cursors. */
export function pageQuestion(known: readonly KnownRecord[], random: SeededRandom): Question {
  const { request, written } = random.below(4) === 0 ? drawSkip(known, random) : drawPage(known, random);
  return {
    write: (which) => `records(${written}, ${which}) ${SELECTION}`,
    answer: (matches, all) => pageAnswer(matches, request, all),
  };
}

const RELATED = [
  ['REQUEST', 'context', 'requestId'],
  ['SESSION', 'context', 'sessionId'],
  ['CORRELATION', 'context', 'correlationId'],
  ['IP_ADDRESS', 'context', 'ipAddress'],
  ['ACTOR', 'actor', 'id'],
  ['TARGET', 'target', 'id'],
] as const;

/** A page of what has something in common with a record, perhaps of about the same time only. */
export function relatedQuestion(known: readonly KnownRecord[], random: SeededRandom): Question {
  const of = random.pick(known);
  const [by, section, member] = random.pick(RELATED);
  const minutes = random.pick([null, null, 0, 1, 60, 1440, 100_000, 2_147_483_647]);
  const { request, written } = drawPage(known, random);
  const within = minutes === null ? '' : `, withinMinutes: ${minutes}`;
  return {
    write: () =>
      `record(index: ${of.position.index}) { related(by: ${by}${within}, ${written}) ${SELECTION} }`,
    answer: (_matches, all) => {
      const related = all.filter((other) => {
        const isSame = (name: string) => memberOf(other, section, name) === memberOf(of, section, name);
        if (memberOf(of, section, member) === null || !isSame(member)) return false;
        if (by === 'TARGET' && memberOf(of, section, 'type') !== null && !isSame('type')) return false;
        return minutes === null || distance(of, other) <= BigInt(minutes) * 60_000_000_000n;
      });
      return { related: pageAnswer(related, request, all) };
    },
  };
}

/** Nanoseconds between the times at which two records happened. */
function distance(a: KnownRecord, b: KnownRecord): bigint {
  const nanos = ({ read: { occurred } }: KnownRecord) =>
    BigInt(occurred.ms) * 1_000_000n + BigInt(occurred.nanos);
  const between = nanos(a) - nanos(b);
  return between < 0n ? -between : between;
}

interface DrawnPage {
  readonly request: FoundPageRequest;
  /** Its arguments. */
  readonly written: string;
}

/** A page behind so many matches, perhaps behind them all. */
function drawSkip(known: readonly KnownRecord[], random: SeededRandom): DrawnPage {
  const field = random.pick(['RECORDED', 'OCCURRED'] as const);
  const direction = random.pick(['ASC', 'DESC'] as const);
  const first = random.pick(PAGE_SIZES);
  const skip = random.below(random.pick([2, 20, known.length + 2]));
  return {
    request: { field, direction, first, last: null, after: null, before: null, skip },
    written: `orderBy: { field: ${field}, direction: ${direction} }, first: ${first}, skip: ${skip}`,
  };
}

function drawPage(known: readonly KnownRecord[], random: SeededRandom): DrawnPage {
  const field = random.pick(['RECORDED', 'OCCURRED'] as const);
  const direction = random.pick(['ASC', 'DESC'] as const);
  const size = random.below(20) === 0 ? null : random.pick(PAGE_SIZES);
  const isLast = size !== null && random.below(2) === 0;
  const place = () => (random.below(2) === 0 ? drawPosition(known, field, random) : null);
  const request: FoundPageRequest = {
    field,
    direction,
    first: isLast ? null : size,
    last: isLast ? size : null,
    after: place(),
    before: place(),
  };
  const sizeArgument = size === null ? '' : `, ${isLast ? 'last' : 'first'}: ${size}`;
  const cursor = (name: 'after' | 'before') =>
    request[name] === null ? '' : `, ${name}: ${JSON.stringify(encodeCursor(request[name]))}`;
  const order = `orderBy: { field: ${field}, direction: ${direction} }`;
  return { request, written: `${order}${sizeArgument}${cursor('after')}${cursor('before')}` };
}

function pageAnswer(
  matches: readonly KnownRecord[],
  request: FoundPageRequest,
  all: readonly KnownRecord[],
): JsonValue {
  const positions = matches.map(({ position }) => positionIn(request.field, position));
  const page = naivePageOf(positions, request, all.length - 1);
  const edges = page.positions.map((position) => ({
    cursor: encodeCursor(position),
    node: { index: position.index },
  }));
  return {
    totalCount: page.totalCount,
    indexedThrough: page.indexedThrough,
    edges,
    pageInfo: {
      hasNextPage: page.hasNextPage,
      hasPreviousPage: page.hasPreviousPage,
      startCursor: edges.at(0)?.cursor ?? null,
      endCursor: edges.at(-1)?.cursor ?? null,
    },
  };
}

/** Where some record stands, or nearly there. */
function drawPosition(
  known: readonly KnownRecord[],
  field: FoundPageRequest['field'],
  random: SeededRandom,
): Position {
  const { index, occurred } = random.pick(known).position;
  const moved = { index: index + random.pick([0, 0, 0, 1, 10_000]), occurred };
  return positionIn(field, moved);
}

function positionIn(field: FoundPageRequest['field'], { index, occurred }: Position): Position {
  return { index, occurred: field === 'OCCURRED' ? occurred : null };
}
