import { useInfiniteQuery } from '@tanstack/react-query';
import type { ApiError } from '#ui/graphql/api-error.ts';
import {
  QuarantinePageDocument,
  type QuarantinePageQuery,
  type QuarantineRowFragment,
  type QuarantineState,
} from '#ui/graphql/generated.ts';
import { request } from '#ui/graphql/request.ts';
import { apiKey } from '#ui/graphql/use-api.ts';

/** A quarantined event with where it stands in the list. */
export interface QuarantineRow {
  readonly event: QuarantineRowFragment;
  /** Cursor of the one before it; `null` for the first. */
  readonly after: string | null;
}

export interface QuarantineList {
  readonly rows: readonly QuarantineRow[] | null;
  readonly error: ApiError | null;
  readonly hasMore: boolean;
  readonly isLoadingMore: boolean;
  readonly loadMore: () => void;
  readonly refresh: () => void;
}

type Page = QuarantinePageQuery['quarantinedEvents'];

const PAGE = 20;
const LOOK_MS = 10_000;

/** The ledger's quarantine in one state, or in all for `null`: oldest first, page by page. */
export function useQuarantine(ledger: string, state: QuarantineState | null): QuarantineList {
  const { data, error, hasNextPage, isFetchingNextPage, fetchNextPage, refetch } = useInfiniteQuery<
    Page,
    ApiError,
    readonly QuarantineRow[],
    readonly unknown[],
    string | null
  >({
    queryKey: apiKey(QuarantinePageDocument, { ledger, state, first: PAGE }),
    queryFn: async ({ pageParam, signal }) => {
      const variables = { ledger, state, first: PAGE, after: pageParam };
      return (await request(QuarantinePageDocument, variables, signal)).quarantinedEvents;
    },
    initialPageParam: null,
    getNextPageParam: ({ pageInfo }) => (pageInfo.hasNextPage ? pageInfo.endCursor : undefined),
    select: ({ pages }) => rowsOf(pages),
    refetchInterval: LOOK_MS,
  });
  return {
    rows: data ?? null,
    error,
    hasMore: hasNextPage,
    isLoadingMore: isFetchingNextPage,
    loadMore: () => void fetchNextPage(),
    refresh: () => void refetch(),
  };
}

function rowsOf(pages: readonly Page[]): readonly QuarantineRow[] {
  const edges = pages.flatMap((page) => page.edges);
  return edges.map(({ node }, place) => ({ event: node, after: edges[place - 1]?.cursor ?? null }));
}
