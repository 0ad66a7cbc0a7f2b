import type { Ledger as LedgerRow } from '#prisma/generated/sqlite/client.ts';
import { AppError } from '#server/errors.ts';
import type { FoundPageRequest, Position } from '#server/ports/search.ts';
import {
  countOf,
  type IndexRange,
  intersect,
  lowerBound,
  type PageRequest,
  pageOf,
  pageOfList,
} from '#server/records/page.ts';
import type { AppContext } from './context.ts';
import { fromHistory } from './history.ts';
import { ledgerSize } from './ledger.ts';
import type { Question } from './question.ts';
import { type FoundRecords, type RecordPage, toRecordPage } from './record-connection.ts';
import { createRecordCheck } from './record-check.ts';
import type { StoredRecord } from './record-content.ts';
import type { CheckedFilter } from './record-filter.ts';

/**
 * The page that a request asks for. Count and records are of the ledger as it stood when this began.
 *
 * @throws AppError SEARCH_TOO_EXPENSIVE, INDEX_DAMAGED, STORAGE_UNAVAILABLE
 */
export async function findRecords(
  ctx: AppContext,
  ledger: LedgerRow,
  { condition, plain }: Question,
  request: FoundPageRequest,
): Promise<RecordPage> {
  const size = await ledgerSize(ctx, ledger.no);
  if (plain !== null && request.field === 'RECORDED') {
    return toRecordPage(await readPage(ctx, ledger, size, plain, request));
  }
  const query = { ledgerNo: ledger.no, size, condition };
  const { positions, ...found } = await ctx.services.search.page(query, request, ctx.gone);
  const rows = await readListed(ctx, ledger, positions);
  const matches = createRecordCheck(ctx.services.matcherOf(condition));
  for (const row of rows) {
    if (await matches(row)) continue;
    // The ledger is right: what was found must not be shown as an answer, and is made anew.
    ctx.services.distrustIndex(ledger.no);
    throw new AppError('INDEX_DAMAGED');
  }
  return toRecordPage({ ...found, rows, positions });
}

/** The records of these indexes, ascending. */
export async function readRange(
  ctx: AppContext,
  ledger: LedgerRow,
  range: IndexRange,
): Promise<StoredRecord[]> {
  return await readRows(ctx, ledger, range, null);
}

async function readListed(
  ctx: AppContext,
  ledger: LedgerRow,
  positions: readonly Position[],
): Promise<StoredRecord[]> {
  const indexes = positions.map(({ index }) => index);
  const rows = await readRows(ctx, ledger, { from: 0, to: 0 }, indexes);
  const byIndex = new Map(rows.map((row) => [Number(row.index), row]));
  return indexes.map((index) => byIndex.get(index)!);
}

/** A page of what the ledger alone can tell. */
async function readPage(
  ctx: AppContext,
  ledger: LedgerRow,
  size: number,
  filter: CheckedFilter,
  found: FoundPageRequest,
): Promise<FoundRecords> {
  const request = {
    ...found,
    after: found.after?.index ?? null,
    before: found.before?.index ?? null,
  };
  const range = await recordedRange(ctx, ledger.no, filter, intersect({ from: 0, to: size }, filter.indexes));
  const { page, totalCount, indexes } =
    filter.eventIds === null
      ? { page: pageOf(range, request), totalCount: countOf(range), indexes: null }
      : await listedPage(ctx, ledger.no, [...filter.eventIds], range, request);
  const rows = await readRows(ctx, ledger, page.range, indexes);
  if (request.direction === 'DESC') rows.reverse();
  const positions = rows.map(({ index }) => ({ index: Number(index), occurred: null }));
  return { ...page, rows, positions, totalCount, indexedThrough: size - 1 };
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
