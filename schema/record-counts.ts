import { AppError } from '#server/errors.ts';
import type { FoundHistogram, FoundValues, RecordQuery } from '#server/ports/search.ts';
import { builder } from './builder.ts';
import type { AppContext } from './context.ts';
import { timeText } from './encodings.ts';
import { LEDGER_ARGUMENT, openLedger } from './ledger.ts';
import { askLedger, QUESTION_ERRORS, readQuestion, SEARCH_ARGUMENT } from './question.ts';
import { INDEXED_THROUGH } from './record-connection.ts';
import { milliseconds, RecordFilter } from './record-filter.ts';
import { checkCount } from './record-order.ts';

const READ = { scope: 'records:read' } as const;

/** Most buckets of one histogram. */
export const BUCKETS_MAX = 1000;
/** Most values of one facet. */
export const FACET_VALUES_MAX = 1000;
/** What one question to the index weighs against a record's field. */
export const QUESTION_COMPLEXITY = 1000;

/** A stretch of time, and what happened in it. */
export interface CountedBucket {
  readonly from: number;
  readonly to: number;
  readonly count: number;
  readonly failures: number;
  readonly attempts: number;
  readonly indexedThrough: number;
}

/** How many records happened in a stretch of time. */
export const Bucket = builder.objectRef<CountedBucket>('Bucket').implement({
  description: 'How many records happened in a stretch of time.',
  authScopes: READ,
  fields: (t) => ({
    from: t.field({
      type: 'DateTime',
      description: 'Where it begins, inclusive.',
      resolve: ({ from }) => timeText(from),
    }),
    to: t.field({
      type: 'DateTime',
      description: 'Where it ends, exclusive.',
      resolve: ({ to }) => timeText(to),
    }),
    count: t.field({
      type: 'SafeInt',
      description: 'How many records. Exact.',
      resolve: ({ count }) => count,
    }),
    failures: t.field({
      type: 'SafeInt',
      description: 'How many of them have the status FAILURE. Exact.',
      resolve: ({ failures }) => failures,
    }),
    attempts: t.field({
      type: 'SafeInt',
      description: 'How many of them have the status ATTEMPT. Exact.',
      resolve: ({ attempts }) => attempts,
    }),
    indexedThrough: t.field({
      type: 'SafeInt',
      description: INDEXED_THROUGH,
      resolve: ({ indexedThrough }) => indexedThrough,
    }),
  }),
});

/** A value and how many records have it. */
export interface CountedValue {
  readonly value: string;
  readonly count: number;
  readonly indexedThrough: number;
}

/** A value of a field, and how many records have it. */
export const Facet = builder.objectRef<CountedValue>('Facet').implement({
  description: 'A value of a field, and how many records have it.',
  authScopes: READ,
  fields: (t) => ({
    value: t.exposeString('value', { description: 'The value, exactly as recorded; a status by its name.' }),
    count: t.field({
      type: 'SafeInt',
      description: 'How many records. Exact.',
      resolve: ({ count }) => count,
    }),
    indexedThrough: t.field({
      type: 'SafeInt',
      description: INDEXED_THROUGH,
      resolve: ({ indexedThrough }) => indexedThrough,
    }),
  }),
});

/** Fields that values are counted of. */
export const FacetField = builder.enumType('FacetField', {
  description: 'A field that values are counted of.',
  values: {
    ACTION: { value: 'event.action', description: 'What was done.' },
    STATUS: { value: 'event.status', description: 'How it ended.' },
    ACTOR_ID: { value: 'actor.id', description: 'Who did it.' },
    ACTOR_TYPE: { value: 'actor.type', description: 'What kind of actor.' },
    TARGET_TYPE: { value: 'target.type', description: 'What kind of target.' },
    TARGET_ID: { value: 'target.id', description: 'What it was done to.' },
    CLASSIFICATION: { value: 'event.classification', description: 'How sensitive the data is.' },
    IP_ADDRESS: { value: 'context.ipAddress', description: 'Address of the client, as sent.' },
    SOURCE: { value: 'context.source', description: 'The system that sent the event.' },
  } as const,
});

/** Path of a field whose values can be counted. */
export type FacetPath = typeof FacetField.$inferType;

