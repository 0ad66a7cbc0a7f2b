import type { Clock } from '#server/clock.ts';
import { AppError } from '#server/errors.ts';
import type { Sha256 } from '#server/ledger/hash.ts';
import { EVERYTHING } from '#server/ports/condition.ts';
import type { RecordSource } from '#server/ports/record-source.ts';
import {
  type FoundPage,
  type FoundPageRequest,
  type FoundValues,
  type RecordQuery,
  type Search,
  SEARCH_TIME_MAX_MS,
} from '#server/ports/search.ts';
import type { SegmentStore } from '#server/ports/segment-store.ts';
import { findMatches, isEverything } from './find-matches.ts';
import { type BucketCounts, countPerBucket, emptyBuckets } from './histogram.ts';
import { inGroups } from './in-groups.ts';
import { createMatchedCache } from './matched-cache.ts';
import { createOpenedSegments } from './opened-segments.ts';
import { pageOfParts } from './order.ts';
import { pageOfAll } from './page-of-all.ts';
import { createPageReader } from './page-reader.ts';
import { topPaths } from './paths.ts';
import { createQuestionLine } from './question-line.ts';
import { SegmentGone } from './segment.ts';
import { createSnapshots, type Snapshot } from './snapshot.ts';
import { createTail, TAIL_RECORDS_MAX } from './tail.ts';
import { createTimeLimit, type TimeLimit } from './time-limit.ts';
import { createTurns } from './turns.ts';
import { type MatchedSegment, topValues } from './values.ts';

export interface SearchOptions {
  readonly store: Pick<SegmentStore, 'list' | 'read'>;
  readonly source: Pick<RecordSource, 'read'>;
  readonly sha256: Sha256;
  /** Any clock that only goes forward, in ms. */
  readonly now: Clock;
  /**
   * Told that a ledger's index cannot be used and has to be made anew; again after TELL_AGAIN_MS, until some
   * of its segments have been removed. Meanwhile small ledgers are answered from their records, and others
   * with INDEX_DAMAGED.
   */
  readonly onDamage: (ledgerNo: number, reason: string) => void;
  readonly limits?: Partial<SearchLimits> | undefined;
}

export interface SearchLimits {
  /** Longest that one question may take once it is its turn. */
  readonly timeMaxMs: number;
  /** Most records behind the index that are read for an answer. */
  readonly tailRecordsMax: number;
  /** Bytes of memory: for pages, for opened segments, for what conditions matched, for tails. */
  readonly pageBytesMax: number;
  readonly openedBytesMax: number;
  readonly matchedBytesMax: number;
  readonly tailBytesMax: number;
  /** Questions that are worked on at once. */
  readonly atOnce: number;
  /** And of them about the same ledger: others find a place beside them. */
  readonly atOncePerLedger: number;
  /** Questions that may wait for their turn. */
  readonly waitingMax: number;
}

const MEBIBYTE = 1024 * 1024;

export const SEARCH_LIMITS: SearchLimits = {
  timeMaxMs: SEARCH_TIME_MAX_MS,
  tailRecordsMax: TAIL_RECORDS_MAX,
  pageBytesMax: 48 * MEBIBYTE,
  openedBytesMax: 48 * MEBIBYTE,
  matchedBytesMax: 32 * MEBIBYTE,
  tailBytesMax: 64 * MEBIBYTE,
  atOnce: 8,
  atOncePerLedger: 4,
  waitingMax: 256,
};

/** Records on a page where neither `first` nor `last` says how many. */
const PAGE_RECORDS = 50;
/** How often a question is asked again because segments were replaced meanwhile. */
const REPEATS_MAX = 5;
const REPLACED = 'The index was rewritten again and again while it was searched.';

