import { queryOptions, useMutation, useQuery, type UseQueryResult } from '@tanstack/react-query';
import type { ApiError } from './api-error.ts';
import type { TypedDocumentString } from './generated.ts';
import { request } from './request.ts';

export interface ApiOptions<Result> {
  /** Asks only where this is true. */
  readonly enabled?: boolean;
  /** Asks again after so many ms; `false` for never. */
  readonly refetchMs?: number | false | ((data: Result | undefined) => number | false);
  /** How long an answer is taken for new. What cannot change (a record's entry) says `Infinity`. */
  readonly freshMs?: number;
  /** Shows the previous answer while the next one is on its way. */
  readonly keepPrevious?: boolean;
}

/** What an operation is kept under. */
export function apiKey<Result, Variables>(
  document: TypedDocumentString<Result, Variables>,
  variables: Variables,
): readonly [string, Variables] {
  return [document.toString(), variables];
}

/** An operation as TanStack Query's options. */
export function apiQuery<Result, Variables>(
  document: TypedDocumentString<Result, Variables>,
  variables: Variables,
  { enabled = true, refetchMs = false, freshMs = 0, keepPrevious = false }: ApiOptions<Result> = {},
) {
  return queryOptions<Result, ApiError>({
    queryKey: apiKey(document, variables),
    queryFn: ({ signal }) => request(document, variables, signal),
    enabled,
    staleTime: freshMs,
    refetchInterval: typeof refetchMs === 'function' ? (query) => refetchMs(query.state.data) : refetchMs,
    ...(keepPrevious ? { placeholderData: (previous: unknown) => previous as never } : {}),
  });
}

/** Asks the appliance, and keeps the answer. */
export function useApi<Result, Variables>(
  document: TypedDocumentString<Result, Variables>,
  variables: Variables,
  options: ApiOptions<Result> = {},
): UseQueryResult<Result, ApiError> {
  return useQuery(apiQuery(document, variables, options));
}

/** A mutation; it is never sent again by itself. */
export function useApiMutation<Result, Variables>(
  document: TypedDocumentString<Result, Variables>,
  onDone: (result: Result, variables: Variables) => void = () => undefined,
) {
  return useMutation<Result, ApiError, Variables>({
    mutationFn: (variables) => request(document, variables),
    onSuccess: onDone,
  });
}