builder.queryField('histogram', (t) =>
  t.field({
    type: [Bucket],
    description:
      'When records happened: the time from `from` to `to` cut into equal buckets, each with its ' +
      'count, also ' +
      'empty ones. Where the time has fewer milliseconds than buckets, there are fewer buckets. Needs ' +
      'the scope ' +
      `records:read. Errors: ${QUESTION_ERRORS}, PAGE_TOO_LARGE.`,
    authScopes: READ,
    complexity: ({ buckets }) => ({ field: QUESTION_COMPLEXITY, multiplier: Math.max(1, buckets ?? 1) }),
    args: {
      ledger: t.arg.id({ description: LEDGER_ARGUMENT }),
      filter: t.arg({ type: RecordFilter, description: 'Which records; all unless given.' }),
      search: t.arg.string({ description: SEARCH_ARGUMENT }),
      from: t.arg({ type: 'DateTime', required: true, description: 'Begin of the time, inclusive.' }),
      to: t.arg({ type: 'DateTime', required: true, description: 'End of the time, exclusive.' }),
      buckets: t.arg.int({
        required: true,
        defaultValue: 60,
        description: `Into how many buckets, 1 to ${BUCKETS_MAX}.`,
      }),
    },
    resolve: async (_root, { ledger, from, to, buckets, ...asked }, ctx) => {
      const { condition } = readQuestion(asked);
      const edges = bucketEdges(readSpan(from, to), checkBuckets(buckets));
      const { no } = await openLedger(ctx, ledger);
      const query = await askLedger(ctx, no, condition);
      return toBuckets(edges, await ctx.services.search.histogram(query, edges, ctx.gone));
    },
  }),
);

builder.queryField('facets', (t) =>
  t.field({
    type: [Facet],
    description:
      'The most frequent values of a field among the records asked for, most frequent first; equally ' +
      'frequent ' +
      `ones in the order of their code units. Exact, over all of them. Needs the scope records:read. ` +
      `Errors: ` +
      `${QUESTION_ERRORS}, PAGE_TOO_LARGE.`,
    authScopes: READ,
    complexity: ({ first }) => ({ field: QUESTION_COMPLEXITY, multiplier: Math.max(1, first ?? 1) }),
    args: {
      ledger: t.arg.id({ description: LEDGER_ARGUMENT }),
      filter: t.arg({ type: RecordFilter, description: 'Which records; all unless given.' }),
      search: t.arg.string({ description: SEARCH_ARGUMENT }),
      field: t.arg({ type: FacetField, required: true, description: 'Values of which field.' }),
      first: t.arg.int({
        required: true,
        defaultValue: 10,
        description: `How many values, at most ${FACET_VALUES_MAX}.`,
      }),
    },
    resolve: async (_root, { ledger, field, first, ...asked }, ctx) => {
      const { condition } = readQuestion(asked);
      const count = checkCount(first, 'first', FACET_VALUES_MAX) ?? 0;
      const { no } = await openLedger(ctx, ledger);
      const query = await askLedger(ctx, no, condition);
      return await countValues(ctx, query, field, count);
    },
  }),
);

/** The most frequent values at a path, as the API gives them. */
export async function countValues(
  ctx: AppContext,
  query: RecordQuery,
  path: FacetPath,
  first: number,
): Promise<CountedValue[]> {
  const found = await ctx.services.search.values(query, { path, prefix: '', first }, ctx.gone);
  return toFacets(found, path);
}

function toFacets({ values, indexedThrough }: FoundValues, path: FacetPath): CountedValue[] {
  const isStatus = path === 'event.status';
  return values.map(({ value, count }) => ({
    value: isStatus ? value.toUpperCase() : value,
    count,
    indexedThrough,
  }));
}

/** Buckets between edges, as the API gives them. */
export function toBuckets(
  edges: readonly number[],
  { counts, failures, attempts, indexedThrough }: FoundHistogram,
): CountedBucket[] {
  return counts.map((count, i) => ({
    from: edges[i]!,
    to: edges[i + 1]!,
    count,
    failures: failures[i] ?? 0,
    attempts: attempts[i] ?? 0,
    indexedThrough,
  }));
}

/**
 * Reads a time from one point to a later one, in ms since the epoch.
 *
 * @throws AppError TIMESTAMP_INVALID, BAD_USER_INPUT
 */
export function readSpan(from: string, to: string): { readonly from: number; readonly to: number } {
  const span = { from: milliseconds(from, ['from']) ?? 0, to: milliseconds(to, ['to']) ?? 0 };
  if (span.from >= span.to) {
    throw new AppError('BAD_USER_INPUT', { message: 'to is not later than from.', path: ['to'] });
  }
  return span;
}

/** Edges of equal buckets, whole milliseconds, each once. */
function bucketEdges({ from, to }: { readonly from: number; readonly to: number }, buckets: number) {
  const count = Math.min(buckets, to - from);
  // Whole parts and what is left over by themselves: their products stay safe integers, whatever the time.
  const [width, rest] = [Math.floor((to - from) / count), (to - from) % count];
  return Array.from({ length: count + 1 }, (_, i) => from + i * width + Math.floor((i * rest) / count));
}

function checkBuckets(buckets: number): number {
  if (buckets >= 1 && buckets <= BUCKETS_MAX) return buckets;
  const message = `buckets is ${buckets}; it must be 1 to ${BUCKETS_MAX}.`;
  throw new AppError('BAD_USER_INPUT', { message, path: ['buckets'] });
}
