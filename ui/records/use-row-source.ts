import { useEffect, useMemo, useRef, useSyncExternalStore } from 'react';
import { type RecordOrder, RecordPageDocument } from '#ui/graphql/generated.ts';
import { request } from '#ui/graphql/request.ts';
import type { Question } from '#ui/search/view.ts';
import { type RecordRow, rowOf } from './record-row.ts';
import { type RowPage, type RowPageRequest, RowSource } from './row-source.ts';

/** The rows of a question, and which question they are of. */
export interface ShownSource {
  readonly source: RowSource<RecordRow>;
  readonly question: Question;
  readonly order: RecordOrder;
}

export interface RowSourceState extends ShownSource {
  /** Whether the rows are of an earlier question: those of the new one are on their way. */
  readonly isStale: boolean;
  /** The source that is asked now; the same as `source` unless stale. */
  readonly asked: RowSource<RecordRow>;
}

/**
 * The rows for a question. Those of the question before stay until the first of the new ones are there, or
 * cannot be had.
 */
export function useRowSource(question: Question, order: RecordOrder): RowSourceState {
  const asked = useMemo(
    () => ({ source: sourceOf(question, order), question, order }),
    [question, order.field, order.direction],
  );
  useSyncExternalStore(asked.source.subscribe, asked.source.version);
  const shown = useRef<ShownSource>(asked);
  const isReady = asked.source.total !== null || asked.source.error !== null;
  if (isReady || shown.current.source.total === null) shown.current = asked;
  useEffect(() => {
    asked.source.want(0, 1);
    return () => asked.source.stop();
  }, [asked]);
  return { ...shown.current, isStale: shown.current !== asked, asked: asked.source };
}

function sourceOf(question: Question, orderBy: RecordOrder): RowSource<RecordRow> {
  return new RowSource({
    fetchPage: (page, signal) => fetchPage(question, orderBy, page, signal),
    schedule(ms, run) {
      const timer = setTimeout(run, ms);
      return () => clearTimeout(timer);
    },
  });
}

async function fetchPage(
  { ledger, filter, search }: Question,
  orderBy: RecordOrder,
  { indexTo, ...page }: RowPageRequest,
  signal: AbortSignal,
): Promise<RowPage<RecordRow>> {
  const covered =
    indexTo === null ? filter : { ...filter, indexTo: Math.min(filter.indexTo ?? indexTo, indexTo) };
  const variables = { ledger, search, filter: covered, orderBy, ...page };
  const { records } = await request(RecordPageDocument, variables, signal);
  const { nodes, totalCount, indexedThrough, pageInfo } = records;
  const { startCursor, endCursor } = pageInfo;
  return { rows: nodes.map(rowOf), totalCount, indexedThrough, startCursor, endCursor };
}
