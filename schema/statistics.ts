import { AppError } from '#server/errors.ts';
import type { FoundHistogram, RecordQuery } from '#server/ports/search.ts';
import { builder } from './builder.ts';
import { timeText } from './encodings.ts';
import { askLedger, QUESTION_ERRORS, readQuestion, SEARCH_ARGUMENT } from './question.ts';
import { INDEXED_THROUGH } from './record-connection.ts';
import {
  Bucket,
  countValues,
  FACET_VALUES_MAX,
  Facet,
  type FacetPath,
  readSpan,
  toBuckets,
} from './record-counts.ts';
import { RecordFilter } from './record-filter.ts';
import { checkCount } from './record-order.ts';

const READ = { scope: 'records:read' } as const;

const DAY_MS = 86_400_000;
/** How far back statistics go unless told. */
const DAYS_DEFAULT = 30;
/** Most days that statistics are made over: ten years. */
export const STATISTICS_DAYS_MAX = 3660;
/** What the five questions weigh against a record's field. */
const STATISTICS_COMPLEXITY = 5000;

interface Statistics {
  readonly query: RecordQuery;
  readonly first: number;
  /** Edges of the days, ms since the epoch. */
  readonly days: readonly number[];
  readonly found: FoundHistogram;
}

const LedgerStatistics = builder.objectRef<Statistics>('LedgerStatistics').implement({
  description: 'What happened in a time, counted. All counts are exact up to `indexedThrough`.',
  authScopes: READ,
  fields: (t) => ({
    from: t.field({
      type: 'DateTime',
      description: 'Begin of the time, inclusive.',
      resolve: ({ days }) => timeText(days[0]!),
    }),
    to: t.field({
      type: 'DateTime',
      description: 'End of the time, exclusive.',
      resolve: ({ days }) => timeText(days.at(-1)!),
    }),
    total: t.field({
      type: 'SafeInt',
      description: 'How many records.',
      resolve: ({ found }) => sum(found.counts),
    }),
    failures: t.field({
      type: 'SafeInt',
      description: 'How many of them have the status FAILURE.',
      resolve: ({ found }) => sum(found.failures),
    }),
    byAction: counted('event.action', 'Their most frequent actions.')(t),
    byStatus: counted('event.status', 'How they ended.')(t),
    byActor: counted('actor.id', 'Their most frequent actors, by id.')(t),
    byTargetType: counted('target.type', 'Their most frequent types of targets.')(t),
    byDay: t.field({
      type: [Bucket],
      description: 'Each day of the time, in UTC, also empty ones; the first and the last may be cut.',
      complexity: { field: 1, multiplier: DAYS_DEFAULT },
      resolve: ({ days, found }) => toBuckets(days, found),
    }),
    indexedThrough: t.field({
      type: 'SafeInt',
      description: INDEXED_THROUGH,
      resolve: ({ found }) => found.indexedThrough,
    }),
  }),
});

type StatisticsFields = Parameters<
  NonNullable<Parameters<ReturnType<typeof builder.objectRef<Statistics>>['implement']>[0]['fields']>
>[0];

/** A field of the most frequent values. */
function counted(path: FacetPath, description: string) {
  return (t: StatisticsFields) =>
    t.field({
      type: [Facet],
      description,
      resolve: ({ query, first }, _args, ctx) => countValues(ctx, query, path, first),
    });
}

builder.prismaObjectFields('Ledger', (t) => ({
  statistics: t.field({
    type: LedgerStatistics,
    select: { no: true },
    description:
      `What happened in the ledger: the last ${DAYS_DEFAULT} days unless told, at most ` +
      `${STATISTICS_DAYS_MAX} days. ` +
      `Needs the scope records:read. Errors: ${QUESTION_ERRORS}, PAGE_TOO_LARGE.`,
    authScopes: READ,
    complexity: STATISTICS_COMPLEXITY,
    args: {
      filter: t.arg({ type: RecordFilter, description: 'Which records; all unless given.' }),
      search: t.arg.string({ description: SEARCH_ARGUMENT }),
      from: t.arg({ type: 'DateTime', description: 'Begin of the time it happened in, inclusive.' }),
      to: t.arg({ type: 'DateTime', description: 'End of that time, exclusive; now unless given.' }),
      first: t.arg.int({
        required: true,
        defaultValue: 10,
        description: `How many values of each field, at most ${FACET_VALUES_MAX}.`,
      }),
    },
    resolve: async ({ no }, { from, to, first, ...asked }, ctx) => {
      const { condition } = readQuestion(asked);
      const count = checkCount(first, 'first', FACET_VALUES_MAX) ?? 0;
      const days = dayEdges(from, to, ctx.services.clock());
      const within = {
        kind: 'occurred',
        from: { ms: days[0]!, nanos: 0 },
        to: { ms: days.at(-1)!, nanos: 0 },
      } as const;
      const query = await askLedger(ctx, no, { kind: 'all', of: [within, condition] });
      const found = await ctx.services.search.histogram(query, days, ctx.gone);
      return { query, first: count, days, found };
    },
  }),
}));

/** Begin and end of the time, and every midnight between. */
function dayEdges(from: string | null | undefined, to: string | null | undefined, now: number): number[] {
  const end = to ?? timeText(now);
  const begin = from ?? timeText(readSpan('0000-01-01T00:00:00Z', end).to - DAYS_DEFAULT * DAY_MS);
  const span = readSpan(begin, end);
  if (span.to - span.from > STATISTICS_DAYS_MAX * DAY_MS) {
    const message = `From from to to are more than ${STATISTICS_DAYS_MAX} days.`;
    throw new AppError('BAD_USER_INPUT', { message, path: ['from'] });
  }
  const edges = [span.from];
  for (let next = (Math.floor(span.from / DAY_MS) + 1) * DAY_MS; next < span.to; next += DAY_MS) {
    edges.push(next);
  }
  return [...edges, span.to];
}

function sum(counts: readonly number[]): number {
  return counts.reduce((total, count) => total + count, 0);
}
