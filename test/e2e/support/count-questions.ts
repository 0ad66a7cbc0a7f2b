import type { SeededRandom } from '#test/support/seeded-random.ts';
import type { KnownRecord } from './finding-ledgers.ts';
import { memberOf, type Question } from './question.ts';
import { timeArgument } from './written-time.ts';

/** How many happened when, in a time between two records, or nearly so. */
export function histogramQuestion(known: readonly KnownRecord[], random: SeededRandom): Question {
  const { from, to } = drawSpan(known, random, LAST_MS);
  const buckets = random.pick([1, 2, 3, 7, 24, 60, 300]);
  const edges = edgesOf(from, to, buckets);
  const written = `from: ${upTo(from, random)}, to: ${upTo(to, random)}, buckets: ${buckets}`;
  return {
    write: (which) => `histogram(${written}, ${which}) { from to count failures attempts indexedThrough }`,
    answer: (matches, all) =>
      countPerBucket(matches, edges).map((bucket) => ({ ...bucket, indexedThrough: all.length - 1 })),
  };
}

/** The most frequent values of a field. */
export function facetQuestion(random: SeededRandom): Question {
  const [name, section, member] = random.pick(FACETS);
  const first = random.pick([0, 1, 2, 5, 10, 50, 1000]);
  return {
    write: (which) => `facets(field: ${name}, first: ${first}, ${which}) { value count indexedThrough }`,
    answer: (matches, all) =>
      countValues(matches, section, member, first).map((counted) => ({
        ...counted,
        indexedThrough: all.length - 1,
      })),
  };
}

/** What is told about a ledger as a whole, of at most a year. */
export function statisticsQuestion(known: readonly KnownRecord[], random: SeededRandom): Question {
  const { from, to } = drawSpan(known, random, 366 * DAY_MS);
  const first = random.pick([0, 1, 3, 10, 1000]);
  const edges = [from];
  for (let day = Math.floor(from / DAY_MS + 1) * DAY_MS; day < to; day += DAY_MS) edges.push(day);
  edges.push(to);
  const written = `from: ${upTo(from, random)}, to: ${upTo(to, random)}, first: ${first}`;
  const lists = ['byAction', 'byStatus', 'byActor', 'byTargetType'];
  return {
    write: (which) => `ledger(id: "default") { statistics(${written}, ${which}) { from to total failures
      indexedThrough ${lists.map((list) => `${list} { value count }`).join(' ')}
      byDay { from to count failures attempts } } }`,
    answer: (matches, all) => {
      const within = matches.filter((record) => happenedIn(record, from, to));
      return {
        statistics: {
          from: new Date(from).toISOString(),
          to: new Date(to).toISOString(),
          total: within.length,
          failures: within.filter(hasFailed).length,
          indexedThrough: all.length - 1,
          byAction: countValues(within, 'event', 'action', first),
          byStatus: countValues(within, 'event', 'status', first),
          byActor: countValues(within, 'actor', 'id', first),
          byTargetType: countValues(within, 'target', 'type', first),
          byDay: countPerBucket(within, edges),
        },
      };
    },
  };
}

const DAY_MS = 86_400_000;
/** Before the year 0000 and past 9999 there is no time. */
const FIRST_MS = Date.parse('0000-01-01T00:00:00Z');
const LAST_MS = Date.UTC(9999, 11, 31, 23, 59, 59, 999);

function drawSpan(known: readonly KnownRecord[], random: SeededRandom, lengthMax: number) {
  const draw = () => random.pick(known).read.occurred.ms + random.pick([0, 0, 1, 5000]);
  const [earlier = 0, later = 0] = [draw(), draw()].toSorted((a, b) => a - b);
  const from = Math.min(earlier, LAST_MS - 1);
  return { from, to: Math.min(Math.max(from + 1, later), from + lengthMax, LAST_MS) };
}

/** A time that ends at this millisecond, or is a little before it: only whole ones are told apart. */
function upTo(ms: number, random: SeededRandom): string {
  const isBefore = ms > FIRST_MS && random.below(4) === 0;
  return JSON.stringify(
    timeArgument(isBefore ? { ms: ms - 1, nanos: random.pick([1, 999_999]) } : { ms, nanos: 0 }, random),
  );
}

/** Whole milliseconds that cut a time into equal buckets. */
function edgesOf(from: number, to: number, buckets: number): number[] {
  const count = BigInt(Math.min(buckets, to - from));
  const edges: number[] = [];
  for (let i = 0n; i <= count; i++) edges.push(from + Number((i * BigInt(to - from)) / count));
  return edges;
}

function countPerBucket(matches: readonly KnownRecord[], edges: readonly number[]) {
  return edges.slice(1).map((to, i) => {
    const from = edges[i] ?? 0;
    const within = matches.filter((record) => happenedIn(record, from, to));
    return {
      from: new Date(from).toISOString(),
      to: new Date(to).toISOString(),
      count: within.length,
      failures: within.filter(hasFailed).length,
      attempts: within.filter((record) => memberOf(record, 'event', 'status') === 'attempt').length,
    };
  });
}

function happenedIn({ read: { occurred } }: KnownRecord, from: number, to: number): boolean {
  return occurred.ms >= from && occurred.ms < to;
}

function hasFailed(record: KnownRecord): boolean {
  return memberOf(record, 'event', 'status') === 'failure';
}

const FACETS = [
  ['ACTION', 'event', 'action'],
  ['STATUS', 'event', 'status'],
  ['ACTOR_ID', 'actor', 'id'],
  ['ACTOR_TYPE', 'actor', 'type'],
  ['TARGET_TYPE', 'target', 'type'],
  ['TARGET_ID', 'target', 'id'],
  ['CLASSIFICATION', 'event', 'classification'],
  ['IP_ADDRESS', 'context', 'ipAddress'],
  ['SOURCE', 'context', 'source'],
] as const;

function countValues(matches: readonly KnownRecord[], section: string, member: string, first: number) {
  const counts = new Map<string, number>();
  for (const record of matches) {
    const value = memberOf(record, section, member);
    if (value !== null) counts.set(value, (counts.get(value) ?? 0) + 1);
  }
  return [...counts]
    .toSorted(([a, countA], [b, countB]) => countB - countA || (a < b ? -1 : 1))
    .slice(0, first)
    .map(([value, count]) => ({ value: member === 'status' ? value.toUpperCase() : value, count }));
}
