import type { ApiError } from '#ui/graphql/api-error.ts';
import {
  HistogramBucketsDocument,
  type HistogramBucketsQuery,
  HistogramRangeDocument,
} from '#ui/graphql/generated.ts';
import { useApi } from '#ui/graphql/use-api.ts';
import type { Zone } from '#ui/parts/time-text.ts';
import { type Cut, cutTime, type TimeSpan } from './histogram-steps.ts';
import { timeOfRecord } from './time-of-record.ts';
import type { Question, TimeRange } from './view.ts';

export type Bar = HistogramBucketsQuery['histogram'][number];

export interface HistogramData {
  /** In the order of time; of the question before, while the next answer is on its way. */
  readonly bars: readonly Bar[];
  /** What the bars were asked with; `null` before the first. */
  readonly cut: Cut | null;
  /** Records of the answer that are in no bar; 0 where that cannot be said. */
  readonly outside: number;
  /** Index of the last record that is counted, where records after it are not; else `null`. */
  readonly countedThrough: number | null;
  readonly isStale: boolean;
  readonly isEmpty: boolean;
  readonly error: ApiError | null;
  readonly retry: () => void;
}

/** The same each time: an effect may depend on it. */
const NO_BARS: readonly Bar[] = [];

/** Counts the question's records by time, in as many buckets as have room. */
export function useHistogramData(
  question: Question,
  time: TimeRange,
  widthPx: number,
  zone: Zone,
): HistogramData {
  const { ledger, search, filter, size } = question;
  const asked = askedSpan(question, time);
  const range = useApi(
    HistogramRangeDocument,
    { ledger, filter: { indexTo: size } },
    { enabled: asked === null, freshMs: Infinity },
  );
  const [first, last] = [range.data?.first.nodes[0], range.data?.last.nodes[0]];
  const span = asked ?? (first && last ? spanOf(timeOfRecord(first), timeOfRecord(last)) : null);
  const cut = span === null || widthPx === 0 ? null : cutTime(span, widthPx, offsetAt(span.fromMs, zone));
  const found = useApi(
    HistogramBucketsDocument,
    {
      ledger,
      search,
      filter,
      from: timeOf(cut?.fromMs ?? 0),
      to: timeOf(cut?.toMs ?? 1),
      buckets: cut?.count ?? 1,
    },
    { enabled: cut !== null, freshMs: Infinity, keepPrevious: true },
  );
  return {
    bars: found.data?.histogram ?? NO_BARS,
    cut,
    ...coverageOf(found.data, size),
    isStale: found.isPlaceholderData || found.isFetching,
    isEmpty: asked === null && range.isSuccess && first === undefined,
    error: found.error ?? (asked === null ? range.error : null),
    retry: () => void (range.error === null ? found.refetch() : range.refetch()),
  };
}

/** The time that was asked for; `null`: all of it. */
function askedSpan({ from, to }: Question, time: TimeRange): TimeSpan | null {
  if (from === null) return null;
  const fromMs = Date.parse(from);
  if (time.kind === 'LAST') return { fromMs, toMs: fromMs + time.seconds * 1000 };
  return to === null ? null : { fromMs, toMs: Date.parse(to) };
}

/** From the first to the last; the end is exclusive, and may have parts of a millisecond. */
function spanOf(first: string, last: string): TimeSpan {
  return { fromMs: Date.parse(first), toMs: Date.parse(last) + 1 };
}

function coverageOf(
  data: HistogramBucketsQuery | undefined,
  size: number,
): Pick<HistogramData, 'outside' | 'countedThrough'> {
  const through = data?.histogram[0]?.indexedThrough;
  if (data === undefined || through === undefined) return { outside: 0, countedThrough: null };
  const counted = data.histogram.reduce((sum, { count }) => sum + count, 0);
  const isComparable = data.records.indexedThrough === through;
  return {
    outside: isComparable ? Math.max(0, data.records.totalCount - counted) : 0,
    countedThrough: through < size - 1 ? through : null,
  };
}

function offsetAt(ms: number, zone: Zone): number {
  return zone === 'UTC' ? 0 : -new Date(ms).getTimezoneOffset();
}

function timeOf(ms: number): string {
  return new Date(ms).toISOString();
}
