import type { Ledger as LedgerRow } from '#prisma/generated/sqlite/client.ts';
import { AppError } from '#server/errors.ts';
import { decodeCursor, encodeCursor } from '#server/records/cursor.ts';
import {
  countOf,
  type Direction,
  type IndexRange,
  intersect,
  lowerBound,
  PAGE_RECORDS_DEFAULT,
  PAGE_RECORDS_MAX,
  type Page,
  type PageRequest,
  pageOf,
  pageOfList,
} from '#server/records/page.ts';
import { toStoredText } from '#server/ports/stored-text.ts';
import { builder, ON_PAGE, pageComplexity } from './builder.ts';
import type { AppContext } from './context.ts';
import { fromHistory } from './history.ts';
import { LEDGER_ARGUMENT, ledgerSize, openLedger } from './ledger.ts';
import { RecordType } from './record.ts';
import type { StoredRecord } from './record-content.ts';
import { type CheckedFilter, checkFilter, RecordFilter } from './record-filter.ts';

const READ = { scope: 'records:read' } as const;

const DirectionType = builder.enumType('Direction', {
  description: 'Which end comes first.',
  values: { ASC: { description: 'Lowest first.' }, DESC: { description: 'Highest first.' } },
});

const RecordOrderField = builder.enumType('RecordOrderField', {
  description: 'What records are ordered by.',
  values: { RECORDED: { description: 'The order they were recorded in, that is, by index.' } },
});

const RecordOrder = builder.inputType('RecordOrder', {
  description: 'In which order records are given.',
  fields: (t) => ({
    field: t.field({
      type: RecordOrderField,
      required: true,
      defaultValue: 'RECORDED',
      description: 'What to order by.',
    }),
    direction: t.field({
      type: DirectionType,
      required: true,
      defaultValue: 'DESC',
      description: 'Which end comes first.',
    }),
  }),
});

builder.queryField('record', (t) =>
  t.field({
    type: RecordType,
    nullable: true,
    description:
      'One record by its index or its event id (exactly one of them); null where there is none. ' +
      'Needs the scope records:read. Errors: LEDGER_NOT_FOUND, BAD_USER_INPUT.',
    authScopes: READ,
    args: {
      ledger: t.arg.id({ description: LEDGER_ARGUMENT }),
      index: t.arg({ type: 'SafeInt', description: '0-based position in the ledger.' }),
      eventId: t.arg.id({ description: 'The id that the event was sent with or given.' }),
    },
    resolve: async (_root, { ledger: ledgerId, index, eventId }, ctx) => {
      const byIndex = index !== null && index !== undefined;
      const byEventId = eventId !== null && eventId !== undefined;
      if (byIndex === byEventId) {
        throw new AppError('BAD_USER_INPUT', {
          message: 'Give exactly one of index and eventId.',
          path: ['index'],
        });
      }
      const ledger = await openLedger(ctx, ledgerId);
      const ledgerNo = ledger.no;
      // Not by a unique key: Postgres has none of ledger and event id on its partitions.
      const row = await fromHistory(
        ctx,
        (db) =>
          byEventId
            ? db.record.findFirst({ where: { ledgerNo, eventId: toStoredText(eventId) } })
            : db.record.findUnique({ where: { ledgerNo_index: { ledgerNo, index: BigInt(index ?? 0) } } }),
        (found) => found !== null,
      );
      return row && { ...row, ledger };
    },
  }),
);

builder.queryField('records', (t) =>
  t.connection(
    {
      type: RecordType,
      description:
        `Records of a ledger, page by page: ${PAGE_RECORDS_DEFAULT} unless \`first\` or \`last\` says ` +
        `otherwise, ` +
        `at most ${PAGE_RECORDS_MAX}; only one of the two may be given. Needs the scope records:read. ` +
        'Errors: LEDGER_NOT_FOUND, BAD_USER_INPUT, PAGE_TOO_LARGE, CURSOR_INVALID, TIMESTAMP_INVALID.',
      authScopes: READ,
      complexity: pageComplexity,
      args: {
        ledger: t.arg.id({ description: LEDGER_ARGUMENT }),
        filter: t.arg({ type: RecordFilter, description: 'Which records; all unless given.' }),
        orderBy: t.arg({ type: RecordOrder, description: 'In which order; newest first unless given.' }),
      },
      resolve: async (_root, args, ctx) => {
        const filter = checkFilter(args.filter);
        const request = checkPage(args, args.orderBy?.direction ?? 'DESC');
        const ledger = await openLedger(ctx, args.ledger);
        return await readPage(ctx, ledger, filter, request);
      },
    },
    {
      name: 'RecordConnection',
      description: 'A page of records.',
      authScopes: READ,
      fields: (f) => ({
        nodes: f.field({
          type: [RecordType],
          description: 'The records of the page, in order.',
          complexity: ON_PAGE,
          resolve: ({ edges }) => edges.map(({ node }) => node),
        }),
        totalCount: f.field({
          type: 'SafeInt',
          description: 'How many records match, on all pages together. Exact.',
          resolve: ({ totalCount }) => totalCount,
        }),
        indexedThrough: f.field({
          type: 'SafeInt',
          description: 'Index of the last record that the answer covers; −1 for an empty ledger.',
          resolve: ({ indexedThrough }) => indexedThrough,
        }),
      }),
    },
    { name: 'RecordEdge', description: 'A record on a page.', authScopes: READ },
  ),
);