/** Puts together a search over the index, and over the records behind it. */
export function createSearch(options: SearchOptions): Search {
  const limits = { ...SEARCH_LIMITS, ...options.limits };
  const { store, source, now } = options;
  const line = createQuestionLine(now, { ...limits, waitMaxMs: limits.timeMaxMs });
  const matches = createMatchedCache(limits.matchedBytesMax);
  const snapshots = createSnapshots({
    ...options,
    opened: createOpenedSegments(
      createPageReader(store, limits.pageBytesMax, createTurns(now)),
      limits.openedBytesMax,
    ),
    tail: createTail(source, options.sha256, limits.tailBytesMax),
    tailRecordsMax: limits.tailRecordsMax,
  });

  /** Answers from a snapshot, and from another one where the index turns out to have changed meanwhile. */
  const answer = async <T>(ledgerNo: number, size: number, limit: TimeLimit, work: Answer<T>): Promise<T> => {
    for (let repeats = 0; ; repeats++) {
      let snapshot: Snapshot | null = null;
      try {
        snapshot = await snapshots.take(ledgerNo, size, limit);
        return await work(snapshot, limit);
      } catch (error) {
        if (snapshot !== null) await snapshots.judge(ledgerNo, snapshot.infos, error);
        else if (!(error instanceof SegmentGone)) throw error;
        if (repeats === REPEATS_MAX)
          throw new AppError('STORAGE_UNAVAILABLE', { message: REPLACED, cause: error });
      }
    }
  };
  const ask: Ask = async (ledgerNo, size, signal, work) => {
    const leave = await line.enter(ledgerNo, signal);
    try {
      return await answer(ledgerNo, size, createTimeLimit(now, limits.timeMaxMs, signal), work);
    } finally {
      leave();
    }
  };
  const find: Find = ({ ledgerNo, condition }, { parts }, limit) =>
    findMatches(parts, condition, matches.of(ledgerNo, condition), limit);
  return {
    page: (query, request, signal) =>
      ask(query.ledgerNo, query.size, signal, (snapshot, limit) =>
        findPage(query, request, snapshot, find, limit),
      ),
    histogram: (query, edges, signal) =>
      ask(query.ledgerNo, query.size, signal, async (snapshot, limit) => {
        const found = await find(query, snapshot, limit);
        return { ...(await countMoments(found, edges, limit)), indexedThrough: snapshot.end - 1 };
      }),
    values: (query, field, signal) =>
      ask(query.ledgerNo, query.size, signal, async (snapshot, limit) => {
        const found = await find(query, snapshot, limit);
        return { values: await topValues(found, field, limit), indexedThrough: snapshot.end - 1 };
      }),
    paths: (ledgerNo, size, prefix, first) =>
      ask(ledgerNo, size, undefined, async (snapshot, limit): Promise<FoundValues> => {
        const found = await find({ ledgerNo, size, condition: EVERYTHING }, snapshot, limit);
        return { values: await topPaths(found, prefix, first, limit), indexedThrough: snapshot.end - 1 };
      }),
    indexed: async (ledgerNo) => (await store.list(ledgerNo)).at(-1)?.to ?? 0,
  };
}

/** Has a question answered by some work on a snapshot, when it is its turn. */
type Ask = <T>(
  ledgerNo: number,
  size: number,
  signal: AbortSignal | undefined,
  work: Answer<T>,
) => Promise<T>;

type Answer<T> = (snapshot: Snapshot, limit: TimeLimit) => Promise<T>;

type Find = (query: RecordQuery, snapshot: Snapshot, limit: TimeLimit) => Promise<readonly MatchedSegment[]>;

async function findPage(
  query: RecordQuery,
  request: FoundPageRequest,
  snapshot: Snapshot,
  find: Find,
  limit: TimeLimit,
): Promise<FoundPage> {
  const { end } = snapshot;
  const indexedThrough = end - 1;
  if (isEverything(query.condition) && request.field === 'RECORDED') {
    return { ...pageOfAll(end, request, PAGE_RECORDS), totalCount: end, indexedThrough };
  }
  const found = await find(query, snapshot, limit);
  const totalCount = found.reduce((count, { matched }) => count + matched.count(), 0);
  const parts = found
    .filter(({ matched }) => !matched.isEmpty())
    .map(({ segment, matched }) => ({ segment, matched: () => Promise.resolve(matched) }));
  return { ...(await pageOfParts(parts, request, PAGE_RECORDS, limit)), totalCount, indexedThrough };
}

async function countMoments(
  found: readonly MatchedSegment[],
  edges: readonly number[],
  limit: TimeLimit,
): Promise<BucketCounts> {
  const counted = emptyBuckets(edges.length - 1);
  await inGroups(found, limit, ({ segment, matched }) =>
    countPerBucket(segment, matched, edges, counted, limit),
  );
  return counted;
}