/**
 * The page that a request asks for. Both the count and the rows are of the ledger as it stood when this
 * began.
 */
async function readPage(ctx: AppContext, ledger: LedgerRow, filter: CheckedFilter, request: PageRequest) {
  const size = await ledgerSize(ctx, ledger.no);
  const range = await recordedRange(ctx, ledger.no, filter, intersect({ from: 0, to: size }, filter.indexes));
  const found =
    filter.eventIds === null
      ? { page: pageOf(range, request), totalCount: countOf(range), indexes: null }
      : await listedPage(ctx, ledger.no, [...filter.eventIds], range, request);
  const rows = await readRows(ctx, ledger, found.page.range, found.indexes);
  if (request.direction === 'DESC') rows.reverse();
  return connection(rows, found.page, found.totalCount, size - 1);
}

async function listedPage(
  ctx: AppContext,
  ledgerNo: number,
  eventIds: string[],
  range: IndexRange,
  request: PageRequest,
) {
  const matches = await fromHistory(
    ctx,
    (db) =>
      db.record.findMany({
        where: { ledgerNo, eventId: { in: eventIds }, index: within(range) },
        select: { index: true },
      }),
    (found) => found.length === eventIds.length,
  );
  const { indexes, ...page } = pageOfList(
    matches.map(({ index }) => Number(index)),
    request,
  );
  return { page, totalCount: matches.length, indexes };
}

/**
 * The part of the range that was recorded in the filter's time. It is one run: `recordedAt` never goes back.
 */
async function recordedRange(
  ctx: AppContext,
  ledgerNo: number,
  filter: CheckedFilter,
  range: IndexRange,
): Promise<IndexRange> {
  const recordedAt = async (index: number): Promise<number> => {
    const where = { ledgerNo_index: { ledgerNo, index: BigInt(index) } };
    const row = await fromHistory(
      ctx,
      (db) => db.record.findUnique({ where, select: { recordedAt: true } }),
      (found) => found !== null,
    );
    if (!row) throw new Error(`Ledger ${ledgerNo} lacks record ${index}.`);
    return Number(row.recordedAt);
  };
  const { recordedFrom, recordedTo } = filter;
  const from = recordedFrom === null ? range.from : await lowerBound(range, recordedFrom, recordedAt);
  const to = recordedTo === null ? range.to : await lowerBound(range, recordedTo, recordedAt);
  return intersect(range, { from, to });
}

/** The records in ascending order. One that is missing is an error: evidence must not vanish quietly. */
async function readRows(
  ctx: AppContext,
  ledger: LedgerRow,
  range: IndexRange,
  indexes: readonly number[] | null,
): Promise<StoredRecord[]> {
  const expected = indexes === null ? countOf(range) : indexes.length;
  if (expected === 0) return [];
  const rows = await fromHistory(
    ctx,
    (db) =>
      db.record.findMany({
        where: { ledgerNo: ledger.no, index: indexes === null ? within(range) : { in: indexes.map(BigInt) } },
        orderBy: { index: 'asc' },
      }),
    (found) => found.length === expected,
  );
  if (rows.length !== expected) throw new Error(`Ledger ${ledger.id} lacks records that its head counts.`);
  return rows.map((row) => ({ ...row, ledger }));
}

function within({ from, to }: IndexRange) {
  return { gte: BigInt(from), lt: BigInt(to) };
}

function connection(rows: readonly StoredRecord[], page: Page, totalCount: number, indexedThrough: number) {
  const edges = rows.map((node) => ({ cursor: encodeCursor(Number(node.index)), node }));
  return {
    edges,
    totalCount,
    indexedThrough,
    pageInfo: {
      hasNextPage: page.hasNextPage,
      hasPreviousPage: page.hasPreviousPage,
      startCursor: edges.at(0)?.cursor ?? null,
      endCursor: edges.at(-1)?.cursor ?? null,
    },
  };
}

interface PageArguments {
  readonly first?: number | null | undefined;
  readonly last?: number | null | undefined;
  readonly after?: string | null | undefined;
  readonly before?: string | null | undefined;
}

function checkPage(args: PageArguments, direction: Direction): PageRequest {
  const first = checkCount(args.first, 'first');
  const last = checkCount(args.last, 'last');
  if (first !== null && last !== null) {
    throw new AppError('BAD_USER_INPUT', { message: 'Give first or last, not both.', path: ['last'] });
  }
  return {
    direction,
    first,
    last,
    after: typeof args.after === 'string' ? decodeCursor(args.after, 'after') : null,
    before: typeof args.before === 'string' ? decodeCursor(args.before, 'before') : null,
  };
}

function checkCount(count: number | null | undefined, argument: string): number | null {
  if (count === null || count === undefined) return null;
  if (count < 0)
    throw new AppError('BAD_USER_INPUT', { message: `${argument} is below 0.`, path: [argument] });
  if (count > PAGE_RECORDS_MAX) {
    throw new AppError('PAGE_TOO_LARGE', {
      message: `${argument} is ${count}; the limit is ${PAGE_RECORDS_MAX}.`,
      path: [argument],
    });
  }
  return count;
}
